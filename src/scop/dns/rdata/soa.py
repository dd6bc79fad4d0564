"""SOA: the start of a zone (RFC 1035 §3.3.13); its minimum bounds negative answers (RFC 2308 §4)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar

from scop.base import RemoteProtocolError
from scop.dns.names import name_to_wire, normal_name, read_name

__all__ = ["SOA"]

_NUMBERS = struct.Struct("!5L")


@dataclass(frozen=True, slots=True)
class SOA:
    """Who keeps the zone, its serial number and its times in seconds."""

    type: ClassVar[str] = "SOA"
    primary: str
    mailbox: str
    serial: int
    refresh_seconds: int
    retry_seconds: int
    expire_seconds: int
    minimum_seconds: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "primary", normal_name(self.primary))
        object.__setattr__(self, "mailbox", normal_name(self.mailbox))
        if not all(0 <= number <= 0xFFFF_FFFF for number in self._numbers):
            raise ValueError("a number of the SOA is outside of 32 bits")

    @property
    def _numbers(self) -> tuple[int, int, int, int, int]:
        return self.serial, self.refresh_seconds, self.retry_seconds, self.expire_seconds, self.minimum_seconds

    @classmethod
    def from_wire(cls, octets: bytes, start: int, end: int, known: dict[int, str]) -> SOA:
        """Read two names and five numbers."""
        primary, after = read_name(octets, start, known)
        mailbox, after = read_name(octets, after, known)
        if end - after != _NUMBERS.size:
            raise RemoteProtocolError("the numbers do not fill their SOA record")
        record, fill = object.__new__(cls), object.__setattr__  # names that were read and 32 bits are always valid
        fill(record, "primary", primary)
        fill(record, "mailbox", mailbox)
        serial, refresh, retry, expire, minimum = _NUMBERS.unpack_from(octets, after)
        fill(record, "serial", serial)
        fill(record, "refresh_seconds", refresh)
        fill(record, "retry_seconds", retry)
        fill(record, "expire_seconds", expire)
        fill(record, "minimum_seconds", minimum)
        return record

    def to_wire(self) -> bytes:
        """Return the octets, the names uncompressed."""
        return name_to_wire(self.primary) + name_to_wire(self.mailbox) + _NUMBERS.pack(*self._numbers)
