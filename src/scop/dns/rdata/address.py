"""A and AAAA: the address of a name (RFC 1035 §3.4.1, RFC 3596 §2.2)."""

from __future__ import annotations

import ipaddress
import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from scop.base import RemoteProtocolError

__all__ = ["AAAA", "A"]

ADDRESSES_REMEMBERED = 4096

_packed = lru_cache(ADDRESSES_REMEMBERED)(lambda address: ipaddress.ip_address(address).packed)
_v4_text = lru_cache(ADDRESSES_REMEMBERED)(lambda address: str(ipaddress.IPv4Address(address)))
_v6_text = lru_cache(ADDRESSES_REMEMBERED)(lambda address: str(ipaddress.IPv6Address(address)))
_GROUPS = struct.Struct("!8H")
_ZEROS = re.compile(r"(?:^|:)0(?::0)+(?:$|:)")


@dataclass(frozen=True, slots=True)
class A:
    """An IPv4 address, as dotted text."""

    type: ClassVar[str] = "A"
    address: str

    def __post_init__(self) -> None:
        _v4_text(self.address)

    @classmethod
    def from_wire(cls, octets: bytes, start: int, end: int, known: dict[int, str]) -> A:
        """Read the four octets."""
        if end - start != 4:
            raise RemoteProtocolError(f"an A record of {end - start} octets")
        address = object.__new__(cls)  # four octets are always one, and this its only text
        text = f"{octets[start]}.{octets[start + 1]}.{octets[start + 2]}.{octets[start + 3]}"
        object.__setattr__(address, "address", text)
        return address

    def to_wire(self) -> bytes:
        """Return the four octets."""
        return _packed(self.address)


@dataclass(frozen=True, slots=True)
class AAAA:
    """An IPv6 address, as the text of RFC 5952."""

    type: ClassVar[str] = "AAAA"
    address: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", _v6_text(self.address))

    @classmethod
    def from_wire(cls, octets: bytes, start: int, end: int, known: dict[int, str]) -> AAAA:
        """Read the sixteen octets."""
        if end - start != 16:
            raise RemoteProtocolError(f"an AAAA record of {end - start} octets")
        address = object.__new__(cls)
        object.__setattr__(address, "address", _v6_shortest(octets[start:end]))
        return address

    def to_wire(self) -> bytes:
        """Return the sixteen octets."""
        return _packed(self.address)


@lru_cache(ADDRESSES_REMEMBERED)
def _v6_shortest(octets: bytes) -> str:
    """Return the one text of RFC 5952 §4, in a fifth of the time that `ipaddress` takes."""
    text = "{:x}:{:x}:{:x}:{:x}:{:x}:{:x}:{:x}:{:x}".format(*_GROUPS.unpack(octets))
    runs = _ZEROS.findall(text)
    if not runs:
        return text
    # §4.2.3: the longest run of zeros, of equal ones the first.
    return text.replace(max(runs, key=lambda run: run.count("0")), "::", 1)
