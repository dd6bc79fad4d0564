"""7z archives: their list, and what LZMA, LZMA2, bzip2, deflate and plain copies hold in them.

Files that were packed as one stream are taken from it one by one; where the bounds end one of them, the others
behind it cannot be had, and that is said.

Standards: the 7-Zip source distribution, DOC/7zFormat.txt and DOC/Methods.txt.
"""

from __future__ import annotations

import bz2
import lzma
from collections.abc import Iterator, Mapping

from scop.attachments.archives.locked import locked, opaque
from scop.attachments.archives.pieces import (
    BZIP2_EFFORT,
    DEFLATE_EFFORT,
    LZMA_EFFORT,
    decompressed,
    first_octets,
    inflated,
    sliced,
)
from scop.attachments.archives.raw_lzma import lzma2_filter, lzma_filter, raw_decoder
from scop.attachments.archives.seven_zip_list import Coder, Folder, Listing, read_listing
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing

__all__ = ["read_seven_zip"]

_HEADER_OCTETS = 32
_AES = b"\x06\xf1\x07\x01"
_DELTA = b"\3"
_BRANCHES = {
    b"\3\3\1\3": lzma.FILTER_X86,
    b"\4": lzma.FILTER_X86,
    b"\3\3\2\5": lzma.FILTER_POWERPC,
    b"\5": lzma.FILTER_POWERPC,
    b"\3\3\4\1": lzma.FILTER_IA64,
    b"\6": lzma.FILTER_IA64,
    b"\3\3\5\1": lzma.FILTER_ARM,
    b"\7": lzma.FILTER_ARM,
    b"\3\3\7\1": lzma.FILTER_ARMTHUMB,
    b"\x08": lzma.FILTER_ARMTHUMB,
    b"\3\3\x08\5": lzma.FILTER_SPARC,
    b"\x09": lzma.FILTER_SPARC,
}
_FIRST_CHUNK, _NEXT_CHUNK, _CHUNK = b"\1", b"\2", 1 << 16  # of LZMA2, not packed
_EFFORTS = {b"\0": 1, b"\4\1\x08": DEFLATE_EFFORT, b"\4\2\2": BZIP2_EFFORT}
_MAX_LIST_OCTETS = 8 << 20
_MAX_ENCODED = 4  # lists within lists


