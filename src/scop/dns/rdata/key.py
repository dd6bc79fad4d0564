"""DNSKEY and CDNSKEY: a zone's public keys, and those that it wants its parent to vouch for.

Standards: RFC 4034 §2 and appendix B, RFC 5011 §7 (REVOKE), RFC 7344 §3.2, RFC 8078 §4.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Self

from scop.base import RemoteProtocolError

__all__ = ["CDNSKEY", "DNSKEY"]

FLAG_ZONE = 0x0100
FLAG_REVOKE = 0x0080
FLAG_SEP = 0x0001
PROTOCOL = 3  # RFC 4034 §2.1.2: always
KEYS_REMEMBERED = 512
_RSAMD5 = 1


@dataclass(frozen=True, slots=True)
class _Key:
    flags: int
    protocol: int
    algorithm: int
    key: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.flags <= 0xFFFF:
            raise ValueError(f"key flags {self.flags} outside of 0..65535")
        bytes((self.protocol, self.algorithm))  # ValueError unless each is one octet

    @property
    def is_zone_key(self) -> bool:
        """Whether it may sign a zone's records (RFC 4034 §2.1.1)."""
        return bool(self.flags & FLAG_ZONE)

    @property
    def is_entry_point(self) -> bool:
        """Whether it is meant for the parent's DS; says nothing about what it may sign (RFC 4034 §2.1.1)."""
        return bool(self.flags & FLAG_SEP)

    @property
    def is_revoked(self) -> bool:
        """Whether it signs for nothing but its own end (RFC 5011 §2.1)."""
        return bool(self.flags & FLAG_REVOKE)

    @property
    def key_tag(self) -> int:
        """The number by which signatures and DS name it; others may have the same (RFC 4034 appendix B)."""
        return _key_tag(self.to_wire())

    @classmethod
    def from_wire(cls, octets: bytes, start: int, end: int, known: dict[int, str]) -> Self:
        """Read flags, protocol, algorithm and the key."""
        if end - start < 4:
            raise RemoteProtocolError(f"a {cls.__name__} record of {end - start} octets")
        flags = octets[start] << 8 | octets[start + 1]
        return cls(flags, octets[start + 2], octets[start + 3], octets[start + 4 : end])

    def to_wire(self) -> bytes:
        """Return the octets."""
        return bytes((self.flags >> 8, self.flags & 0xFF, self.protocol, self.algorithm)) + self.key


@dataclass(frozen=True, slots=True)
class DNSKEY(_Key):
    """A public key of the zone at whose apex it stands."""

    type: ClassVar[str] = "DNSKEY"


@dataclass(frozen=True, slots=True)
class CDNSKEY(_Key):
    """A key that the parent should vouch for; algorithm 0 asks for none at all (RFC 8078 §4)."""

    type: ClassVar[str] = "CDNSKEY"


@lru_cache(KEYS_REMEMBERED)
def _key_tag(rdata: bytes) -> int:
    if rdata[3] == _RSAMD5:  # RFC 4034 appendix B.1
        return int.from_bytes(rdata[-3:-1], "big") if len(rdata) >= 7 else 0
    total = (sum(rdata[0::2]) << 8) + sum(rdata[1::2])
    return (total + (total >> 16)) & 0xFFFF
