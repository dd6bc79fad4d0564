"""CAA: which authorities may issue certificates for a name (RFC 8659 §4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scop.base import RemoteProtocolError

__all__ = ["CAA"]


@dataclass(frozen=True, slots=True)
class CAA:
    """A property: its tag (`issue`, `issuewild`, `iodef`, …) and value."""

    type: ClassVar[str] = "CAA"
    flags: int
    tag: bytes
    value: bytes

    def __post_init__(self) -> None:
        bytes((self.flags, len(self.tag)))  # ValueError unless each is one octet

    @classmethod
    def from_wire(cls, octets: bytes, start: int, end: int, known: dict[int, str]) -> CAA:
        """Read flags, tag and value."""
        value_at = start + 2 + octets[start + 1]
        if value_at > end:
            raise RemoteProtocolError("a tag runs past its CAA record")
        return cls(octets[start], octets[start + 2 : value_at], octets[value_at:end])

    def to_wire(self) -> bytes:
        """Return the octets."""
        return bytes((self.flags, len(self.tag))) + self.tag + self.value
