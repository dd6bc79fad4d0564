"""DNS messages: octets of a datagram or stream frame to values and back.

Hand-written because a resolver does little else: the records that mail asks for are read by their
own classes, everything rare is carried as octets. Records of a class other than IN are passed over.

Standards: RFC 1035 §4.1; RFC 3597 §4 (no compression in what we write of rdata); RFC 6891 §6.1 (EDNS).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from scop.base import LimitExceeded, RemoteProtocolError
from scop.dns.answer import Question
from scop.dns.names import name_to_wire, parent_name, read_name
from scop.dns.rdata import CLASSES, Opaque, Rdata, type_name, type_number
from scop.dns.words import Opcode, Rcode

__all__ = [
    "MAX_DATAGRAM_OCTETS",
    "MAX_MESSAGE_OCTETS",
    "Edns",
    "Flag",
    "Message",
    "Record",
    "build_message",
    "build_query",
    "parse_message",
]

MAX_MESSAGE_OCTETS = 65_535  # RFC 1035 §4.2.2: the two length octets of a stream
MAX_DATAGRAM_OCTETS = 1232  # what passes every IPv6 path unfragmented (DNS Flag Day 2020)
MAX_RECORDS = 2048  # far past any honest answer; bounds the work of one message
MAX_QUESTIONS = 1  # RFC 9619: a query has one

_HEADER = struct.Struct("!6H")
_TYPE_CLASS = struct.Struct("!HH")
_RECORD = struct.Struct("!HHLH")
_CLASS_IN = 1
_TYPE_OPT = type_number("OPT")
_OPT_DO = 0x8000
_QUESTION_AT = 12
_MAX_TTL = 0x7FFF_FFFF


class Flag(IntEnum):  # not IntFlag: its operators take a microsecond each
    """The flags of the header (RFC 1035 §4.1.1, RFC 4035 §3.2)."""

    RESPONSE = 0x8000
    AUTHORITATIVE = 0x0400
    TRUNCATED = 0x0200
    RECURSION_DESIRED = 0x0100
    RECURSION_AVAILABLE = 0x0080
    AUTHENTIC_DATA = 0x0020
    CHECKING_DISABLED = 0x0010


_OPCODE_BITS = 0x7800
_RCODE_BITS = 0x000F
_FLAG_BITS = sum(flag.value for flag in Flag)
_OPCODES = {opcode.value: opcode for opcode in Opcode}
_RCODES = {rcode.value: rcode for rcode in Rcode}


class Record(NamedTuple):
    """One resource record of class IN."""

    name: str
    ttl_seconds: int
    rdata: Rdata

    @property
    def type(self) -> str:
        """The record's type."""
        return self.rdata.type


@dataclass(frozen=True, slots=True)
class Edns:
    """What the sender said of itself by EDNS: the largest datagram it takes, and DO (RFC 6891 §6.1.3)."""

    datagram_octets: int = MAX_DATAGRAM_OCTETS
    dnssec_ok: bool = False
    version: int = 0


class Message(NamedTuple):
    """A whole message; `question` is None where the question section is empty."""

    id: int
    flags: int = 0
    opcode: Opcode = Opcode.QUERY
    rcode: Rcode = Rcode.NOERROR
    question: Question | None = None
    answers: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()  # without the OPT record, which is `edns`
    edns: Edns | None = None

    @property
    def is_response(self) -> bool:
        """Whether this answers a query."""
        return bool(self.flags & Flag.RESPONSE)

    @property
    def is_truncated(self) -> bool:
        """Whether there is more than the datagram held."""
        return bool(self.flags & Flag.TRUNCATED)


def parse_message(octets: bytes) -> Message:
    """Read a message; raises `RemoteProtocolError` for anything that is not wholly one."""
    try:
        return _parsed(octets)
    except (IndexError, struct.error):
        raise RemoteProtocolError("the message ends early") from None


def build_query(
    question: Question,
    id_: int,
    *,
    flags: int = Flag.RECURSION_DESIRED,
    edns: Edns | None = Edns(),
) -> bytes:
    """Write a query."""
    head = _HEADER.pack(id_, flags & _FLAG_BITS, 1, 0, 0, 0 if edns is None else 1)
    return head + _question_octets(question) + (b"" if edns is None else _opt_octets(edns, Rcode.NOERROR))


def build_message(message: Message, *, max_octets: int = MAX_MESSAGE_OCTETS) -> bytes:
    """Write a message; what would pass `max_octets` is left out and the rest marked as truncated."""
    opt = b"" if message.edns is None else _opt_octets(message.edns, message.rcode)
    writer = _Writer(max_octets - len(opt))
    writer.begin(message.question)
    counts = [writer.section(section) for section in (message.answers, message.authority, message.additional)]
    flags = message.flags & _FLAG_BITS | message.opcode << 11 | message.rcode & _RCODE_BITS
    if writer.is_full:
        flags |= Flag.TRUNCATED
    questions = 0 if message.question is None else 1
    head = _HEADER.pack(message.id, flags, questions, counts[0], counts[1], counts[2] + bool(opt))
    return head + b"".join(writer.pieces) + opt


