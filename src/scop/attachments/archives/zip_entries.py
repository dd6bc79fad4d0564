"""The entries of a zip archive: those of the list at its end, and those that stand before each file.

Standards: PKWARE APPNOTE.TXT 6.3.10 §4.3 (records), §4.4 (fields), §4.5.3 (zip64), §4.6.9 (Unicode path).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

__all__ = ["Archive", "Entry", "local_entry", "read_archive"]

_END = b"PK\5\6"
_END_64 = b"PK\6\6"
_CENTRAL = b"PK\1\2"
_LOCAL = b"PK\3\4"
_END_OCTETS, _CENTRAL_OCTETS, _LOCAL_OCTETS = 22, 46, 30
_MAX_COMMENT = 0xFFFF
_MANY = 0xFFFFFFFF  # "see the zip64 field"
_ENCRYPTED, _DATA_DESCRIPTOR, _UTF_8, _MASKED = 1, 8, 0x800, 0x2000
_AES = 99
_ZIP64, _UNICODE_PATH = 1, 0x7075


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in an archive: where its packed octets lie, and how they are packed."""

    name: str
    method: int
    flags: int
    size: int  # as it is stated
    begin: int  # where its own header begins
    start: int  # where its octets begin
    end: int
    other_name: str = ""  # in the header before it, where that differs from the list's
    other_method: int | None = None
    plain_name: str = ""  # where there is one in Unicode, too, which not all programs look at

    @property
    def is_encrypted(self) -> bool:
        """Whether it needs a password."""
        return bool(self.flags & (_ENCRYPTED | _MASKED)) or self.method == _AES

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder and nothing else."""
        return self.name.endswith(("/", "\\")) and self.end <= self.start

    @property
    def has_open_end(self) -> bool:
        """Whether its length stands behind it only (APPNOTE §4.3.9)."""
        return bool(self.flags & _DATA_DESCRIPTOR) and self.end <= self.start

    def ending_at(self, end: int) -> Entry:
        """Return it with the end that was found."""
        return replace(self, end=end)

    def packed_by_other(self) -> Entry:
        """Return it as the header before it says that it is packed."""
        return replace(self, method=self.other_method or 0)


@dataclass(frozen=True, slots=True)
class Archive:
    """The list at the end of an archive; empty where there is none."""

    entries: tuple[Entry, ...]
    is_broken: bool
    lost: tuple[str, ...] = ()  # names of files that do not stand where the list says
    has_more: bool = False  # files than were read


def read_archive(octets: bytes, max_entries: int) -> Archive:
    """Read the list of an archive as far as `max_entries`; what is wrong in it ends it."""
    end = octets.rfind(_END, max(0, len(octets) - _MAX_COMMENT - _END_OCTETS))
    if end < 0 or end + _END_OCTETS > len(octets):
        return Archive((), is_broken=True)
    count, size, offset = struct.unpack_from("<HII", octets, end + 10)
    if count == 0xFFFF or _MANY in (size, offset):
        count, size, offset, end = _zip64_end(octets, end, (count, size, offset))
    # What stands before the archive moves every place in it: the list ends where its end record begins.
    before = max(0, end - size - offset)
    if octets[before + offset : before + offset + 4] != _CENTRAL:
        before = 0
    entries: list[Entry] = []
    lost: list[str] = []
    position = before + offset
    while (is_one := octets.startswith(_CENTRAL, position)) and len(entries) + len(lost) < max_entries:
        entry, position = _central_entry(octets, position, before)
        if isinstance(entry, Entry):
            entries.append(entry)
        else:
            lost.append(entry)
    is_broken = len(entries) < min(count, max_entries)
    return Archive(tuple(entries), is_broken=is_broken, lost=tuple(lost), has_more=is_one)


def _zip64_end(octets: bytes, end: int, stated: tuple[int, int, int]) -> tuple[int, int, int, int]:
    found = octets.rfind(_END_64, 0, end)
    if found < 0 or found + 56 > len(octets):
        return (*stated, end)
    count, size, offset = struct.unpack_from("<QQQ", octets, found + 32)
    return count, size, offset, found


def _central_entry(octets: bytes, position: int, before: int) -> tuple[Entry | str, int]:
    """Return a file, or only its name where it does not stand where the list says, and where the next one begins."""
    if position + _CENTRAL_OCTETS > len(octets):
        return "", len(octets)
    flags, method = struct.unpack_from("<HH", octets, position + 8)
    packed, size, name_length, extra_length, comment_length = struct.unpack_from("<IIHHH", octets, position + 20)
    offset = int.from_bytes(octets[position + 42 : position + 46], "little")
    name_start = position + _CENTRAL_OCTETS
    raw_name = octets[name_start : name_start + name_length]
    extra = octets[name_start + name_length : name_start + name_length + extra_length]
    size, packed, offset = _zip64_sizes(extra, (size, packed, offset))
    plain_name = _plain_name(raw_name, flags)
    name = _unicode_name(extra) or plain_name
    behind = name_start + name_length + extra_length + comment_length
    begin = before + offset
    local = local_entry(octets, begin, len(octets)) or local_entry(octets, offset, len(octets))
    if local is None:
        return name, behind
    end = min(local.start + packed, len(octets))
    entry = Entry(
        name,
        method,
        flags | (local.flags & _ENCRYPTED),
        size,
        local.begin,
        local.start,
        end,
        other_name=local.name,
        other_method=local.method,
        plain_name=plain_name,
    )
    return entry, behind


def _zip64_sizes(extra: bytes, stated: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return unpacked size, packed size and place, taken from the zip64 field where they are too large (§4.5.3)."""
    if _MANY not in stated:
        return stated
    values = dict(_extra_fields(extra)).get(_ZIP64, b"")
    found, position = [], 0
    for value in stated:
        if value == _MANY and position + 8 <= len(values):
            value = int.from_bytes(values[position : position + 8], "little")
            position += 8
        found.append(value)
    return found[0], found[1], found[2]


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, position)
        yield kind, extra[position + 4 : position + 4 + length]
        position += 4 + length


def _unicode_name(extra: bytes) -> str:
    if not extra:
        return ""
    return dict(_extra_fields(extra)).get(_UNICODE_PATH, b"")[5:].decode("utf-8", "replace")


def _plain_name(raw: bytes, flags: int) -> str:
    try:
        return raw.decode("utf-8")  # programs that do not say so (flag 11) write it too
    except UnicodeDecodeError:
        return raw.decode("cp437" if not flags & _UTF_8 else "utf-8", "replace")


def local_entry(octets: bytes, begin: int, limit: int) -> Entry | None:
    """Return the file whose own header begins at `begin`; None where none does."""
    if octets[begin : begin + 4] != _LOCAL or begin + _LOCAL_OCTETS > limit:
        return None
    flags, method = struct.unpack_from("<HH", octets, begin + 6)
    packed, size, name_length, extra_length = struct.unpack_from("<IIHH", octets, begin + 18)
    name_end = begin + _LOCAL_OCTETS + name_length
    start = name_end + extra_length
    if start > limit:
        return None
    extra = octets[name_end:start]
    size, packed, _ = _zip64_sizes(extra, (size, packed, 0))
    plain_name = _plain_name(octets[begin + _LOCAL_OCTETS : name_end], flags)
    name = _unicode_name(extra) or plain_name
    return Entry(name, method, flags, size, begin, start, min(start + packed, limit))
