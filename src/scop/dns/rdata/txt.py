"""TXT: strings of octets (RFC 1035 §3.3.14); SPF, DKIM and DMARC policies stand in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scop.base import RemoteProtocolError

__all__ = ["TXT"]

MAX_STRING_OCTETS = 255  # RFC 1035 §3.3: one length octet


@dataclass(frozen=True, slots=True)
class TXT:
    """One or more strings of at most 255 octets."""

    type: ClassVar[str] = "TXT"
    strings: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not self.strings:
            raise ValueError("TXT wants one or more strings")
        for string in self.strings:
            if len(string) > MAX_STRING_OCTETS:
                raise ValueError(f"a TXT string is longer than {MAX_STRING_OCTETS} octets")

    @classmethod
    def of(cls, octets: bytes) -> TXT:
        """Cut `octets` into strings that fit."""
        cuts = range(0, max(len(octets), 1), MAX_STRING_OCTETS)
        return cls(tuple(octets[cut : cut + MAX_STRING_OCTETS] for cut in cuts))

    @property
    def joined(self) -> bytes:
        """The strings put together without anything between (RFC 7208 §3.3, RFC 6376 §3.6.2.2)."""
        return self.strings[0] if len(self.strings) == 1 else b"".join(self.strings)

    @classmethod
    def from_wire(cls, octets: bytes, start: int, end: int, known: dict[int, str]) -> TXT:
        """Read the strings."""
        stop = start + 1 + octets[start]
        if stop == end:  # one string, as most are
            record = object.__new__(cls)  # its length octet bounds it
            object.__setattr__(record, "strings", (octets[start + 1 : stop],))
            return record
        strings = []
        while start < end:
            stop = start + 1 + octets[start]
            strings.append(octets[start + 1 : stop])
            start = stop
        if start != end or not strings:
            raise RemoteProtocolError("the strings do not fill their TXT record")
        return cls(tuple(strings))

    def to_wire(self) -> bytes:
        """Return each string after its length."""
        return b"".join(bytes((len(string),)) + string for string in self.strings)
