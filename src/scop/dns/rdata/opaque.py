"""Every other type: octets that are carried and not understood (RFC 3597)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Opaque"]


@dataclass(frozen=True, slots=True)
class Opaque:
    """The octets of a record whose type has no class here."""

    type: str
    octets: bytes

    def to_wire(self) -> bytes:
        """Return the octets as they came."""
        return self.octets
