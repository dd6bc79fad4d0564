"""The twelve octets before a message: what a server needs of it to refuse what it cannot or shall not read.

Standards: RFC 1035 §4.1.1; RFC 6891 §6.1.1, §6.1.3 and §7 (OPT in the reply); RFC 8906 §3 (say no, do not be silent).
"""

from __future__ import annotations

import struct

from scop.dns.edns import MAX_DATAGRAM_OCTETS
from scop.dns.words import Opcode, Rcode

__all__ = [
    "HEADER_OCTETS",
    "edns_version",
    "expects_response",
    "header_reply",
    "is_same_question",
    "opcode_of",
    "rcode_of",
    "spelled_question",
]

HEADER_OCTETS = 12

_HEADER = struct.Struct("!6H")
_IDS_AND_FLAGS = struct.Struct("!HH")
_COUNTS = struct.Struct("!4H")
_COUNTS_AT = 4
_RECORD = struct.Struct("!HHLH")
_OPT = struct.Struct("!BHHLH")  # the root, and the fixed part of a record
_TYPE_OPT = 41
_RESPONSE = 0x80  # of the third octet
_OPCODE = 0x78
_RCODE = 0x0F  # of the fourth
_KEPT = 0x7900  # opcode and RD
_QR = 0x8000
_MAX_LABEL_OCTETS = 63
_POINTER = 0xC0
_TYPE_AND_CLASS_OCTETS = 4


def expects_response(query: bytes) -> bool:
    """Say whether there is anything to answer to: half a header has no id, and a response could loop."""
    return len(query) >= HEADER_OCTETS and not query[2] & _RESPONSE


def opcode_of(octets: bytes) -> Opcode:
    """Return the kind of a message that has a header."""
    return Opcode((octets[2] & _OPCODE) >> 3)


def rcode_of(octets: bytes) -> int:
    """Return the lower four bits of the code of a message that has a header."""
    return octets[3] & _RCODE


def header_reply(query: bytes, rcode: Rcode, question: bytes = b"") -> bytes:
    """Return a response without records: for what cannot or shall not be read further.

    It says that we have EDNS to who has it: without, a "no" would seem to be one to EDNS (RFC 6891 §7).
    """
    id_, flags = _IDS_AND_FLAGS.unpack_from(query)
    version = edns_version(query)
    head = _HEADER.pack(id_, _QR | flags & _KEPT | rcode & _RCODE, bool(question), 0, 0, version is not None)
    if version is None:
        return head + question
    return head + question + _OPT.pack(0, _TYPE_OPT, MAX_DATAGRAM_OCTETS, rcode >> 4 << 24, 0)


def edns_version(octets: bytes) -> int | None:
    """Return which EDNS a message speaks; None without one, and where the way to it cannot be gone.

    Nothing is read but how long each thing is, so that strangers choose little of our work.
    """
    questions, answers, authority, additional = _COUNTS.unpack_from(octets, _COUNTS_AT)
    if not additional:
        return None
    position, others = HEADER_OCTETS, answers + authority
    try:
        for _ in range(questions):
            position = _after_name(octets, position) + _TYPE_AND_CLASS_OCTETS
        for number in range(others + additional):
            fixed = _after_name(octets, position)
            type_, _, ttl, size = _RECORD.unpack_from(octets, fixed)
            if type_ == _TYPE_OPT and number >= others and not octets[position]:
                return int(ttl >> 16 & 0xFF)
            position = fixed + _RECORD.size + size
    except (IndexError, struct.error):
        return None
    return None


def _after_name(octets: bytes, position: int) -> int:
    """Return where a name ends, which is not followed where it points."""
    while 0 < (size := octets[position]) <= _MAX_LABEL_OCTETS:
        position += size + 1
    return position + (2 if size >= _POINTER else 1)


def spelled_question(octets: bytes) -> bytes | None:
    """Return the first question's own octets, case and all; None where it is cut off or compressed."""
    position, end = HEADER_OCTETS, len(octets)
    while position < end and 0 < octets[position] <= _MAX_LABEL_OCTETS:
        position += octets[position] + 1
    stop = position + 1 + _TYPE_AND_CLASS_OCTETS
    return None if stop > end or octets[position] else octets[HEADER_OCTETS:stop]


def is_same_question(one: bytes, other: bytes) -> bool:
    """Say whether the octets of two questions differ in the case of letters at most; type and class are no letters."""
    if one == other:
        return True
    tail = -_TYPE_AND_CLASS_OCTETS
    return one[tail:] == other[tail:] and one[:tail].lower() == other[:tail].lower()
