"""Octets unpacked piece by piece, so that whoever counts them can stop.

Standards: RFC 1950, RFC 1951, RFC 1952 (deflate, gzip); bzip2; xz.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator
from typing import Protocol

__all__ = [
    "BZIP2_EFFORT",
    "DEFLATE_EFFORT",
    "LZMA_EFFORT",
    "MAX_DICTIONARY_OCTETS",
    "Decompressor",
    "decompressed",
    "end_of_deflate",
    "first_octets",
    "inflated",
    "sliced",
]

PIECE_OCTETS = 1 << 16
# What an octet costs that they give, as `Inspection.spend` counts.
DEFLATE_EFFORT, LZMA_EFFORT, BZIP2_EFFORT = 5, 25, 80
_RAW_DEFLATE = -15
# What a decoder of LZMA may hold as its dictionary: archives of mail size have 16 MiB and less.
MAX_DICTIONARY_OCTETS = 33 << 20


def sliced(octets: bytes, start: int, end: int) -> Iterator[bytes]:
    """Yield what lies between two places."""
    end = min(end, len(octets))
    for position in range(start, end, PIECE_OCTETS):
        yield octets[position : min(position + PIECE_OCTETS, end)]


def inflated(octets: bytes, start: int, end: int, *, wbits: int = _RAW_DEFLATE) -> Generator[bytes, None, int]:
    """Yield what one deflate stream unpacks to, which begins at `start`; return where it ends.

    Octets that run out before the stream ends raise `EOFError`, after what they gave.
    """
    decoder, position, end = zlib.decompressobj(wbits), start, min(end, len(octets))
    while not decoder.eof:
        packed = decoder.unconsumed_tail
        if not packed:
            if position >= end:
                raise EOFError("a deflate stream is cut")
            packed = octets[position : min(position + PIECE_OCTETS, end)]
            position += len(packed)
        piece = decoder.decompress(packed, PIECE_OCTETS)
        if piece:
            yield piece
    return position - len(decoder.unused_data)


def end_of_deflate(octets: bytes, start: int, end: int) -> tuple[int, int]:
    """Return where the deflate stream ends that begins at `start`, and how many octets it gave.

    Where that cannot be told in bounds it is `end`.
    """
    pieces, made = inflated(octets, start, end), 0
    while made < MAX_DICTIONARY_OCTETS:
        try:
            made += len(next(pieces))
        except StopIteration as stop:
            return int(stop.value), made
        except (EOFError, zlib.error):
            break
    return end, made


class Decompressor(Protocol):
    """What bz2 and lzma call a decompressor."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without more octets."""

    @property
    def unused_data(self) -> bytes:
        """What was handed in from behind the end."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return what can be had now, at most `max_length` octets."""


def decompressed(decoder: Decompressor, octets: bytes, start: int, end: int) -> Generator[bytes, None, int]:
    """Yield what one stream unpacks to, and return where it ends.

    Octets that run out before its end raise `EOFError`, after what they gave.
    """
    position, end = start, min(end, len(octets))
    while not decoder.eof:
        packed = b""
        if decoder.needs_input:
            if position >= end:
                raise EOFError("a compressed stream is cut")
            packed = octets[position : min(position + PIECE_OCTETS, end)]
            position += len(packed)
        piece = decoder.decompress(packed, PIECE_OCTETS)
        if piece:
            yield piece
    return position - len(decoder.unused_data)


def first_octets(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Yield no more than `size` octets of what comes; a stream that knows no end of its own ends so."""
    left = size
    while left > 0 and (piece := next(pieces, None)) is not None:
        yield piece[:left]
        left -= len(piece)
