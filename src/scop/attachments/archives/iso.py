"""Disk images of ISO 9660, with the names of Joliet and Rock Ridge.

Standards: ECMA-119 §8.4, §9.1 (descriptors, directory records); the Joliet Specification; IEEE P1282 §4.1.4 (NM).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scop.attachments.archives.pieces import sliced
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing

__all__ = ["read_iso"]

_SECTOR = 2_048
_FIRST_DESCRIPTOR = 16
_MAX_DESCRIPTORS = 32
_PRIMARY, _SUPPLEMENTARY, _LAST = 1, 2, 255
_JOLIET = (b"%/@", b"%/C", b"%/E")
_ROOT = 156
_FOLDER_FLAG = 2
_MAX_FOLDERS = 2_000
_MAX_FOLDER_OCTETS = 4 << 20


@dataclass(frozen=True, slots=True)
class _Record:
    name: str
    start: int
    size: int
    is_folder: bool


def read_iso(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the files of an image, by each of its trees of folders: which one is shown is the reader's choice."""
    octets = thing.octets
    seen: set[tuple[int, int, str]] = set()
    for number in range(_FIRST_DESCRIPTOR, _FIRST_DESCRIPTOR + _MAX_DESCRIPTORS):
        descriptor = octets[number * _SECTOR : (number + 1) * _SECTOR]
        if len(descriptor) < _SECTOR or descriptor[1:6] != b"CD001" or descriptor[0] == _LAST:
            break
        if descriptor[0] not in (_PRIMARY, _SUPPLEMENTARY):
            continue
        charset = "utf-16-be" if descriptor[88:91] in _JOLIET else "latin-1"
        for record in _files(octets, descriptor, charset):
            key = (record.start, record.size, record.name)
            if key not in seen:
                seen.add(key)
                pieces = sliced(octets, record.start, record.start + record.size)
                yield from inspection.unpack(thing, record.name, pieces, record.size)


def _files(octets: bytes, descriptor: bytes, charset: str) -> Iterator[_Record]:
    block = int.from_bytes(descriptor[128:130], "little") or _SECTOR
    root = _record(descriptor[_ROOT : _ROOT + 34], charset, block)
    waiting = [root] if root is not None else []
    visited: set[int] = set()
    while waiting:
        folder = waiting.pop()
        if folder.start in visited:
            continue
        if len(visited) == _MAX_FOLDERS or folder.size > _MAX_FOLDER_OCTETS:
            raise ValueError("more folders, or larger ones, than are looked into")
        visited.add(folder.start)
        end = min(folder.start + folder.size, len(octets))
        for record in _records(octets, folder.start, end, charset, block):
            if record.is_folder:
                waiting.append(record)
            else:
                yield record


def _records(octets: bytes, position: int, end: int, charset: str, block: int) -> Iterator[_Record]:
    first = position
    while position < end:
        length = octets[position]
        if not length:  # no record crosses a sector: what is left of this one is empty
            position += _SECTOR - (position - first) % _SECTOR
            continue
        record = _record(octets[position : position + length], charset, block)
        position += length
        if record is not None and record.name not in ("\0", "\1"):
            yield record


def _record(octets: bytes, charset: str, block: int) -> _Record | None:
    if len(octets) < 34:
        return None
    length = octets[32]
    raw = octets[33 : 33 + length]
    start = int.from_bytes(octets[2:6], "little") * block
    size = int.from_bytes(octets[10:14], "little")
    if raw in (b"\0", b"\1"):
        return _Record(raw.decode("ascii"), start, size, is_folder=True)
    name = _rock_ridge(octets[33 + length + (1 - length & 1) :]) or raw.decode(charset, "replace").rpartition(";")[0]
    return _Record(name or raw.decode(charset, "replace"), start, size, bool(octets[25] & _FOLDER_FLAG))


def _rock_ridge(fields: bytes) -> str:
    """Return the name that Rock Ridge gives; "" where there is none."""
    name, position = b"", 0
    while position + 5 <= len(fields) and fields[position + 2] >= 4:
        if fields[position : position + 2] == b"NM":
            name += fields[position + 5 : position + fields[position + 2]]
        position += fields[position + 2]
    return name.decode("utf-8", "replace")
