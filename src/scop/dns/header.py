"""The twelve octets before a message: what a server needs of it to refuse what it cannot or shall not read.

Standards: RFC 1035 §4.1.1; RFC 8906 §3 (say no, do not be silent).
"""

from __future__ import annotations

import struct

from scop.dns.words import Opcode, Rcode

__all__ = [
    "HEADER_OCTETS",
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
_RESPONSE = 0x80  # of the third octet
_OPCODE = 0x78
_RCODE = 0x0F  # of the fourth
_KEPT = 0x7900  # opcode and RD
_QR = 0x8000
_MAX_LABEL_OCTETS = 63
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


def header_reply(query: bytes, rcode: Rcode) -> bytes:
    """Return a response of twelve octets: for what cannot or shall not be read further."""
    id_, flags = _IDS_AND_FLAGS.unpack_from(query)
    return _HEADER.pack(id_, _QR | flags & _KEPT | rcode & _RCODE, 0, 0, 0, 0)


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
