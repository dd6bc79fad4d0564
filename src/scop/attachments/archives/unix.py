"""The plain archives of Unix: cpio in its three forms, and ar with the packages of Debian in it.

Standards: POSIX.1-2017 `pax` (cpio), `ar`; the GNU cpio manual ("newc"); deb(5).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from scop.attachments.archives.pieces import sliced
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing

__all__ = ["read_ar", "read_cpio"]

_AR_HEADER = 60
_TYPE_MASK, _REGULAR = 0o170000, 0o100000
_MAX_NAME = 4_096


class _Member(NamedTuple):
    name: str
    is_file: bool
    start: int
    size: int
    next: int


def read_cpio(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the files of a cpio archive."""
    octets, position = thing.octets, 0
    while (member := _cpio_member(octets, position)) is not None and member.name != "TRAILER!!!":
        if member.is_file:
            pieces = sliced(octets, member.start, member.start + member.size)
            yield from inspection.unpack(thing, member.name, pieces, member.size)
        position = member.next


def _cpio_member(octets: bytes, position: int) -> _Member | None:
    magic = octets[position : position + 6]
    if magic in (b"070701", b"070702"):
        mode, size, name_size = (int(octets[position + at : position + at + 8], 16) for at in (14, 54, 94))
        header, align = 110, 4
    elif magic == b"070707":
        spans = ((18, 24), (65, 76), (59, 65))
        mode, size, name_size = (int(octets[position + start : position + end], 8) for start, end in spans)
        header, align = 76, 1
    else:
        return None
    name_start = position + header
    start = name_start + name_size
    start += -(start - position) % align
    name = octets[name_start : name_start + min(name_size, _MAX_NAME)].rstrip(b"\0").decode("utf-8", "replace")
    end = start + size
    return _Member(name, mode & _TYPE_MASK == _REGULAR, start, size, end + -(end - position) % align)


def read_ar(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the files of an ar archive."""
    octets, position = thing.octets, 8
    while position + _AR_HEADER <= len(octets):
        header = octets[position : position + _AR_HEADER]
        size = int(header[48:58].strip() or b"0")
        start = position + _AR_HEADER
        name = header[:16].decode("utf-8", "replace").rstrip().rstrip("/")
        yield from inspection.unpack(thing, name, sliced(octets, start, start + size), size)
        position = start + size + (size & 1)
