"""The list of a 7z archive: its folders (streams that hold files one behind the other) and the files' names.

Standards: the 7-Zip source distribution, DOC/7zFormat.txt.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from scop.base.cursor import Cursor

__all__ = ["Coder", "Folder", "Listing", "read_listing"]

_END, _HEADER, _PROPERTIES, _ADDITIONAL, _MAIN, _FILES, _PACK, _UNPACK, _SUBSTREAMS = range(9)
_SIZE, _CRC, _FOLDER, _CODERS_SIZE, _COUNT, _EMPTY_STREAM, _EMPTY_FILE, _ANTI, _NAMES = range(9, 18)
_MAX_FILES = 50_000
_MAX_FOLDERS = 10_000
_MAX_CODERS = 16


@dataclass(frozen=True, slots=True)
class Coder:
    """One step of unpacking."""

    method: bytes
    properties: bytes
    inputs: int
    outputs: int


@dataclass(slots=True)
class Folder:
    """A stream: where its packed octets lie, the steps to unpack it, and the sizes of the files in it."""

    coders: tuple[Coder, ...]
    bound: tuple[tuple[int, int], ...]  # an input, and the output that feeds it
    packed_streams: int
    sizes: list[int] = field(default_factory=list)  # of each output
    start: int = 0
    end: int = 0
    file_sizes: list[int] = field(default_factory=list)
    has_crc: bool = False

    @property
    def size(self) -> int:
        """How long the whole stream is."""
        fed = {output for _, output in self.bound}
        free = [size for output, size in enumerate(self.sizes) if output not in fed]
        return free[-1] if free else 0


@dataclass(slots=True)
class Listing:
    """What a header says; `names` are those of all files, and `is_empty` tells which have no stream."""

    folders: list[Folder] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    is_empty: list[bool] = field(default_factory=list)
    is_encoded: bool = False  # the list itself is in the one folder


def read_listing(octets: bytes, packed_start: int) -> Listing:
    """Read a header; what no header can say raises `ValueError`."""
    cursor = Cursor(octets)
    kind = cursor.u8()
    listing = Listing(is_encoded=kind == 0x17)
    if kind == 0x17:
        _read_streams(cursor, listing, packed_start)
        return listing
    if kind != _HEADER:
        raise ValueError("not a header of 7z")
    while (section := cursor.u8()) != _END:
        if section == _MAIN:
            _read_streams(cursor, listing, packed_start)
        elif section == _FILES:
            _read_files(cursor, listing)
        elif section == _PROPERTIES:
            while cursor.u8() != _END:
                cursor.take(_number(cursor))
        else:
            raise ValueError("a section that no list of 7z has")
    return listing


def _number(cursor: Cursor) -> int:
    """Return a number: the first octet tells by its high bits how many follow."""
    first, mask, value = cursor.u8(), 0x80, 0
    for shift in range(8):
        if not first & mask:
            return value | (first & (mask - 1)) << (8 * shift)
        value |= cursor.u8() << (8 * shift)
        mask >>= 1
    return value


def _count(cursor: Cursor, limit: int) -> int:
    value = _number(cursor)
    if value > limit:
        raise ValueError(f"{value} of what an archive has {limit} at most")
    return value


def _bits(cursor: Cursor, count: int) -> list[bool]:
    octets = cursor.take((count + 7) // 8)
    return [bool(octets[index >> 3] & (0x80 >> (index & 7))) for index in range(count)]


def _digests(cursor: Cursor, count: int) -> list[bool]:
    defined = [True] * count if cursor.u8() else _bits(cursor, count)
    cursor.take(4 * sum(defined))
    return defined


def _read_streams(cursor: Cursor, listing: Listing, packed_start: int) -> None:
    packed: list[int] = []
    start, has_substreams = packed_start, False
    while (section := cursor.u8()) != _END:
        if section == _PACK:
            start += _number(cursor)
            packed = _read_packed(cursor)
        elif section == _UNPACK:
            listing.folders = _read_folders(cursor)
        elif section == _SUBSTREAMS:
            _read_substreams(cursor, listing.folders)
            has_substreams = True
        else:
            raise ValueError("a section that no streams of 7z have")
    index = 0
    for folder in listing.folders:
        folder.start = start + sum(packed[:index])
        folder.end = folder.start + sum(packed[index : index + folder.packed_streams])
        index += folder.packed_streams
        if not has_substreams:
            folder.file_sizes = [folder.size]


def _read_packed(cursor: Cursor) -> list[int]:
    count = _count(cursor, _MAX_FOLDERS)
    sizes: list[int] = []
    while (section := cursor.u8()) != _END:
        if section == _SIZE:
            sizes = [_number(cursor) for _ in range(count)]
        elif section == _CRC:
            _digests(cursor, count)
        else:
            raise ValueError("a section that no packed streams have")
    return sizes


def _read_folders(cursor: Cursor) -> list[Folder]:
    if cursor.u8() != _FOLDER:
        raise ValueError("folders were to come")
    count = _count(cursor, _MAX_FOLDERS)
    if cursor.u8():
        raise ValueError("folders that stand elsewhere")
    folders = [_read_folder(cursor) for _ in range(count)]
    if cursor.u8() != _CODERS_SIZE:
        raise ValueError("sizes were to come")
    for folder in folders:
        folder.sizes = [_number(cursor) for coder in folder.coders for _ in range(coder.outputs)]
    while (section := cursor.u8()) != _END:
        if section != _CRC:
            raise ValueError("a section that no folders have")
        for folder, has_crc in zip(folders, _digests(cursor, count), strict=True):
            folder.has_crc = has_crc
    return folders


def _read_folder(cursor: Cursor) -> Folder:
    coders = tuple([_read_coder(cursor) for _ in range(_count(cursor, _MAX_CODERS))])
    inputs, outputs = sum(coder.inputs for coder in coders), sum(coder.outputs for coder in coders)
    bound = tuple([(_number(cursor), _number(cursor)) for _ in range(outputs - 1)])
    packed = inputs - len(bound)
    if packed > 1:
        for _ in range(packed):
            _number(cursor)
    return Folder(coders, bound, packed)


def _read_coder(cursor: Cursor) -> Coder:
    flags = cursor.u8()
    method = cursor.take(flags & 0x0F)
    inputs, outputs = 1, 1
    if flags & 0x10:
        inputs, outputs = _count(cursor, _MAX_CODERS), _count(cursor, _MAX_CODERS)
    properties = cursor.take(_number(cursor)) if flags & 0x20 else b""
    return Coder(method, properties, inputs, outputs)


def _read_substreams(cursor: Cursor, folders: list[Folder]) -> None:
    counts = [1] * len(folders)
    section = cursor.u8()
    if section == _COUNT:
        counts = [_count(cursor, _MAX_FILES) for _ in folders]
        section = cursor.u8()
    if sum(counts) > _MAX_FILES:
        raise ValueError("more files than are looked at")
    for folder, count in zip(folders, counts, strict=True):
        sizes = [_number(cursor) for _ in range(count - 1)] if section == _SIZE else []
        folder.file_sizes = [*sizes, folder.size - sum(sizes)] if count else []
    if section == _SIZE:
        section = cursor.u8()
    while section != _END:
        if section != _CRC:
            raise ValueError("a section that no files in streams have")
        known = zip(folders, counts, strict=True)
        _digests(cursor, sum(count for folder, count in known if not (count == 1 and folder.has_crc)))
        section = cursor.u8()


def _read_files(cursor: Cursor, listing: Listing) -> None:
    count = _count(cursor, _MAX_FILES)
    listing.is_empty = [False] * count
    while (kind := cursor.u8()) != _END:
        inside = Cursor(cursor.take(_number(cursor)))
        if kind == _EMPTY_STREAM:
            listing.is_empty = _bits(inside, count)
        elif kind == _NAMES and not inside.u8():
            text = inside.rest().decode("utf-16-le", "replace")
            listing.names = text.split("\0")[:count]
