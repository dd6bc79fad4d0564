"""Packets: a length, a letter, and what belongs to it.

Standards: Sendmail libmilter/mfdef.h (SMFIC_*, SMFIA_*).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scop.base import LimitExceeded, RemoteProtocolError
from scop.smtp.milter.events import (
    Abort,
    BodyChunk,
    Connect,
    DataBegin,
    Event,
    Field,
    HeaderEnd,
    Helo,
    Mail,
    MessageEnd,
    Quit,
    Recipient,
    Unknown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["MAX_PACKET_OCTETS", "PacketReader", "command_of", "macros_of", "packet"]

# libmilter takes 65,535 octets and a letter. Lenient: Postfix sends a field whole, 102,400 octets and more if it is
# told to (header_size_limit).
MAX_PACKET_OCTETS = 1 << 20
MAX_MACROS = 256  # of one packet; what is known of a client are some twenty
_LENGTH_OCTETS = 4


def packet(letter: bytes, content: bytes = b"") -> bytes:
    """Write one packet."""
    return b"%b%b%b" % ((1 + len(content)).to_bytes(_LENGTH_OCTETS, "big"), letter, content)


class PacketReader:
    """Cuts what arrives into packets, and keeps the unfinished one."""

    __slots__ = ("_buffer", "_position")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._position = 0

    def receive_data(self, octets: bytes) -> None:
        """Take what came."""
        if self._position:
            del self._buffer[: self._position]
            self._position = 0
        self._buffer += octets

    def next_packet(self) -> tuple[bytes, bytes] | None:
        """Return the letter of the next packet and its content, None while it is not whole; raises for a bad length."""
        start = self._position + _LENGTH_OCTETS
        if len(self._buffer) < start:
            return None
        size = int.from_bytes(self._buffer[self._position : start], "big")
        if not 1 <= size <= MAX_PACKET_OCTETS:
            raise LimitExceeded(f"a packet of {size} octets; there are from 1 to {MAX_PACKET_OCTETS}")
        end = start + size
        if len(self._buffer) < end:
            return None
        self._position = end
        return bytes(self._buffer[start : start + 1]), bytes(self._buffer[start + 1 : end])


def command_of(letter: bytes, content: bytes) -> Event:
    """Read any packet but those of macros and of the negotiation; raises `RemoteProtocolError`."""
    read = _READERS.get(letter)
    if read is None:
        raise RemoteProtocolError(f"no packet has the letter {letter!r}")
    return read(content)


def macros_of(content: bytes) -> tuple[bytes, dict[str, str]]:
    """Return the letter of the packet that macros are told for, and the macros by name, without braces."""
    words = _words(content[1:]) if len(content) > 1 else []
    if not content or len(words) % 2:
        raise RemoteProtocolError("macros come as names and values")
    if len(words) > 2 * MAX_MACROS:
        raise LimitExceeded(f"more than {MAX_MACROS} macros at once")
    names = (_text(name).removeprefix("{").removesuffix("}") for name in words[::2])
    return content[:1], dict(zip(names, map(_text, words[1::2]), strict=True))


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


def _words(content: bytes) -> list[bytes]:
    """Return words that are each ended by NUL."""
    *words, rest = content.split(b"\0")
    if rest:
        raise RemoteProtocolError("a word without its end")
    return words


def _one_word(content: bytes) -> str:
    words = _words(content)
    if len(words) != 1:
        raise RemoteProtocolError(f"{len(words)} words where there is one")
    return _text(words[0])


def _connect(content: bytes) -> Connect:
    name, nul, rest = content.partition(b"\0")
    family, port, address = rest[:1], rest[1:3], rest[3:]
    if not nul or family not in (b"U", b"L", b"4", b"6"):
        raise RemoteProtocolError("a client of no known family")
    if family == b"U":
        return Connect(_text(name))
    if len(port) != 2 or not address:
        raise RemoteProtocolError("a client without port and address")
    if family == b"L":  # a unix socket: its address is a path
        return Connect(_text(name))
    # Sendmail writes IPv6 as its own literals do.
    return Connect(_text(name), _one_word(address).removeprefix("IPv6:"), int.from_bytes(port, "big"))


def _path_and_parameters(content: bytes) -> tuple[str, tuple[str, ...]]:
    words = _words(content)
    if not words:
        raise RemoteProtocolError("no path")
    return _text(words[0]), tuple(map(_text, words[1:]))


def _field(content: bytes) -> Field:
    words = _words(content)
    if len(words) != 2 or not words[0]:
        raise RemoteProtocolError("a field has a name and a body")
    name, body = words
    # Its lines are ended by LF (Postfix, Sendmail) or as in the message.
    return Field(name, body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") if b"\n" in body else body)


def _empty(value: Event) -> Callable[[bytes], Event]:
    def read(content: bytes) -> Event:
        if content:
            raise RemoteProtocolError(f"{type(value).__name__} has no content")
        return value

    return read


_READERS: Mapping[bytes, Callable[[bytes], Event]] = {
    b"A": _empty(Abort()),
    b"B": BodyChunk,
    b"C": _connect,
    b"E": MessageEnd,
    b"H": lambda content: Helo(_one_word(content)),
    b"K": _empty(Quit(is_followed=True)),
    b"L": _field,
    b"M": lambda content: Mail(*_path_and_parameters(content)),
    b"N": _empty(HeaderEnd()),
    b"Q": _empty(Quit()),
    b"R": lambda content: Recipient(*_path_and_parameters(content)),
    b"T": _empty(DataBegin()),
    b"U": lambda content: Unknown(_one_word(content)),
}
