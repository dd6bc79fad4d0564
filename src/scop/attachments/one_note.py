"""OneNote notebooks: the files that lie in them, which a click opens.

Standards: [MS-ONESTORE] §2.6.13 (FileDataStoreObject).
"""

from __future__ import annotations

from collections.abc import Iterator

from scop.attachments.archives.pieces import sliced
from scop.attachments.finding import Kind, Severity
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing

__all__ = ["read_one_note"]

_FILE = b"\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac"
_HEADER_OCTETS = 36  # the mark, the length, and twelve octets that mean nothing
_MAX_FILES = 500


def read_one_note(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the files in a notebook; pictures of its pages are some of them."""
    octets, position = thing.octets, 0
    for number in range(1, _MAX_FILES + 1):
        position = octets.find(_FILE, position)
        if position < 0:
            return
        length = int.from_bytes(octets[position + 16 : position + 24], "little")
        start = position + _HEADER_OCTETS
        yield from inspection.unpack(thing, f"file {number}", sliced(octets, start, start + length), max(length, 1))
        position = start
    reason = f"{thing.where} is a notebook with more files in it than are looked into."
    yield thing.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason)
