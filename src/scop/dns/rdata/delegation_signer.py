"""DS and CDS: the digest of a child zone's key, as its parent says it and as the child wants it said.

Standards: RFC 4034 §5, RFC 7344 §3.1, RFC 8078 §4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from scop.base import RemoteProtocolError

__all__ = ["CDS", "DS"]


@dataclass(frozen=True, slots=True)
class _Signer:
    key_tag: int
    algorithm: int
    digest_type: int
    digest: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.key_tag <= 0xFFFF:
            raise ValueError(f"key tag {self.key_tag} outside of 0..65535")
        bytes((self.algorithm, self.digest_type))  # ValueError unless each is one octet

    @classmethod
    def from_wire(cls, octets: bytes, start: int, end: int, known: dict[int, str]) -> Self:
        """Read key tag, algorithm, digest type and the digest."""
        if end - start < 4:
            raise RemoteProtocolError(f"a {cls.__name__} record of {end - start} octets")
        tag = octets[start] << 8 | octets[start + 1]
        return cls(tag, octets[start + 2], octets[start + 3], octets[start + 4 : end])

    def to_wire(self) -> bytes:
        """Return the octets."""
        return bytes((self.key_tag >> 8, self.key_tag & 0xFF, self.algorithm, self.digest_type)) + self.digest


@dataclass(frozen=True, slots=True)
class DS(_Signer):
    """Which key of the child zone at this name may sign the child's keys; stands in the parent zone."""

    type: ClassVar[str] = "DS"


@dataclass(frozen=True, slots=True)
class CDS(_Signer):
    """The DS that a child wants; algorithm 0 asks for none at all (RFC 8078 §4)."""

    type: ClassVar[str] = "CDS"
