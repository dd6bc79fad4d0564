"""Octets of a datagram or stream frame to a message.

Theory of operation. One pass from the front to the back. Names are remembered by where they began, so that one which
many records point at is read once; compression leads backwards only and its steps are counted, so the work for a
message is bounded by its size. Whole questions and the values of hot types are remembered across messages, since a
resolver sees the same ones again and again.

Standards: RFC 1035 §4.1; RFC 2181 §8 (TTL); RFC 6891 §6.1 (OPT); RFC 9619 (one question).
"""

from __future__ import annotations

import struct
from functools import lru_cache

from scop.base import LimitExceeded, RemoteProtocolError
from scop.dns.answer import Question
from scop.dns.edns import Edns, read_options
from scop.dns.message_values import FLAG_BITS, Message, Record
from scop.dns.names import MAX_NAME_OCTETS, labels_text, read_name
from scop.dns.rdata import CLASSES, Opaque, Rdata, type_name, type_number
from scop.dns.words import Opcode, Rcode, class_name

__all__ = ["parse_message"]

MAX_RECORDS = 2048  # far past any honest answer; bounds the work of one message
MAX_QUESTIONS = 1  # RFC 9619: a query has one
EDNS_REMEMBERED = 64
QUESTIONS_REMEMBERED = 4096  # bounded, since peers choose them

_HEADER = struct.Struct("!6H")
_TYPE_CLASS = struct.Struct("!HH")
_RECORD = struct.Struct("!HHLH")
_RECORD_OCTETS = _RECORD.size
_CLASS_IN, _CLASS_ANY = 1, 255
_TYPE_OPT, _TYPE_TXT = 41, 16
_OPT_DO = 0x8000
_QUESTION_AT = 12
_MAX_TTL = 0x7FFF_FFFF
_MAX_LABEL_OCTETS = 63
_POINTER = 0xC0
_OPCODE_BITS = 0x7800
_RCODE_BITS = 0x000F
_OPCODES = tuple(Opcode)
_new = tuple.__new__  # twice as fast as what NamedTuple makes of it
_RCODES = {rcode.value: rcode for rcode in Rcode}
_CLASSES_OF_CHAOS = {_TYPE_TXT: CLASSES[_TYPE_TXT]}  # an A record of class CH has another shape (RFC 1035 §3.4.1)


def parse_message(octets: bytes, *, skips_malformed: bool = False, max_records: int = MAX_RECORDS) -> Message:
    """Read a message; raises `RemoteProtocolError` for anything that is not wholly one.

    `max_records` is for a zone's transfer, whose messages are full of small ones. `skips_malformed` leaves out records
    whose data is not of their type: what a resolver hears of a server's other records is of use, and a signature tells
    if one is missing.
    """
    try:
        return _parsed(octets, skips_malformed, max_records)
    except (IndexError, struct.error):
        raise RemoteProtocolError("the message ends early") from None


def _parsed(octets: bytes, skips_malformed: bool, max_records: int) -> Message:
    id_, bits, questions, answers, authority, additional = _HEADER.unpack_from(octets)
    if questions > MAX_QUESTIONS:
        raise LimitExceeded(f"{questions} questions, at most {MAX_QUESTIONS} is allowed")
    if answers + authority + additional > max_records:
        raise LimitExceeded(f"more than {max_records} records")
    reader = _Reader(octets, skips_malformed)
    question = reader.question() if questions else None
    first = reader.records(answers) if answers else ()
    second = reader.records(authority) if authority else ()
    third = reader.records(additional) if additional else ()
    if reader.position != len(octets):
        raise RemoteProtocolError("octets after the end of the message")
    # A code that we have no word for says no more to us than that the server could not answer.
    rcode = _RCODES.get(bits & _RCODE_BITS | reader.rcode_high, Rcode.SERVFAIL)
    opcode = _OPCODES[(bits & _OPCODE_BITS) >> 11]
    return Message(id_, bits & FLAG_BITS, opcode, rcode, question, first, second, third, reader.edns)


