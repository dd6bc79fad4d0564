"""Single files that were compressed: gzip, bzip2, xz, lzma, lzip and compress.

Several streams may stand behind each other; each is unpacked, and all of them together are what most programs make
of them. What follows the last one is looked into as well.

Standards: RFC 1952 (gzip); the xz file format 1.1; the bzip2 and LZMA_Alone formats of their programs; the lzip
manual, "File format".
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Generator, Iterator
from typing import TypeAlias

from scop.attachments.archives.compress import uncompressed
from scop.attachments.archives.pieces import (
    BZIP2_EFFORT,
    DEFLATE_EFFORT,
    LZMA_EFFORT,
    MAX_DICTIONARY_OCTETS,
    Decompressor,
    decompressed,
    inflated,
)
from scop.attachments.archives.raw_lzma import lzma_filter, raw_decoder
from scop.attachments.finding import Kind, Severity
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing
from scop.attachments.true_types import true_type_of

__all__ = ["read_bzip2", "read_compress", "read_gzip", "read_lzip", "read_lzma", "read_opaque", "read_xz"]

_Unpacked: TypeAlias = Generator[bytes, None, int]

_GZIP_WBITS = 31
_FLAG_EXTRA, _FLAG_NAME = 4, 8
_MAX_NAME = 4_096
_COMPRESS_EFFORT = 1_000  # it is unpacked in Python
_LZIP_TRAILER = 20
_SHORT_FORMS = {"tgz": "tar", "tbz": "tar", "tbz2": "tar", "txz": "tar", "tlz": "tar", "svgz": "svg", "emz": "emf"}
_NO_STREAM = (zlib.error, OSError, lzma.LZMAError, EOFError)


def read_gzip(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the file in a gzip file."""

    def unpacked(octets: bytes, start: int) -> _Unpacked:
        return inflated(octets, start, len(octets), wbits=_GZIP_WBITS)

    name, stated = _without_ending(thing), _gzip_name(thing.octets)
    if stated and stated != name:  # some programs go by the one, some by the other
        yield thing.only_named(name)
    yield from _read(thing, inspection, unpacked, stated or name, DEFLATE_EFFORT)


def read_bzip2(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the file in a bzip2 file."""
    yield from _read(thing, inspection, _decoding(bz2.BZ2Decompressor), _without_ending(thing), BZIP2_EFFORT)


def read_xz(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the file in an xz file."""
    yield from _read(thing, inspection, _decoding(_xz_decoder), _without_ending(thing), LZMA_EFFORT)


def read_lzma(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the file in an lzma file."""
    yield from _read(thing, inspection, _decoding(_lzma_decoder), _without_ending(thing), LZMA_EFFORT)


def read_lzip(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the file in an lzip file."""

    def unpacked(octets: bytes, start: int) -> _Unpacked:
        if octets[start : start + 4] != b"LZIP":
            raise EOFError("no more members")
        size = octets[start + 5]
        dictionary = (1 << (size & 0x1F)) - ((1 << (size & 0x1F)) // 16) * (size >> 5)
        properties = b"\x5d" + dictionary.to_bytes(8, "little")[:4]
        end = yield from decompressed(raw_decoder([lzma_filter(properties)]), octets, start + 6, len(octets))
        return end + _LZIP_TRAILER

    yield from _read(thing, inspection, unpacked, _without_ending(thing), LZMA_EFFORT)


def read_compress(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the file in a compress file."""
    pieces = inspection.counted(uncompressed(thing.octets), _COMPRESS_EFFORT)
    yield from inspection.unpack(thing, _without_ending(thing), pieces, len(thing.octets))


def read_opaque(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Say of what we have no reader for that it was not looked into."""
    noun = true_type_of(thing).value
    reason = f"{thing.where} is {noun}, which cannot be looked into here."
    yield thing.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason)
    yield thing.only_named(_without_ending(thing))


def _xz_decoder() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_DICTIONARY_OCTETS)


def _lzma_decoder() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MAX_DICTIONARY_OCTETS)


def _decoding(decoder: Callable[[], Decompressor]) -> Callable[[bytes, int], _Unpacked]:
    def unpacked(octets: bytes, start: int) -> _Unpacked:
        return decompressed(decoder(), octets, start, len(octets))

    return unpacked


def _read(
    thing: Thing, inspection: Inspection, unpacked: Callable[[bytes, int], _Unpacked], name: str, effort: int
) -> Iterator[Found]:
    octets = thing.octets
    behind = [len(octets)]

    def pieces() -> Iterator[bytes]:
        position = yield from unpacked(octets, 0)
        while position < len(octets):
            behind[0] = position
            try:
                position = yield from unpacked(octets, position)
            except _NO_STREAM:  # padding or something else: no stream begins there
                return
        behind[0] = position

    yield from inspection.unpack(thing, name, inspection.counted(pieces(), effort), len(octets))
    rest = octets[behind[0] :].strip(b"\0")
    if rest and not octets.startswith(rest[:6]):
        yield thing.inside(octets[behind[0] :], f"what follows {name}")


def _gzip_name(octets: bytes) -> str:
    """Return the name that a gzip header states (RFC 1952 §2.3.1)."""
    if len(octets) < 12 or not octets[3] & _FLAG_NAME:
        return ""
    start = 10
    if octets[3] & _FLAG_EXTRA:
        start += 2 + int.from_bytes(octets[10:12], "little")
    end = octets.find(b"\0", start, start + _MAX_NAME)
    return octets[start:end].decode("latin-1") if end >= 0 else ""


def _without_ending(thing: Thing) -> str:
    stem, dot, _ = thing.name.rpartition(".")
    if not dot:
        return thing.name or "its content"
    longer = _SHORT_FORMS.get(thing.ending)
    return f"{stem}.{longer}" if longer else stem
