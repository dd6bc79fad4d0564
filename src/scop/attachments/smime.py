"""S/MIME messages whose content is wrapped in a signature: what is signed is read, what is encrypted is told.

Standards: RFC 8551 §3.5.2 (signed-data), §3.3 (enveloped-data); RFC 5652 §5.1, §5.2; X.690 §8.1.3 (lengths).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scop.attachments.finding import Kind, Severity
from scop.attachments.thing import Found, Thing

if TYPE_CHECKING:  # what a thing is can be told without an inspection
    from scop.attachments.inspection import Inspection

__all__ = ["is_signed_message", "read_smime"]

_OID = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
_DATA, _SIGNED, _ENVELOPED = _OID + b"\1", _OID + b"\2", _OID + b"\3"
_SEQUENCE, _EXPLICIT, _OCTETS, _OCTETS_IN_PIECES = 0x30, 0xA0, 0x04, 0x24
_HEAD = 20  # octets in which the first identifier stands
_MAX_PIECES = 200_000


def is_signed_message(octets: bytes) -> bool:
    """Tell whether a CMS message begins here."""
    head = octets[:_HEAD]
    return octets[:1] == bytes((_SEQUENCE,)) and (_SIGNED in head or _ENVELOPED in head)


def read_smime(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield what was signed; honest people lock their mail, so that is a note."""
    octets = thing.octets
    if _ENVELOPED in octets[:_HEAD]:
        reason = f"{thing.where} is encrypted for its reader, so that nobody can look into it on the way."
        yield thing.finding(Kind.ENCRYPTED, Severity.NOTE, reason)
        return
    content = octets.find(_DATA)
    if content >= 0 and octets[content + len(_DATA)] == _EXPLICIT:
        start, _ = _length(octets, content + len(_DATA) + 1)
        signed = b"".join(_pieces(octets, start))
        if signed:
            yield thing.inside(signed, "what is signed")


def _pieces(octets: bytes, position: int) -> Iterator[bytes]:
    """Yield the octets of a string that stands whole or in pieces (X.690 §8.7)."""
    for _ in range(_MAX_PIECES):
        tag = octets[position] if position < len(octets) else 0
        if tag == _OCTETS_IN_PIECES:
            position, _ = _length(octets, position + 1)
        elif tag == _OCTETS:
            start, length = _length(octets, position + 1)
            yield octets[start : start + length]
            position = start + length
        else:
            return


def _length(octets: bytes, position: int) -> tuple[int, int]:
    """Return where the content begins and how long it is; an indefinite length is 0."""
    first = octets[position]
    if first < 0x80:
        return position + 1, first
    count = first & 0x7F
    return position + 1 + count, int.from_bytes(octets[position + 1 : position + 1 + count], "big")
