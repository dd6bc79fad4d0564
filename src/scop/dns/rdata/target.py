"""PTR, CNAME, NS and DNAME: records that are one name (RFC 1035 §3.3.12, §3.3.1, §3.3.11; RFC 6672 §2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from scop.base import RemoteProtocolError
from scop.dns.names import name_to_wire, normal_name, read_name

__all__ = ["CNAME", "DNAME", "NS", "PTR"]


@dataclass(frozen=True, slots=True)
class _Target:
    target: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "target", normal_name(self.target))

    @classmethod
    def from_wire(cls, octets: bytes, start: int, end: int, known: dict[int, str]) -> Self:
        """Read the name; it may be compressed."""
        target, after = read_name(octets, start, known)
        if after != end:
            raise RemoteProtocolError("a name does not fill its record")
        record = object.__new__(cls)  # a name that was read is in its normal form
        object.__setattr__(record, "target", target)
        return record

    def to_wire(self) -> bytes:
        """Return the name, uncompressed."""
        return name_to_wire(self.target)


@dataclass(frozen=True, slots=True)
class PTR(_Target):
    """The name of an address."""

    type: ClassVar[str] = "PTR"


@dataclass(frozen=True, slots=True)
class CNAME(_Target):
    """The name that an alias stands for."""

    type: ClassVar[str] = "CNAME"


@dataclass(frozen=True, slots=True)
class NS(_Target):
    """A name server of a zone."""

    type: ClassVar[str] = "NS"


@dataclass(frozen=True, slots=True)
class DNAME(_Target):
    """The name that stands for this one's in every name below it."""

    type: ClassVar[str] = "DNAME"
