"""SRV: on which host and port a service listens (RFC 2782)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar

from scop.base import RemoteProtocolError
from scop.dns.names import name_to_wire, normal_name, read_name

__all__ = ["SRV"]

_NUMBERS = struct.Struct("!3H")


@dataclass(frozen=True, slots=True)
class SRV:
    """A place of a service; the lowest priority is tried first, weights share the load within one."""

    type: ClassVar[str] = "SRV"
    priority: int
    weight: int
    port: int
    target: str

    def __post_init__(self) -> None:
        if not all(0 <= number <= 0xFFFF for number in (self.priority, self.weight, self.port)):
            raise ValueError("a number of the SRV is outside of 0..65535")
        object.__setattr__(self, "target", normal_name(self.target))

    @classmethod
    def from_wire(cls, octets: bytes, start: int, end: int, known: dict[int, str]) -> SRV:
        """Read three numbers and a name; RFC 2052 compressed it, so it may be."""
        target, after = read_name(octets, start + _NUMBERS.size, known)
        if after != end:
            raise RemoteProtocolError("a name does not fill its SRV record")
        priority, weight, port = _NUMBERS.unpack_from(octets, start)
        return cls(priority, weight, port, target)

    def to_wire(self) -> bytes:
        """Return the octets, the name uncompressed."""
        return _NUMBERS.pack(self.priority, self.weight, self.port) + name_to_wire(self.target)
