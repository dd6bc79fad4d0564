"""Zip archives, in every reading: what the list at the end names, and what stands in the archive without it.

Programs differ: most go by the list at the end, some go through the files from the start, and where both do not
agree each sees another archive. So the list's files are read first, and then the gaps between them.

Standards: PKWARE APPNOTE.TXT 6.3.10.
"""

from __future__ import annotations

import bz2
import lzma
from collections.abc import Iterator

from scop.attachments.archives.locked import locked, opaque
from scop.attachments.archives.pieces import (
    BZIP2_EFFORT,
    DEFLATE_EFFORT,
    LZMA_EFFORT,
    MAX_DICTIONARY_OCTETS,
    decompressed,
    end_of_deflate,
    first_octets,
    inflated,
    sliced,
)
from scop.attachments.archives.raw_lzma import lzma_filter, raw_decoder
from scop.attachments.archives.zip_entries import Archive, Entry, local_entry, read_archive
from scop.attachments.finding import Kind, Severity
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing, shown

__all__ = ["read_zip"]

_LOCAL = b"PK\3\4"
_EFFORTS = {0: 1, 12: BZIP2_EFFORT, 14: LZMA_EFFORT, 95: LZMA_EFFORT}
_ENTRY_EFFORT = 10_000
_MAX_HIDDEN = 200  # files that no list names; more are told by the first of them
_MAX_OVERLAPPING = 3  # files in the same octets that are unpacked all the same


def read_zip(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the files of a zip archive, and how it deceives those who read it in one way only."""
    archive = read_archive(thing.octets, inspection.bounds.names)
    inspection.spend(_ENTRY_EFFORT * (len(archive.entries) + len(archive.lost)))
    entries = sorted(archive.entries, key=lambda entry: entry.start)
    taken: list[tuple[int, int]] = []
    end, overlapping = 0, 0
    for entry in entries:
        if entry.begin < end and not entry.is_folder:
            overlapping += 1
            if overlapping == 1:
                yield _overlapping(thing)
            if overlapping > _MAX_OVERLAPPING:
                continue
        end = max(end, entry.end)
        taken.append((entry.begin, entry.end))
        yield from _read_entry(thing, inspection, entry)
    for name in archive.lost:
        yield thing.only_named(name)
    if not archive.has_more:
        yield from _read_hidden(thing, inspection, archive, taken)
    else:
        reason = f"{thing.where} has more files in it than are looked into."
        yield thing.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason)
    if archive.is_broken and thing.is_whole:
        raise ValueError("a zip archive whose list is cut or wrong")


def _overlapping(thing: Thing) -> Found:
    reason = f"{thing.where} holds many files in the same octets: it is made to fill up whoever opens it."
    return thing.finding(Kind.BOMB, Severity.DANGEROUS, reason)


def _read_entry(thing: Thing, inspection: Inspection, entry: Entry) -> Iterator[Found]:
    if entry.is_folder:
        return
    if entry.is_encrypted:
        yield from locked(thing, entry.name)
        return
    if entry.other_name and entry.other_name != entry.name:
        reason = (
            f"{thing.where} calls a file {shown(entry.name)} in one place and {shown(entry.other_name)} in another."
        )
        yield thing.finding(Kind.AMBIGUOUS, Severity.SUSPICIOUS, reason)
        yield thing.only_named(entry.other_name)
    if entry.plain_name not in ("", entry.name, entry.other_name):
        yield thing.only_named(entry.plain_name)
    yield from _unpacked(thing, inspection, entry)
    if entry.other_method not in (None, entry.method):
        reason = f"{thing.where} says in two ways how {shown(entry.name)} is packed."
        yield thing.finding(Kind.AMBIGUOUS, Severity.SUSPICIOUS, reason)
        yield from _unpacked(thing, inspection, entry.packed_by_other())


def _unpacked(thing: Thing, inspection: Inspection, entry: Entry) -> Iterator[Found]:
    pieces = _pieces(thing.octets, entry)
    if pieces is None:
        yield from opaque(thing, entry.name)
        return
    pieces = inspection.counted(pieces, _EFFORTS.get(entry.method, DEFLATE_EFFORT))
    yield from inspection.unpack(thing, entry.name, pieces, entry.end - entry.start)


def _pieces(octets: bytes, entry: Entry) -> Iterator[bytes] | None:
    start, end = entry.start, entry.end
    match entry.method:  # APPNOTE §4.4.5
        case 0:
            return sliced(octets, start, end)
        case 8:
            return inflated(octets, start, end)
        case 12:
            return decompressed(bz2.BZ2Decompressor(), octets, start, end)
        case 14:
            return _lzma(octets, start, end, entry.size)
        case 95:
            decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_DICTIONARY_OCTETS)
            return decompressed(decoder, octets, start, end)
    return None


def _lzma(octets: bytes, start: int, end: int, size: int) -> Iterator[bytes]:
    """Unpack LZMA, whose properties stand before it (APPNOTE §5.8.8)."""
    length = int.from_bytes(octets[start + 2 : start + 4], "little")
    properties = octets[start + 4 : start + 4 + length]
    yield from first_octets(decompressed(raw_decoder([lzma_filter(properties)]), octets, start + 4 + length, end), size)


def _read_hidden(
    thing: Thing, inspection: Inspection, archive: Archive, taken: list[tuple[int, int]]
) -> Iterator[Found]:
    """Yield the files that stand in the gaps which no list names."""
    octets, count = thing.octets, 0
    for start, end in _gaps(taken, len(octets)):
        position = start
        while count < _MAX_HIDDEN and (position := octets.find(_LOCAL, position, end)) >= 0:
            entry = local_entry(octets, position, end)
            if entry is None:
                position += 4
                continue
            if count == 0 and archive.entries:
                reason = f"{thing.where} holds files that its own list leaves out; some programs see them."
                yield thing.finding(Kind.AMBIGUOUS, Severity.SUSPICIOUS, reason)
            count += 1
            if entry.has_open_end:
                entry = entry.ending_at(
                    _deflated_end(inspection, octets, entry.start, end) if entry.method == 8 else end
                )
            yield from _read_entry(thing, inspection, entry)
            position = max(entry.end, position + 4)


def _deflated_end(inspection: Inspection, octets: bytes, start: int, end: int) -> int:
    found, made = end_of_deflate(octets, start, end)
    inspection.spend(DEFLATE_EFFORT * made)
    return found


def _gaps(taken: list[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    position = 0
    for start, end in sorted(taken):
        if start > position:
            yield position, start
        position = max(position, end)
    if position < size:
        yield position, size
