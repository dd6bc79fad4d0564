"""Rar archives of versions 4 and 5: their lists, and what is stored in them unpacked.

Their compression is documented by a program whose licence forbids to rebuild it, and no library of it is memory-safe:
what is compressed is judged by its names, and that it was not looked into is said once.

Standards: RAR 5.0 archive format (rarlab technote); RAR 4 technote.txt.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from scop.attachments.archives.locked import locked, opaque
from scop.attachments.archives.pieces import sliced
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing

__all__ = ["read_rar"]

_MARK_4, _MARK_5 = b"Rar!\x1a\x07\0", b"Rar!\x1a\x07\1\0"
_MAX_MEMBERS = 65_000  # more than names are looked at


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    start: int
    size: int
    is_stored: bool
    is_locked: bool
    is_folder: bool = False


def read_rar(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the files of a rar archive, or their names."""
    octets = thing.octets
    members = _members_5(octets) if octets.startswith(_MARK_5) else _members_4(octets)
    is_told = False
    for count, member in enumerate(members):
        if count == _MAX_MEMBERS:
            break
        if member is None:
            yield from locked(thing)
            return
        if member.is_folder:
            continue
        if member.is_locked:
            yield from locked(thing, member.name)
        elif member.is_stored:
            pieces = sliced(octets, member.start, member.start + member.size)
            yield from inspection.unpack(thing, member.name, pieces, member.size)
        elif is_told:
            yield thing.only_named(member.name)
        else:
            is_told = True
            yield from opaque(thing, member.name)


def _members_4(octets: bytes) -> Iterator[_Member | None]:
    """Yield the files of an archive of version 4; None where its list is locked."""
    position = len(_MARK_4)
    while position + 7 <= len(octets):
        kind, flags, header_size = struct.unpack_from("<BHH", octets, position + 2)
        if header_size < 7:
            raise ValueError("a header that is shorter than any")
        added = 0
        if flags & 0x8000:
            (added,) = struct.unpack_from("<I", octets, position + 7)
        if kind == 0x73 and flags & 0x80:  # the archive's own header: what follows is encrypted
            yield None
            return
        if kind == 0x74:
            yield _member_4(octets, position, header_size, flags)
            if flags & 0x100:
                added |= int.from_bytes(octets[position + 32 : position + 36], "little") << 32
        if kind == 0x7B:
            return
        position += header_size + added


def _member_4(octets: bytes, position: int, header_size: int, flags: int) -> _Member:
    (packed,) = struct.unpack_from("<I", octets, position + 7)
    method = octets[position + 25]
    (name_size,) = struct.unpack_from("<H", octets, position + 26)
    start = position + 32 + (8 if flags & 0x100 else 0)
    raw = octets[start : start + name_size].split(b"\0", 1)[0]
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode("cp437")
    is_folder = flags & 0xE0 == 0xE0
    return _Member(name, position + header_size, packed, method == 0x30, bool(flags & 4), is_folder)


def _members_5(octets: bytes) -> Iterator[_Member | None]:
    """Yield the files of an archive of version 5; None where its list is locked."""
    position = len(_MARK_5)
    while position + 7 <= len(octets):
        size, begin = _number(octets, position + 4)
        end = begin + size
        kind, at = _number(octets, begin)
        flags, at = _number(octets, at)
        extra, added = 0, 0
        if flags & 1:
            extra, at = _number(octets, at)
        if flags & 2:
            added, at = _number(octets, at)
        if kind == 4:
            yield None
            return
        if kind == 2:
            yield _member_5(octets, at, (end - extra, end), added)
        if kind == 5:
            return
        position = end + added


def _member_5(octets: bytes, at: int, extra: tuple[int, int], packed: int) -> _Member:
    flags, at = _number(octets, at)
    _, at = _number(octets, at)  # the unpacked size
    _, at = _number(octets, at)  # attributes
    at += (4 if flags & 2 else 0) + (4 if flags & 4 else 0)  # time, CRC
    compression, at = _number(octets, at)
    _, at = _number(octets, at)  # the system
    name_size, at = _number(octets, at)
    name = octets[at : at + name_size].decode("utf-8", "replace")
    is_stored = not compression >> 7 & 7
    return _Member(name, extra[1], packed, is_stored, _has_encryption(octets, *extra), bool(flags & 1))


def _has_encryption(octets: bytes, position: int, end: int) -> bool:
    while position < end:
        size, begin = _number(octets, position)
        kind, _ = _number(octets, begin)
        if kind == 1:
            return True
        position = begin + max(size, 1)
    return False


def _number(octets: bytes, position: int) -> tuple[int, int]:
    """Return a number of seven bits an octet, the lowest first, and where it ends."""
    value = 0
    for shift in range(10):
        octet = octets[position + shift]
        value |= (octet & 0x7F) << 7 * shift
        if not octet & 0x80:
            return value, position + shift + 1
    raise ValueError("a number without an end")