def read_seven_zip(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the files of a 7z archive."""
    octets = thing.octets
    offset, size = (int.from_bytes(octets[start : start + 8], "little") for start in (12, 20))
    header = octets[_HEADER_OCTETS + offset : _HEADER_OCTETS + offset + size]
    if not size:
        return
    for _ in range(_MAX_ENCODED):
        listing = read_listing(header, _HEADER_OCTETS)
        if not listing.is_encoded:
            yield from _read_files(thing, inspection, listing)
            return
        folder = listing.folders[0]
        if _is_locked(folder):
            yield from locked(thing)
            return
        header = _whole(octets, folder, inspection)
    raise ValueError("a list within lists")


def _whole(octets: bytes, folder: Folder, inspection: Inspection) -> bytes:
    pieces = _stream(octets, folder, inspection)
    if pieces is None or folder.size > _MAX_LIST_OCTETS:
        raise ValueError("a list that is packed as no list is")
    return b"".join(_Solid(pieces).take(folder.size))


def _is_locked(folder: Folder) -> bool:
    return any(coder.method == _AES for coder in folder.coders)


def _read_files(thing: Thing, inspection: Inspection, listing: Listing) -> Iterator[Found]:
    names = iter([name for name, is_empty in zip(listing.names, listing.is_empty, strict=False) if not is_empty])
    for folder in listing.folders:
        here = [(next(names, ""), size) for size in folder.file_sizes]
        if _is_locked(folder):
            for name, _ in here:
                yield from locked(thing, name)
        else:
            yield from _read_folder(thing, inspection, folder, here)


def _read_folder(thing: Thing, inspection: Inspection, folder: Folder, files: list[tuple[str, int]]) -> Iterator[Found]:
    pieces = _stream(thing.octets, folder, inspection)
    solid = _Solid(pieces) if pieces is not None else None
    for name, size in files:
        if solid is None:
            yield from opaque(thing, name)
            continue
        yield from inspection.unpack(thing, name, solid.take(size), folder.end - folder.start)
        if not solid.is_at_boundary:
            solid = None


class _Solid:
    """A stream with files one behind the other."""

    __slots__ = ("_left", "_pieces", "_rest")

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""
        self._left = 0

    @property
    def is_at_boundary(self) -> bool:
        """Whether the last file was taken to its end."""
        return self._left == 0

    def take(self, size: int) -> Iterator[bytes]:
        """Yield the next `size` octets."""
        self._left = size
        while self._left > 0:
            if not self._rest:
                self._rest = self._next()
            piece = self._rest[: self._left]
            self._rest = self._rest[len(piece) :]
            self._left -= len(piece)
            yield piece

    def _next(self) -> bytes:
        piece = next(self._pieces, None)
        if piece is None:
            raise EOFError("a stream ends before its files")
        return piece


def _stream(octets: bytes, folder: Folder, inspection: Inspection) -> Iterator[bytes] | None:
    """Return what a folder unpacks to; None where its methods are not known here."""
    coders = folder.coders
    if any(coder.inputs != 1 or coder.outputs != 1 for coder in coders) or folder.packed_streams != 1:
        return None
    *filters, packer = _in_order(folder)
    pieces = _unpacked(packer, octets, folder)
    if pieces is not None:
        pieces = inspection.counted(pieces, _EFFORTS.get(packer.method, LZMA_EFFORT))
    for coder in reversed(filters):
        one = _filter(coder)
        if one is None or pieces is None:
            return None
        pieces = _filtered(first_octets(pieces, folder.size), one)
    return pieces


def _unpacked(coder: Coder, octets: bytes, folder: Folder) -> Iterator[bytes] | None:
    start, end = folder.start, folder.end
    match coder.method:
        case b"\0":  # a copy
            return sliced(octets, start, end)
        case b"\3\1\1":
            return decompressed(raw_decoder([lzma_filter(coder.properties)]), octets, start, end)
        case b"\x21":
            return decompressed(raw_decoder([lzma2_filter(coder.properties)]), octets, start, end)
        case b"\4\1\x08":  # deflate
            return inflated(octets, start, end)
        case b"\4\2\2":
            return decompressed(bz2.BZ2Decompressor(), octets, start, end)
    return None


def _filtered(pieces: Iterator[bytes], one: Mapping[str, int]) -> Iterator[bytes]:
    """Yield what a filter makes of pieces.

    It runs within a decoder of LZMA2 that is handed the pieces as chunks which are not packed: LZMA itself never says
    that it ends, and then a filter keeps its last octets for ever.
    """
    decoder = raw_decoder([one, {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}])
    control = _FIRST_CHUNK
    for piece in pieces:
        for start in range(0, len(piece), _CHUNK):
            chunk = piece[start : start + _CHUNK]
            yield decoder.decompress(control + (len(chunk) - 1).to_bytes(2, "big") + chunk)
            control = _NEXT_CHUNK
    yield decoder.decompress(b"\0")


def _in_order(folder: Folder) -> list[Coder]:
    """Return the coders from the one that gives the files to the one that takes the packed octets."""
    feeding = dict(folder.bound)
    fed = {output for _, output in folder.bound}
    position = next((index for index in range(len(folder.coders)) if index not in fed), 0)
    chain = [folder.coders[position]]
    while position in feeding and len(chain) < len(folder.coders):
        position = feeding[position]
        chain.append(folder.coders[position])
    return chain


def _filter(coder: Coder) -> Mapping[str, int] | None:
    if coder.method == _DELTA:
        return {"id": lzma.FILTER_DELTA, "dist": (coder.properties or b"\0")[0] + 1}
    branch = _BRANCHES.get(coder.method)
    return None if branch is None else {"id": branch}
