"""The TSIG record on the wire: found at the end of a message and taken off, or put there.

Standards: RFC 8945 §4.2, §4.3.3, §5.1, §5.2; RFC 1035 §3.1, §4.1.4.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from scop.base import Cursor, RemoteProtocolError

__all__ = ["TsigRecord", "name_octets", "split_tsig"]

TYPE_TSIG = 250
CLASS_ANY = 255
MAX_NAME_OCTETS = 255  # RFC 1035 §2.3.4
MAX_LABEL_OCTETS = 63
_COUNTS = struct.Struct("!HHHH")
_HEADER_OCTETS = 12


@dataclass(frozen=True, slots=True)
class TsigRecord:
    """One TSIG; names are in canonical wire form (lower case, not compressed)."""

    key_name: bytes
    algorithm: bytes
    time_signed: int
    fudge: int
    mac: bytes
    original_id: int
    error: int
    other: bytes

    def replaced(self, *, mac: bytes | None = None, time_signed: int | None = None, other: bytes = b"") -> TsigRecord:
        """Return the same record with another MAC, time or Other Data."""
        return replace(
            self,
            mac=self.mac if mac is None else mac,
            time_signed=self.time_signed if time_signed is None else time_signed,
            other=other or self.other,
        )

    def variables(self) -> bytes:
        """Return the TSIG variables that are signed with the message (RFC 8945 §4.3.3)."""
        head = self.key_name + struct.pack("!HI", CLASS_ANY, 0) + self.algorithm
        return head + self._time() + struct.pack("!HH", self.error, len(self.other)) + self.other

    def append_to(self, message: bytes) -> bytes:
        """Return the message with this record as its last additional one."""
        rdata = self.algorithm + self._time() + struct.pack("!H", len(self.mac)) + self.mac
        rdata += struct.pack("!HHH", self.original_id, self.error, len(self.other)) + self.other
        head = self.key_name + struct.pack("!HHIH", TYPE_TSIG, CLASS_ANY, 0, len(rdata))
        return _with_additional_count(message, +1) + head + rdata

    def _time(self) -> bytes:
        return self.time_signed.to_bytes(6, "big") + struct.pack("!H", self.fudge)


def split_tsig(octets: bytes) -> tuple[bytes, TsigRecord | None]:
    """Take the TSIG off a message, if it bears one.

    The message must be whole up to its last record; raises `RemoteProtocolError` (answer: FORMERR) if
    it is not, or if a TSIG stands anywhere but last (RFC 8945 §5.1, §5.2).
    """
    cursor = Cursor(octets)
    cursor.take(4)
    questions, answers, authorities, additionals = _COUNTS.unpack(cursor.take(_COUNTS.size))
    for _ in range(questions):
        read_name(cursor)
        cursor.take(4)
    records = answers + authorities + additionals
    for number in range(1, records + 1):
        start = cursor.position
        owner = read_name(cursor)
        type_, class_, _ttl = cursor.u16(), cursor.u16(), cursor.u32()
        length = cursor.u16()
        cursor.take(length)
        if type_ != TYPE_TSIG:
            continue
        if number != records or not additionals or cursor.remaining:
            raise RemoteProtocolError("a TSIG that is not the last additional record")
        rdata = Cursor(octets, cursor.position - length, cursor.position)
        return _with_additional_count(octets[:start], -1), _parse_record(owner, class_, rdata)
    return octets, None


def _parse_record(owner: bytes, class_: int, rdata: Cursor) -> TsigRecord:
    algorithm = read_name(rdata)
    time_signed = int.from_bytes(rdata.take(6), "big")
    fudge = rdata.u16()
    mac = rdata.take(rdata.u16())
    original_id, error = rdata.u16(), rdata.u16()
    other = rdata.take(rdata.u16())
    if class_ != CLASS_ANY or rdata.remaining:
        raise RemoteProtocolError("a TSIG with another class than ANY, or with octets to spare")
    return TsigRecord(owner, algorithm, time_signed, fudge, mac, original_id, error, other)


def read_name(cursor: Cursor) -> bytes:
    """Read a name, compressed or not, into canonical wire form: lower case, whole."""
    labels: list[bytes] = []
    place = cursor
    floor = cursor.position  # RFC 1035 §4.1.4: a pointer leads to a prior place; so no loop can arise
    while True:
        length = place.u8()
        if length >= 0xC0:
            target = (length & 0x3F) << 8 | place.u8()
            if not _HEADER_OCTETS <= target < floor:
                raise RemoteProtocolError("a compression pointer that does not lead back")
            floor = target
            place = Cursor(cursor.octets, target)
        elif length > MAX_LABEL_OCTETS:
            raise RemoteProtocolError("a label of an unknown kind")
        else:
            labels.append(bytes((length,)) + place.take(length))
            if length == 0:
                break
    name = b"".join(labels).lower()
    if len(name) > MAX_NAME_OCTETS:
        raise RemoteProtocolError("a name of more than 255 octets")
    return name


def name_octets(name: str) -> bytes:
    """Return the canonical wire form of a name in ASCII without escapes; '' is the root. Raises `ValueError`."""
    bare = name.removesuffix(".").lower()
    labels = bare.split(".") if bare else []
    octets = b"".join(bytes((len(label) & 0xFF,)) + label.encode("ascii", "replace") for label in labels) + b"\0"
    fits = all(0 < len(label) <= MAX_LABEL_OCTETS for label in labels) and len(octets) <= MAX_NAME_OCTETS
    if not fits or not name.isascii():
        raise ValueError(f"not a domain name: {name!r}")
    return octets


def _with_additional_count(message: bytes, change: int) -> bytes:
    count = int.from_bytes(message[10:12], "big") + change
    return message[:10] + struct.pack("!H", count) + message[_HEADER_OCTETS:]
