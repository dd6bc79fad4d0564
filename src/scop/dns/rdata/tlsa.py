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
        record, fill = object.__new__(cls), object.__setattr__  # three octets and the rest are always valid
        fill(record, "usage", octets[start])
        fill(record, "selector", octets[start + 1])
        fill(record, "matching_type", octets[start + 2])
        fill(record, "association", octets[start + 3 : end])
        return record

    def to_wire(self) -> bytes:
        """Return the octets."""
        return bytes((self.usage, self.selector, self.matching_type)) + self.association