@lru_cache(QUESTIONS_REMEMBERED)
def _question(octets: bytes) -> tuple[Question, int]:
    """Return the question of these octets, whose name is whole and in lower case, and the number of its class."""
    spelling = octets[: -_TYPE_CLASS.size]
    number, class_ = _TYPE_CLASS.unpack_from(octets, len(spelling))
    name = labels_text(spelling[:-1])
    return Question.read(name, type_name(number), class_name(class_), spelling), class_


@lru_cache(EDNS_REMEMBERED)
def _edns(class_: int, ttl: int) -> Edns:
    return Edns(class_, bool(ttl & _OPT_DO), ttl >> 16)


class _Reader:
    """Reads the sections of one message in their order."""

    __slots__ = ("class_", "edns", "known", "octets", "position", "rcode_high", "readers", "skips_malformed")

    def __init__(self, octets: bytes, skips_malformed: bool) -> None:
        self.octets = octets
        self.skips_malformed = skips_malformed
        self.position = _QUESTION_AT
        self.class_ = _CLASS_IN
        self.readers = CLASSES
        self.known: dict[int, str] = {}  # names by where they began
        self.edns: Edns | None = None
        self.rcode_high = 0

    def question(self) -> Question:
        octets, position = self.octets, _QUESTION_AT
        while size := octets[position]:
            if size > _MAX_LABEL_OCTETS:  # a pointer would lead into the header
                raise RemoteProtocolError("a question's name is compressed or of unknown labels")
            position += size + 1
        stop = position + 1 + _TYPE_CLASS.size
        if position - _QUESTION_AT >= MAX_NAME_OCTETS:
            raise LimitExceeded(f"a name is longer than {MAX_NAME_OCTETS} octets")
        spelling = octets[_QUESTION_AT : position + 1]
        lowered = spelling.lower()
        question, class_ = _question(lowered + octets[position + 1 : stop])
        if spelling != lowered:  # not remembered: a spelling by chance does not come again
            question = Question.read(question.name, question.type, question.qclass, spelling)
        self.position = stop
        self.known[_QUESTION_AT] = question.name
        if class_ != _CLASS_IN and class_ != _CLASS_ANY:
            self.class_, self.readers = class_, _CLASSES_OF_CHAOS
        return question

    def records(self, count: int) -> tuple[Record, ...]:
        octets, known, position, readers = self.octets, self.known, self.position, self.readers
        end, wanted = len(octets), self.class_
        found = list[Record]()
        for _ in range(count):
            first = octets[position]
            name = known.get((first & 0x3F) << 8 | octets[position + 1]) if first >= _POINTER else None
            if name is not None:  # most owners are one pointer to a name that was read already
                position += 2
            elif first:
                name, position = read_name(octets, position, known)
            else:
                name, position = "", position + 1
            number, class_, ttl, size = _RECORD.unpack_from(octets, position)
            start = position + _RECORD_OCTETS
            position = start + size
            if position > end:
                raise RemoteProtocolError("a record runs past the end of the message")
            if number == _TYPE_OPT:
                self._take_opt(name, class_, ttl, octets[start:position])
            elif class_ == wanted:
                read = readers.get(number)
                rdata: Rdata
                if read is None or not size:  # empty rdata stands in UPDATE messages (RFC 2136 §2.4)
                    rdata = Opaque(type_name(number), octets[start:position])
                else:
                    try:
                        rdata = read(octets, start, position, known)
                    except (ValueError, IndexError, struct.error):
                        if self.skips_malformed:
                            continue
                        raise
                # RFC 2181 §8: a TTL with its high bit set is zero.
                found.append(_new(Record, (name, ttl if ttl <= _MAX_TTL else 0, rdata)))
        self.position = position
        return tuple(filter(_is_whole, found)) if self.skips_malformed else tuple(found)

    def _take_opt(self, name: str, class_: int, ttl: int, rdata: bytes) -> None:
        if name or self.edns is not None:
            raise RemoteProtocolError("OPT belongs to the root, once")  # RFC 6891 §6.1.1
        self.rcode_high = ttl >> 24 << 4
        edns = _edns(class_, ttl & 0x00FF_FFFF)
        self.edns = edns.with_options(*read_options(rdata)) if rdata else edns


def _is_whole(record: Record) -> bool:
    return not (isinstance(record.rdata, Opaque) and not record.rdata.octets and type_number(record.type) in CLASSES)
