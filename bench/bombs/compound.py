"""Compound files with many streams, written here as the fakes of the tests write only small ones."""

from __future__ import annotations

import struct
from collections.abc import Mapping

__all__ = ["compound_file"]

_SECTOR = 512
_END, _FREE, _FAT, _DIFAT, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFC, 0xFFFFFFFF


def compound_file(streams: Mapping[str, bytes]) -> bytes:
    """Return a compound file, version 3, with one sector for each stream and all names in a chain of right siblings."""
    content = b"".join(octets.ljust(4_096, b"\0") for octets in streams.values())
    chains = []
    for start in range(0, len(content) // _SECTOR, 8):
        chains += [*range(start + 1, start + 8), _END]
    entries = [_entry("Root Entry", 5, _END, 0, child=1)]
    for number, name in enumerate(streams, 1):
        entries.append(_entry(name, 2, (number - 1) * 8, 4_096, right=number + 1 if number < len(streams) else _NONE))
    folder = b"".join(entries)
    folder = folder.ljust(-(-len(folder) // _SECTOR) * _SECTOR, b"\0")
    folder_start = len(chains)
    chains += [*range(folder_start + 1, folder_start + len(folder) // _SECTOR), _END]
    table_count = 1
    difat_count = 0
    while True:
        needed = -(-(len(chains) + table_count + difat_count) // 128)
        needed_difat = -(-max(0, needed - 109) // 127)
        if (needed, needed_difat) == (table_count, difat_count):
            break
        table_count, difat_count = needed, needed_difat
    table_start = len(chains)
    difat_start = table_start + table_count
    table = [*chains, *[_FAT] * table_count, *[_DIFAT] * difat_count]
    table += [_FREE] * (table_count * 128 - len(table))
    places = [*range(table_start, table_start + table_count)]
    rest, difat = places[109:], []
    for number in range(difat_count):
        block = rest[number * 127 : (number + 1) * 127]
        block += [_FREE] * (127 - len(block))
        difat += [*block, difat_start + number + 1 if number + 1 < difat_count else _END]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    first_difat = difat_start if difat_count else _END
    head += struct.pack("<IIIIIIIII", 0, table_count, folder_start, 0, 4_096, _END, 0, first_difat, difat_count)
    head += struct.pack("<109I", *places[:109], *[_FREE] * (109 - len(places[:109])))
    return head + content + folder + struct.pack(f"<{len(table)}I", *table) + struct.pack(f"<{len(difat)}I", *difat)


def _entry(name: str, kind: int, start: int, size: int, *, right: int = _NONE, child: int = _NONE) -> bytes:
    encoded = (name + "\0").encode("utf-16-le")
    links = struct.pack("<III", _NONE, right, child)
    head = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded), kind, 1)
    return head + links + bytes(16) + bytes(20) + struct.pack("<IQ", start, size)
