"""Tar archives: old, POSIX and GNU ones.

Standards: POSIX.1-2017 `pax` (ustar, extended headers); the GNU tar manual, "Basic Tar Format".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scop.attachments.archives.pieces import sliced
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing

__all__ = ["read_tar"]

_BLOCK = 512
_ASCII = bytes(range(128))
_MAX_NAME = 4_096
_MAX_EXTENDED = 1 << 20  # octets of one extended header
_LONG_NAME, _EXTENDED, _GLOBAL = b"L", b"x", b"g"
_NO_CONTENT = frozenset((b"1", b"2", b"3", b"4", b"5", b"6"))  # links, devices, folders
_RECORD = re.compile(rb"(\d{1,7}) (path|size)=([^\n]*)\n")


@dataclass(frozen=True, slots=True)
class _Header:
    name: str
    size: int
    flag: bytes


def read_tar(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the files in a tar archive, those behind its end too: `tar -i` unpacks them."""
    octets, position = thing.octets, 0
    name, size = "", -1  # what an extended header says of the next file
    while (header := _header_at(octets, position)) is not None or position < len(octets):
        if header is None:
            position = _next_header(octets, position)
            continue
        start = position + _BLOCK
        stated = header.size if size < 0 or header.flag in (_EXTENDED, _LONG_NAME, _GLOBAL) else size
        position = start + -(-stated // _BLOCK) * _BLOCK
        if header.flag in (_EXTENDED, _LONG_NAME, _GLOBAL):
            content = octets[start : start + min(stated, _MAX_EXTENDED)]
            if header.flag == _LONG_NAME:
                name = _text(content[:_MAX_NAME])
            elif header.flag == _EXTENDED:
                name, size = _extended(content, name, size)
            continue
        if header.flag not in _NO_CONTENT:
            is_cut = start + stated > len(octets)
            yield from inspection.unpack(thing, name or header.name, _content(octets, start, stated), stated)
            if is_cut and thing.is_whole:
                raise EOFError("a tar archive is cut")
        name, size = "", -1


def _content(octets: bytes, start: int, size: int) -> Iterator[bytes]:
    return sliced(octets, start, start + size)


def _next_header(octets: bytes, position: int) -> int:
    """Return the next block behind `position` in which a header may begin: one that is not empty."""
    rest = octets[position : position + (1 << 20)]
    stripped = rest.lstrip(b"\0")
    if not stripped:
        return position + len(rest)
    first = position + (len(rest) - len(stripped))
    aligned = first - (first % _BLOCK)
    return aligned if aligned > position else position + _BLOCK


def _header_at(octets: bytes, position: int) -> _Header | None:
    block = octets[position : position + _BLOCK]
    if len(block) < _BLOCK or not block[0]:
        return None
    unsigned = sum(block) - sum(block[148:156]) + 8 * 32
    stated = _number(block[148:156])
    # Some old programs counted octets as signed.
    if stated != unsigned and stated != unsigned - 256 * len(block.translate(None, _ASCII)):
        return None
    size = _number(block[124:136])
    if size is None:
        return None
    prefix = block[345:500] if block[257:262] == b"ustar" and block[262:264] != b" \0" else b""
    name, folder = _text(block[:100]), _text(prefix)
    return _Header(f"{folder}/{name}" if folder else name, size, block[156:157])


def _number(field: bytes) -> int | None:
    """Return a number in octal, or in base 256 as GNU tar writes large ones."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.split(b"\0", 1)[0].strip()
    try:
        return int(digits or b"0", 8)
    except ValueError:
        return None


def _extended(content: bytes, name: str, size: int) -> tuple[str, int]:
    for _, key, value in _RECORD.findall(content):
        if key == b"path":
            name = _text(value[:_MAX_NAME])
        elif value.isdigit():
            size = int(value[:20])
    return name, size


def _text(octets: bytes) -> str:
    return octets.split(b"\0", 1)[0].decode("utf-8", "replace")