def _parsed(octets: bytes) -> Message:
    id_, bits, questions, answers, authority, additional = _HEADER.unpack_from(octets)
    if questions > MAX_QUESTIONS:
        raise LimitExceeded(f"{questions} questions, at most {MAX_QUESTIONS} is allowed")
    if answers + authority + additional > MAX_RECORDS:
        raise LimitExceeded(f"more than {MAX_RECORDS} records")
    reader = _Reader(octets)
    question = reader.question() if questions else None
    first, second, third = reader.records(answers), reader.records(authority), reader.records(additional)
    if reader.position != len(octets):
        raise RemoteProtocolError("octets after the end of the message")
    rcode = _rcode(bits & _RCODE_BITS | reader.rcode_high)
    return Message(id_, bits & _FLAG_BITS, _opcode(bits), rcode, question, first, second, third, reader.edns)


def _opcode(bits: int) -> Opcode:
    number = (bits & _OPCODE_BITS) >> 11
    if (opcode := _OPCODES.get(number)) is None:
        raise RemoteProtocolError(f"opcode {number}")
    return opcode


def _rcode(number: int) -> Rcode:
    # A code that we have no word for says no more to us than that the server could not answer.
    return _RCODES.get(number, Rcode.SERVFAIL)


class _Reader:
    """Reads the sections of one message in their order."""

    __slots__ = ("edns", "known", "octets", "position", "rcode_high")

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.position = _QUESTION_AT
        self.known: dict[int, str] = {}  # names by where they began
        self.edns: Edns | None = None
        self.rcode_high = 0

    def question(self) -> Question:
        name, after = read_name(self.octets, self.position, self.known)
        number, class_ = _TYPE_CLASS.unpack_from(self.octets, after)
        if class_ != _CLASS_IN:
            raise RemoteProtocolError(f"a question of class {class_}")
        self.position = after + _TYPE_CLASS.size
        return Question(name, type_name(number))

    def records(self, count: int) -> tuple[Record, ...]:
        return tuple(self._records(count)) if count else ()

    def _records(self, count: int) -> Iterator[Record]:
        octets = self.octets
        for _ in range(count):
            name, after = self._owner()
            number, class_, ttl, size = _RECORD.unpack_from(octets, after)
            start = after + _RECORD.size
            end = self.position = start + size
            if end > len(octets):
                raise RemoteProtocolError("a record runs past the end of the message")
            if class_ == _CLASS_IN and number != _TYPE_OPT:
                # RFC 2181 §8: a TTL with its high bit set is zero.
                yield Record(name, ttl if ttl <= _MAX_TTL else 0, self._rdata(number, start, end))
            elif number == _TYPE_OPT:
                self._take_opt(name, class_, ttl)

    def _owner(self) -> tuple[str, int]:
        octets, position = self.octets, self.position
        if octets[position] >= 0xC0:  # most owners are one pointer to a name that was read already
            name = self.known.get((octets[position] & 0x3F) << 8 | octets[position + 1])
            if name is not None:
                return name, position + 2
        return read_name(octets, position, self.known)

    def _rdata(self, number: int, start: int, end: int) -> Rdata:
        read = CLASSES.get(number)
        if read is None or start == end:  # empty rdata stands in UPDATE messages (RFC 2136 §2.4)
            return Opaque(type_name(number), self.octets[start:end])
        return read(self.octets, start, end, self.known)

    def _take_opt(self, name: str, class_: int, ttl: int) -> None:
        if name or self.edns is not None:
            raise RemoteProtocolError("OPT belongs to the root, once")  # RFC 6891 §6.1.1
        self.rcode_high = ttl >> 24 << 4
        self.edns = Edns(class_, bool(ttl & _OPT_DO), ttl >> 16 & 0xFF)


class _Writer:
    """Writes the sections of one message; owner names are compressed, rdata is not."""

    def __init__(self, max_octets: int) -> None:
        self.pieces: list[bytes] = []
        self.is_full = False
        self._position = _QUESTION_AT
        self._max_octets = max_octets
        self._places: dict[str, int] = {}

    def begin(self, question: Question | None) -> None:
        if question is not None:
            self._remember(question.name, _QUESTION_AT)
            self._add(_question_octets(question))

    def section(self, records: Iterable[Record]) -> int:
        count = 0
        for record in records:
            piece = self._record(record)
            # RFC 2181 §9: what follows a cut section is left out too.
            self.is_full = self.is_full or self._position + len(piece) > self._max_octets
            if self.is_full:
                break
            if record.name not in self._places:
                self._remember(record.name, self._position)
            self._add(piece)
            count += 1
        return count

    def _record(self, record: Record) -> bytes:
        rdata = record.rdata.to_wire()
        number = type_number(record.rdata.type)
        return self._owner(record.name) + _RECORD.pack(number, _CLASS_IN, record.ttl_seconds, len(rdata)) + rdata

    def _owner(self, name: str) -> bytes:
        place = self._places.get(name)
        return name_to_wire(name) if place is None else (0xC000 | place).to_bytes(2, "big")

    def _add(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self._position += len(piece)

    def _remember(self, name: str, place: int) -> None:
        # RFC 1035 §4.1.4: each suffix of a name may be pointed at, within the first 16 KiB.
        while name and place < 0x4000 and name not in self._places:
            self._places[name] = place
            parent = parent_name(name)
            place += len(name_to_wire(name)) - len(name_to_wire(parent))
            name = parent


def _question_octets(question: Question) -> bytes:
    return name_to_wire(question.name) + _TYPE_CLASS.pack(type_number(question.type), _CLASS_IN)


def _opt_octets(edns: Edns, rcode: int) -> bytes:
    ttl = rcode >> 4 << 24 | edns.version << 16 | (_OPT_DO if edns.dnssec_ok else 0)
    return b"\0" + _RECORD.pack(_TYPE_OPT, edns.datagram_octets, ttl, 0)
