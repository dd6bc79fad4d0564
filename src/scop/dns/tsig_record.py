"""The TSIG record on the wire: found at the end of a message and taken off, or put there.

Standards: RFC 8945 §4.2, §4.3.3, §5.1, §5.2; RFC 1035 §3.1, §4.1.4.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from scop.base import Cursor, RemoteProtocolError
from scop.dns.names import name_to_wire, read_name

__all__ = ["TsigRecord", "split_tsig"]

TYPE_TSIG = 250
CLASS_ANY = 255
_COUNTS = struct.Struct("!HHHH")
_RECORD = struct.Struct("!HHLH")
_HEADER_OCTETS = 12
_QUESTION_OCTETS = 4
_MAX_LABEL_OCTETS = 63
_POINTER = 0xC0


@dataclass(frozen=True, slots=True)
class TsigRecord:
    """One TSIG; names are in the normal form of `scop.dns.names`."""

    key_name: str
    algorithm: str
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
        head = name_to_wire(self.key_name) + struct.pack("!HI", CLASS_ANY, 0) + name_to_wire(self.algorithm)
        return head + self._time() + struct.pack("!HH", self.error, len(self.other)) + self.other

    def timers(self) -> bytes:
        """Return what stands for the variables from the second message of a reply on (RFC 8945 §5.3.1)."""
        return self._time()

    def append_to(self, message: bytes) -> bytes:
        """Return the message with this record as its last additional one."""
        rdata = name_to_wire(self.algorithm) + self._time() + struct.pack("!H", len(self.mac)) + self.mac
        rdata += struct.pack("!HHH", self.original_id, self.error, len(self.other)) + self.other
        head = name_to_wire(self.key_name) + struct.pack("!HHIH", TYPE_TSIG, CLASS_ANY, 0, len(rdata))
        return _with_additional_count(message, +1) + head + rdata

    def _time(self) -> bytes:
        return self.time_signed.to_bytes(6, "big") + struct.pack("!H", self.fudge)


def split_tsig(octets: bytes) -> tuple[bytes, TsigRecord | None]:
    """Take the TSIG off a message, if it bears one.

    The message must be whole up to its last record; raises `RemoteProtocolError` (answer: FORMERR) if
    it is not, or if a TSIG stands anywhere but last (RFC 8945 §5.1, §5.2).
    """
    try:
        return _split(octets)
    except (IndexError, struct.error):
        raise RemoteProtocolError("the message ends early") from None


def _split(octets: bytes) -> tuple[bytes, TsigRecord | None]:
    questions, answers, authorities, additionals = _COUNTS.unpack_from(octets, 4)
    position, end = _HEADER_OCTETS, len(octets)
    for _ in range(questions):
        position = _after_name(octets, position) + _QUESTION_OCTETS
    records = answers + authorities + additionals
    for number in range(1, records + 1):
        start = position
        fixed = _after_name(octets, start)
        type_, class_, _, length = _RECORD.unpack_from(octets, fixed)
        position = fixed + _RECORD.size + length
        if position > end:
            raise RemoteProtocolError("a record runs past the end of the message")
        if type_ != TYPE_TSIG:
            continue
        if number != records or not additionals or position != end:
            raise RemoteProtocolError("a TSIG that is not the last additional record")
        owner = _take_name(Cursor(octets, start))
        rdata = Cursor(octets, position - length, position)
        return _with_additional_count(octets[:start], -1), _parse_record(owner, class_, rdata)
    if position > end:
        raise RemoteProtocolError("the message ends early")
    return octets, None


def _after_name(octets: bytes, position: int) -> int:
    """Return where a name ends. It is not followed where it points: strangers shall not choose our work."""
    while 0 < (size := octets[position]) <= _MAX_LABEL_OCTETS:
        position += size + 1
    if size and size < _POINTER:
        raise RemoteProtocolError("a label of an unknown kind")
    return position + (2 if size else 1)


def _parse_record(owner: str, class_: int, rdata: Cursor) -> TsigRecord:
    algorithm = _take_name(rdata)
    time_signed = int.from_bytes(rdata.take(6), "big")
    fudge = rdata.u16()
    mac = rdata.take(rdata.u16())
    original_id, error = rdata.u16(), rdata.u16()
    other = rdata.take(rdata.u16())
    if class_ != CLASS_ANY or rdata.remaining:
        raise RemoteProtocolError("a TSIG with another class than ANY, or with octets to spare")
    return TsigRecord(owner, algorithm, time_signed, fudge, mac, original_id, error, other)


def _take_name(cursor: Cursor) -> str:
    try:
        name, position = read_name(cursor.octets, cursor.position, {})
    except IndexError:
        raise RemoteProtocolError("a name runs past the end of the message") from None
    cursor.take(position - cursor.position)
    return name


def _with_additional_count(message: bytes, change: int) -> bytes:
    count = int.from_bytes(message[10:12], "big") + change
    return message[:10] + struct.pack("!H", count) + message[_HEADER_OCTETS:]
