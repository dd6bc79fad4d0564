"""Archives of old programs: arj and lha, of which what is stored is looked into and of the rest the names.

Standards: technote.txt of ARJ ("ARJ archive structure"); header.doc.md of LHa for UNIX.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scop.attachments.archives.locked import locked, opaque
from scop.attachments.archives.pieces import sliced
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing

__all__ = ["read_arj", "read_lha"]

_ARJ_MARK = b"\x60\xea"
_LHA_FOLDER = b"-lhd-"
_LHA_STORED = (b"-lh0-", b"-lz4-")
_MAX_EXTENDED = 64


def read_arj(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the files of an arj archive."""
    octets, position, is_first = thing.octets, 0, True
    while octets[position : position + 2] == _ARJ_MARK:
        (size,) = struct.unpack_from("<H", octets, position + 2)
        if not size:
            return
        header = octets[position + 4 : position + 4 + size]
        position += 4 + size + 4
        while (extended := int.from_bytes(octets[position : position + 2], "little")) and position < len(octets):
            position += 2 + extended + 4
        position += 2
        if is_first:  # that of the archive itself
            is_first = False
            continue
        first_size, flags, method = header[0], header[4], header[5]
        (packed,) = struct.unpack_from("<I", header, 12)
        name = header[first_size:].split(b"\0", 1)[0].decode("cp437")
        if flags & 1:
            yield from locked(thing, name)
        elif method == 0:
            yield from inspection.unpack(thing, name, sliced(octets, position, position + packed), packed)
        else:
            yield from opaque(thing, name)
        position += packed


def read_lha(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the files of an lha archive."""
    octets, position = thing.octets, 0
    while position + 22 <= len(octets) and octets[position]:
        method = octets[position + 2 : position + 7]
        packed, _ = struct.unpack_from("<II", octets, position + 7)
        name, start, skipped = _lha_name(octets, position)
        if method in _LHA_STORED:
            yield from inspection.unpack(thing, name, sliced(octets, start, start + packed - skipped), packed)
        elif method != _LHA_FOLDER:
            yield from opaque(thing, name)
        position = start + packed - skipped


def _lha_name(octets: bytes, position: int) -> tuple[str, int, int]:
    """Return a file's name, where its octets begin, and what the stated size counts of the header."""
    level = octets[position + 20]
    if level == 2:
        end = position + int.from_bytes(octets[position : position + 2], "little")
        name, _ = _lha_extended(octets, position + 24)
        return name, end, 0
    size = octets[position] + 2
    length = octets[position + 21]
    name = octets[position + 22 : position + 22 + length].decode("cp437")
    if level == 0:
        return name, position + size, 0
    other, skipped = _lha_extended(octets, position + size - 2)
    return other or name, position + size + skipped, skipped


def _lha_extended(octets: bytes, position: int) -> tuple[str, int]:
    """Return the name in the extended headers, the first of whose sizes stands at `position`, and their length."""
    name, length = "", 0
    for _ in range(_MAX_EXTENDED):
        size = int.from_bytes(octets[position : position + 2], "little")
        if size < 3:
            break
        if octets[position + 2] == 1:
            name = octets[position + 3 : position + size].decode("cp437")
        position += size
        length += size
    return name, length
