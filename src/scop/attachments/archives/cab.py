"""Cabinet archives of Windows: stored and MSZIP are unpacked, of LZX and Quantum the names are judged.

Standards: [MS-CAB] §2; [MS-MCI] (MSZIP).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from scop.attachments.archives.locked import opaque
from scop.attachments.archives.pieces import DEFLATE_EFFORT, first_octets
from scop.attachments.inspection import Inspection, OutOfRoom
from scop.attachments.thing import Found, Thing

__all__ = ["read_cab"]

_HEADER_OCTETS = 36
_HAS_PREVIOUS, _HAS_NEXT, _HAS_RESERVE = 1, 2, 4
_STORED, _MSZIP = 0, 1
_UTF_NAME = 0x80
_WINDOW = 1 << 15
_MAX_FOLDERS, _MAX_NAME = 1_000, 256


@dataclass(frozen=True, slots=True)
class _Folder:
    start: int
    blocks: int
    method: int
    reserved: int


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    size: int
    offset: int
    folder: int


def read_cab(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the files of a cabinet."""
    octets = thing.octets
    folders, files = _read_list(octets)
    for file in files:
        folder = folders[file.folder] if file.folder < len(folders) else None
        if folder is None or folder.method & 0x0F not in (_STORED, _MSZIP):
            yield from opaque(thing, file.name)
            continue
        pieces = inspection.counted(_unpacked(octets, folder), DEFLATE_EFFORT)
        pieces = _behind(pieces, file.offset, inspection.room_octets)
        yield from inspection.unpack(thing, file.name, first_octets(pieces, file.size), len(octets))


def _behind(pieces: Iterator[bytes], offset: int, room: int) -> Iterator[bytes]:
    """Yield what comes behind `offset` octets; what lies so far behind that it is not counted is not had."""
    if offset > room:
        raise OutOfRoom("a file too far behind in its folder")
    for piece in pieces:
        if offset < len(piece):
            yield piece[offset:]
        offset = max(0, offset - len(piece))


def _read_list(octets: bytes) -> tuple[list[_Folder], list[_File]]:
    (first_file,) = struct.unpack_from("<I", octets, 16)
    folder_count, file_count, flags = struct.unpack_from("<HHH", octets, 26)
    position, folder_reserve, block_reserve = _HEADER_OCTETS, 0, 0
    if flags & _HAS_RESERVE:
        header_reserve, folder_reserve, block_reserve = struct.unpack_from("<HBB", octets, position)
        position += 4 + header_reserve
    for flag in (_HAS_PREVIOUS, _HAS_NEXT):
        if flags & flag:  # the names of another cabinet and its disk
            position = octets.index(b"\0", octets.index(b"\0", position) + 1) + 1
    folders = []
    for _ in range(min(folder_count, _MAX_FOLDERS)):
        start, blocks, method = struct.unpack_from("<IHH", octets, position)
        folders.append(_Folder(start, blocks, method, block_reserve))
        position += 8 + folder_reserve
    files, position = [], first_file
    for _ in range(file_count):
        size, offset, folder, _, _, attributes = struct.unpack_from("<IIHHHH", octets, position)
        end = octets.index(b"\0", position + 16, position + 16 + _MAX_NAME + 1)
        charset = "utf-8" if attributes & _UTF_NAME else "cp1252"
        files.append(_File(octets[position + 16 : end].decode(charset, "replace"), size, offset, folder))
        position = end + 1
    return folders, files


def _unpacked(octets: bytes, folder: _Folder) -> Iterator[bytes]:
    position, window = folder.start, b""
    for _ in range(folder.blocks):
        packed, size = struct.unpack_from("<HH", octets, position + 4)
        start = position + 8 + folder.reserved
        block = octets[start : start + packed]
        position = start + packed
        if folder.method & 0x0F == _STORED:
            yield block
            continue
        if block[:2] != b"CK":
            raise ValueError("a block that is not MSZIP")
        # [MS-MCI] §2.1: each block looks back into the one before.
        decoder = zlib.decompressobj(-15, zdict=window) if window else zlib.decompressobj(-15)
        window = decoder.decompress(block[2:], _WINDOW)
        if len(window) != size:
            raise ValueError("a block that is not as long as it says")
        yield window
