"""The bitmap of record types that NSEC and NSEC3 share: which types a name has (RFC 4034 §4.1.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from scop.base import RemoteProtocolError
from scop.dns.rdata.numbers import type_name, type_number

__all__ = ["bitmap_of", "bitmap_types", "check_bitmap"]

BITMAPS_REMEMBERED = 1024  # a zone has few kinds of names; bounded, since peers choose them
MAX_WINDOW_OCTETS = 32


@lru_cache(BITMAPS_REMEMBERED)
def bitmap_types(bitmap: bytes) -> frozenset[str]:
    """Return the types that a bitmap names; raises `RemoteProtocolError` where it is none."""
    return frozenset(map(type_name, _numbers(bitmap)))


@lru_cache(BITMAPS_REMEMBERED)
def check_bitmap(bitmap: bytes) -> None:
    """Raise `RemoteProtocolError` unless the windows fill the bitmap in rising order."""
    position, last = 0, -1
    while position < len(bitmap):
        length = bitmap[position + 1] if position + 1 < len(bitmap) else 0
        if bitmap[position] <= last or not 1 <= length <= MAX_WINDOW_OCTETS or position + 2 + length > len(bitmap):
            raise RemoteProtocolError("a bitmap of types is broken")
        last = bitmap[position]
        position += 2 + length


@lru_cache(BITMAPS_REMEMBERED)
def _bitmap(types: frozenset[str]) -> bytes:
    windows: dict[int, bytearray] = {}
    for number in sorted(map(type_number, types)):
        window = windows.setdefault(number >> 8, bytearray())
        place = (number & 0xFF) >> 3
        window.extend(bytes(place + 1 - len(window)))
        window[place] |= 0x80 >> (number & 7)
    return b"".join(bytes((number, len(window))) + window for number, window in windows.items())


def bitmap_of(types: Iterable[str]) -> bytes:
    """Return the bitmap that names `types`, each window as short as it can be."""
    return _bitmap(frozenset(types))


def _numbers(bitmap: bytes) -> Iterator[int]:
    check_bitmap(bitmap)
    position = 0
    while position < len(bitmap):
        base, length = bitmap[position] << 8, bitmap[position + 1]
        for place, octet in enumerate(bitmap[position + 2 : position + 2 + length]):
            yield from (base | place << 3 | bit for bit in range(8) if octet & 0x80 >> bit)
        position += 2 + length
