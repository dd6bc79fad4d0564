"""TLSA: which certificate a TLS server may show (RFC 6698 §2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scop.base import RemoteProtocolError

__all__ = ["TLSA"]


@dataclass(frozen=True, slots=True)
class TLSA:
    """Certificate usage, selector, matching type (RFC 7218 names them) and what must match."""

    type: ClassVar[str] = "TLSA"
    usage: int
    selector: int
    matching_type: int
    association: bytes

    def __post_init__(self) -> None:
        bytes((self.usage, self.selector, self.matching_type))  # ValueError unless each is one octet

    @classmethod
    def from_wire(cls, octets: bytes, start: int, end: int, known: dict[int, str]) -> TLSA:
        """Read three octets and the rest."""
        if end - start < 3:
            raise RemoteProtocolError(f"a TLSA record of {end - start} octets")
        return cls(octets[start], octets[start + 1], octets[start + 2], octets[start + 3 : end])

    def to_wire(self) -> bytes:
        """Return the octets."""
        return bytes((self.usage, self.selector, self.matching_type)) + self.association
