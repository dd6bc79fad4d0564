"""What the two ends tell each other beside the question: sizes, DO, and options such as cookies and reasons.

An option is kept as its number and octets, so that one which nobody here understands is still seen; those that are
understood have a value of their own to read and write.

Standards: RFC 6891 §6.1 (EDNS), RFC 5001 (NSID), RFC 7828 (keepalive), RFC 7830 and RFC 8467 (padding),
RFC 7873 §4 (cookies), RFC 8914 §2 (extended errors).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TypeAlias

from scop.base import RemoteProtocolError
from scop.dns.words import Ede

__all__ = [
    "MAX_DATAGRAM_OCTETS",
    "QUERY_BLOCK_OCTETS",
    "RESPONSE_BLOCK_OCTETS",
    "Cookie",
    "Edns",
    "EdnsOption",
    "ExtendedError",
    "OptionCode",
    "keepalive_option",
    "read_options",
    "write_options",
]

MAX_DATAGRAM_OCTETS = 1232  # what passes every IPv6 path unfragmented (DNS Flag Day 2020)
CLIENT_COOKIE_OCTETS = 8  # RFC 7873 §4
MIN_SERVER_COOKIE_OCTETS, MAX_SERVER_COOKIE_OCTETS = 8, 32
KEEPALIVE_UNITS = 10  # RFC 7828 §3.1: units of 100 milliseconds, so ten a second
OPTION_HEAD_OCTETS = 4
QUERY_BLOCK_OCTETS, RESPONSE_BLOCK_OCTETS = 128, 468  # RFC 8467 §4.1: what those who pad under TLS pad to

_OPTION = struct.Struct("!HH")
_REASONS = {code.value: code.name.lower().replace("_", " ") for code in Ede}

EdnsOption: TypeAlias = tuple[int, bytes]


class OptionCode(IntEnum):
    """The options that are understood, by their number."""

    NSID = 3
    CLIENT_SUBNET = 8
    COOKIE = 10
    KEEPALIVE = 11
    PADDING = 12
    EXTENDED_ERROR = 15


@dataclass(frozen=True, slots=True)
class ExtendedError:
    """Why an answer is what it is: a number of `Ede`, or one that we have no word for, and a text for people."""

    info_code: int
    text: str = ""

    @classmethod
    def from_octets(cls, octets: bytes) -> ExtendedError:
        """Read an option's octets; raises `RemoteProtocolError`."""
        if len(octets) < 2:
            raise RemoteProtocolError("an extended error without its code")
        # RFC 8914 §2: UTF-8, and it may end with a NUL that is not part of it.
        return cls(octets[0] << 8 | octets[1], octets[2:].decode("utf-8", "replace").removesuffix("\0"))

    def __str__(self) -> str:
        """Say it to people."""
        word = _REASONS.get(self.info_code, f"reason {self.info_code}")
        return f"{word}: {self.text}" if self.text else word

    def to_option(self) -> EdnsOption:
        """Return the option that says it."""
        return OptionCode.EXTENDED_ERROR, self.info_code.to_bytes(2, "big") + self.text.encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Cookie:
    """What an asker made up for this server, and what the server gave it earlier, empty before that."""

    client: bytes
    server: bytes = b""

    def __post_init__(self) -> None:
        if len(self.client) != CLIENT_COOKIE_OCTETS:
            raise ValueError(f"a client cookie of {len(self.client)} octets")
        if self.server and not MIN_SERVER_COOKIE_OCTETS <= len(self.server) <= MAX_SERVER_COOKIE_OCTETS:
            raise ValueError(f"a server cookie of {len(self.server)} octets")

    @classmethod
    def from_octets(cls, octets: bytes) -> Cookie:
        """Read an option's octets; raises `RemoteProtocolError`, to which a server says FORMERR (RFC 7873 §5.2.2)."""
        try:
            return cls(octets[:CLIENT_COOKIE_OCTETS], octets[CLIENT_COOKIE_OCTETS:])
        except ValueError as fault:
            raise RemoteProtocolError(str(fault)) from None

    def to_option(self) -> EdnsOption:
        """Return the option that carries it."""
        return OptionCode.COOKIE, self.client + self.server


@dataclass(frozen=True, slots=True)
class Edns:
    """What the sender said of itself by EDNS: the largest datagram it takes, DO (RFC 6891 §6.1.3), and options."""

    datagram_octets: int = MAX_DATAGRAM_OCTETS
    dnssec_ok: bool = False
    version: int = 0
    options: tuple[EdnsOption, ...] = ()

    def option(self, code: int) -> bytes | None:
        """Return the octets of the first option with this number."""
        return next((octets for number, octets in self.options if number == code), None)

    def with_options(self, *options: EdnsOption) -> Edns:
        """Return the same with more options."""
        return replace(self, options=self.options + options)

    @property
    def errors(self) -> tuple[ExtendedError, ...]:
        """The reasons that a server gave; one that is cut off is none."""
        found = [octets for number, octets in self.options if number == OptionCode.EXTENDED_ERROR]
        return tuple(ExtendedError.from_octets(octets) for octets in found if len(octets) >= 2)

    @property
    def cookie(self) -> Cookie | None:
        """The cookie, None without one; raises `RemoteProtocolError` for one of a wrong length."""
        octets = self.option(OptionCode.COOKIE)
        return None if octets is None else Cookie.from_octets(octets)

    @property
    def wants_server_id(self) -> bool:
        """Whether an asker wants to know which server answers (RFC 5001 §2.1)."""
        return self.option(OptionCode.NSID) is not None

    @property
    def wants_padding(self) -> bool:
        """Whether the sender pads, so that what it is sent shall be padded too (RFC 7830 §4)."""
        return self.option(OptionCode.PADDING) is not None

    @property
    def speaks_keepalive(self) -> bool:
        """Whether an asker wants to hear how long its idle stream stays open (RFC 7828 §3.2.1)."""
        return self.option(OptionCode.KEEPALIVE) is not None

    @property
    def keepalive_seconds(self) -> float | None:
        """How long a server keeps an idle stream, None where it does not say (RFC 7828 §3.2.2)."""
        octets = self.option(OptionCode.KEEPALIVE)
        return None if octets is None or len(octets) != 2 else int.from_bytes(octets) / KEEPALIVE_UNITS


def keepalive_option(idle_seconds: float) -> EdnsOption:
    """Return how a server says that an idle stream stays open for so long."""
    return OptionCode.KEEPALIVE, min(0xFFFF, round(idle_seconds * KEEPALIVE_UNITS)).to_bytes(2, "big")


def read_options(octets: bytes) -> tuple[EdnsOption, ...]:
    """Return the options in the rdata of an OPT record; raises `RemoteProtocolError` where they do not fill it."""
    options, position = list[EdnsOption](), 0
    while position < len(octets):
        if position + OPTION_HEAD_OCTETS > len(octets):
            raise RemoteProtocolError("an EDNS option ends early")
        code, size = _OPTION.unpack_from(octets, position)
        start = position + OPTION_HEAD_OCTETS
        position = start + size
        if position > len(octets):
            raise RemoteProtocolError("an EDNS option runs past its record")
        options.append((code, octets[start:position]))
    return tuple(options)


def write_options(options: tuple[EdnsOption, ...]) -> bytes:
    """Return the rdata of an OPT record."""
    return b"".join(_OPTION.pack(code, len(octets)) + octets for code, octets in options)
