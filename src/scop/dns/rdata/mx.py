"""MX: who takes mail for a name (RFC 1035 §3.3.9; RFC 7505: a lone `0 .` says nobody)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scop.base import RemoteProtocolError
from scop.dns.names import name_to_wire, normal_name, read_name

__all__ = ["MX"]


@dataclass(frozen=True, slots=True)
class MX:
    """A mail exchange; the lowest preference is tried first."""

    type: ClassVar[str] = "MX"
    preference: int
    exchange: str

    def __post_init__(self) -> None:
        if not 0 <= self.preference <= 0xFFFF:
            raise ValueError(f"MX preference {self.preference} outside of 0..65535")
        object.__setattr__(self, "exchange", normal_name(self.exchange))

    @property
    def is_null(self) -> bool:
        """Whether this says that the name takes no mail."""
        return not self.exchange

    @classmethod
    def from_wire(cls, octets: bytes, start: int, end: int, known: dict[int, str]) -> MX:
        """Read preference and exchange."""
        exchange, after = read_name(octets, start + 2, known)
        if after != end:
            raise RemoteProtocolError("a name does not fill its MX record")
        record, fill = object.__new__(cls), object.__setattr__  # two octets and a name that was read are always valid
        fill(record, "preference", octets[start] << 8 | octets[start + 1])
        fill(record, "exchange", exchange)
        return record

    def to_wire(self) -> bytes:
        """Return the octets, the name uncompressed."""
        return self.preference.to_bytes(2, "big") + name_to_wire(self.exchange)
