"""A message to the octets of a datagram or stream frame.

Names are compressed where every reader must understand it: owners, and inside the types of RFC 1035.

Standards: RFC 1035 §4.1.4 (compression); RFC 2181 §9 (TC); RFC 3597 §4 (which rdata may be compressed);
RFC 4343 §4.1 (a response repeats the question's case); RFC 6891 §6.1; RFC 7830 (padding).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

from scop.dns.answer import Question
from scop.dns.edns import OPTION_HEAD_OCTETS, Edns, OptionCode, write_options
from scop.dns.message_values import FLAG_BITS, MAX_MESSAGE_OCTETS, Flag, Message, Record
from scop.dns.names import NAMES_REMEMBERED, name_to_wire, parent_name
from scop.dns.rdata import CNAME, MX, NS, PTR, SOA, Rdata, type_number
from scop.dns.words import Rcode, class_number

__all__ = ["build_message", "build_query"]

_HEADER = struct.Struct("!6H")
_TYPE_CLASS = struct.Struct("!HH")
_RECORD = struct.Struct("!HHLH")
_TYPE_OPT = 41
_OPT_HEAD_OCTETS = 11  # the root and the fixed part of a record
_OPT_DO = 0x8000
_QUESTION_AT = 12
_RCODE_BITS = 0x000F
_POINTER = 0xC000
_POINTABLE_OCTETS = 0x4000  # RFC 1035 §4.1.4: fourteen bits of offset
_CLASS_IN = 1
_PLAIN_EDNS = Edns()
_SOA_NUMBERS_OCTETS = 20


def build_query(
    question: Question,
    id_: int,
    *,
    flags: int = Flag.RECURSION_DESIRED,
    edns: Edns | None = _PLAIN_EDNS,
    block_octets: int = 0,
) -> bytes:
    """Write a query, padded to a multiple of `block_octets` where one is given (on TLS: RFC 8467 §4.1)."""
    asked = _question_octets(question)
    head = _HEADER.pack(id_, flags & FLAG_BITS, 1, 0, 0, 0 if edns is None else 1)
    if edns is None:
        return head + asked
    size = _QUESTION_AT + len(asked)
    return head + asked + _padded_opt(edns, Rcode.NOERROR, size, (block_octets, MAX_MESSAGE_OCTETS))


def build_message(
    message: Message,
    *,
    max_octets: int = MAX_MESSAGE_OCTETS,
    required_additional: int = 0,
    block_octets: int = 0,
) -> bytes:
    """Write a message; RRsets that would pass `max_octets` are left out.

    What is left out of answers or authority, or of the first `required_additional` records of the additional section
    (the glue of a referral, RFC 9471 §3), is told by TC; the rest of that section is not (RFC 2181 §9). The message is
    padded to a multiple of `block_octets` where one is given, never beyond `max_octets`.
    """
    opt = b"" if message.edns is None else _opt_octets(message.edns, message.rcode)
    writer = _Writer(max_octets - len(opt), message.question)
    glue = message.additional[:required_additional]
    counts = [writer.section(section) for section in (message.answers, message.authority, glue)]
    is_truncated = writer.is_full
    counts[2] += writer.section(message.additional[required_additional:]) + bool(opt)
    flags = message.flags & FLAG_BITS | message.opcode << 11 | message.rcode & _RCODE_BITS
    if is_truncated:
        flags |= Flag.TRUNCATED
    if block_octets and message.edns is not None:
        opt = _padded_opt(message.edns, message.rcode, writer.position, (block_octets, max_octets))
    head = _HEADER.pack(message.id, flags, 0 if message.question is None else 1, *counts)
    return b"".join((head, *writer.pieces, opt))


class _Writer:
    """Writes the sections of one message in their order."""

    __slots__ = ("_class", "_max_octets", "_places", "is_full", "pieces", "position")

    def __init__(self, max_octets: int, question: Question | None) -> None:
        self.pieces: list[bytes] = []
        self.position = _QUESTION_AT
        self.is_full = False
        self._max_octets = max_octets
        self._places: dict[str, int] = {}  # where each name that was written begins
        self._class = _CLASS_IN
        if question is not None:
            self._add(_question_octets(question))
            self._remember(question.name, _QUESTION_AT)
            if question.qclass != "ANY":
                self._class = class_number(question.qclass)

    def section(self, records: Sequence[Record]) -> int:
        """Write the RRsets that fit, and return how many records they are; nothing follows one that does not."""
        count = 0
        if self.is_full or not records:
            return count
        for _, members in groupby(records, _rrset_of):
            start, written = self.position, len(self.pieces)
            size = sum(1 for record in members if self._record(record))
            if self.position > self._max_octets:
                self.is_full = True
                del self.pieces[written:]
                self.position = start
                break
            count += size
        return count

    def _record(self, record: Record) -> bool:
        owner = self._name(record.name, self.position)
        start = self.position + len(owner) + _RECORD.size
        rdata = self._rdata(record.rdata, start)
        head = _RECORD.pack(type_number(record.rdata.type), self._class, record.ttl_seconds, len(rdata))
        self._add(owner + head + rdata)
        return True

    def _rdata(self, rdata: Rdata, at: int) -> bytes:
        # RFC 3597 §4: compression in rdata is for the types of RFC 1035 only.
        if isinstance(rdata, (NS, CNAME, PTR)):
            return self._name(rdata.target, at)
        if isinstance(rdata, MX):
            return rdata.preference.to_bytes(2, "big") + self._name(rdata.exchange, at + 2)
        if isinstance(rdata, SOA):
            primary = self._name(rdata.primary, at)
            return primary + self._name(rdata.mailbox, at + len(primary)) + rdata.to_wire()[-_SOA_NUMBERS_OCTETS:]
        return rdata.to_wire()

    def _name(self, name: str, at: int) -> bytes:
        """Return a name as it is written at `at`: up to the longest end of it that stands there already."""
        place = self._places.get(name)
        if place is not None:
            return (_POINTER | place).to_bytes(2, "big")
        octets = name_to_wire(name)
        for suffix, offset in _suffixes(name):
            place = self._places.get(suffix)
            if place is not None:
                octets = octets[:offset] + (_POINTER | place).to_bytes(2, "big")
                break
        self._remember(name, at)
        return octets

    def _remember(self, name: str, place: int) -> None:
        for suffix, offset in _suffixes(name):
            if suffix in self._places or place + offset >= _POINTABLE_OCTETS:
                break  # with it all its own ends are known
            self._places[suffix] = place + offset

    def _add(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self.position += len(piece)


def _rrset_of(record: Record) -> tuple[str, str]:
    return record.name, record.rdata.type


@lru_cache(NAMES_REMEMBERED)
def _suffixes(name: str) -> tuple[tuple[str, int], ...]:
    """Return each end of a name, itself first and the root left out, with where it begins in the name's octets."""
    found, whole = [], len(name_to_wire(name))
    while name:
        found.append((name, whole - len(name_to_wire(name))))
        name = parent_name(name)
    return tuple(found)


def _question_octets(question: Question) -> bytes:
    name = question.spelling or name_to_wire(question.name)
    return name + _TYPE_CLASS.pack(type_number(question.type), class_number(question.qclass))


def _opt_octets(edns: Edns, rcode: int) -> bytes:
    ttl = rcode >> 4 << 24 | edns.version << 16 | (_OPT_DO if edns.dnssec_ok else 0)
    rdata = write_options(edns.options) if edns.options else b""
    return b"\0" + _RECORD.pack(_TYPE_OPT, edns.datagram_octets, ttl, len(rdata)) + rdata


def _padded_opt(edns: Edns, rcode: int, before: int, sizes: tuple[int, int]) -> bytes:
    """Return the OPT record that makes a message whose rest has `before` octets a multiple of a block's."""
    block_octets, max_octets = sizes
    opt = _opt_octets(edns, rcode)
    size = before + len(opt) + OPTION_HEAD_OCTETS
    if not block_octets or size > max_octets:
        return opt
    zeros = min(-size % block_octets, max_octets - size)
    return _opt_octets(edns.with_options((OptionCode.PADDING, bytes(zeros))), rcode)
