"""A and AAAA: the address of a name (RFC 1035 §3.4.1, RFC 3596 §2.2)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from scop.base import RemoteProtocolError

__all__ = ["AAAA", "A"]

ADDRESSES_REMEMBERED = 4096

_packed = lru_cache(ADDRESSES_REMEMBERED)(lambda address: ipaddress.ip_address(address).packed)
_v4_text = lru_cache(ADDRESSES_REMEMBERED)(lambda address: str(ipaddress.IPv4Address(address)))
_v6_text = lru_cache(ADDRESSES_REMEMBERED)(lambda address: str(ipaddress.IPv6Address(address)))


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
        return cls(_v4_text(octets[start:end]))

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
        return cls(_v6_text(octets[start:end]))

    def to_wire(self) -> bytes:
        """Return the sixteen octets."""
        return _packed(self.address)
