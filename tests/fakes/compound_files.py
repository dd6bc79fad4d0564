"""Writes compound files (MS-CFB), VBA projects and other small documents as senders of bad mail make them."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

__all__ = ["Storage", "compound_file", "office_package", "packed_vba", "vba_project"]

_SECTOR = 512
_END, _FREE, _FAT, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
_SMALL = 4_096  # shorter streams would stand in the mini stream; they are padded instead


@dataclass(frozen=True)
class Storage:
    """A folder: streams by name, folders by name, and its class."""

    streams: Mapping[str, bytes] = field(default_factory=dict)
    storages: Mapping[str, Storage] = field(default_factory=dict)
    clsid: str = ""


def compound_file(root: Storage) -> bytes:
    """Return the octets of a compound file, version 3."""
    entries: list[bytes] = []
    sectors: list[bytes] = []
    chains: list[int] = []

    def add_stream(octets: bytes) -> int:
        start = len(sectors)
        padded = octets.ljust(_SMALL, b"\0")
        pieces = [padded[at : at + _SECTOR].ljust(_SECTOR, b"\0") for at in range(0, len(padded), _SECTOR)]
        sectors.extend(pieces)
        chains.extend([*range(start + 1, start + len(pieces)), _END])
        return start

    def add_entry(name: str, kind: int, clsid: str, start: int, size: int) -> int:
        encoded = (name + "\0").encode("utf-16-le")
        links = struct.pack("<III", _NONE, _NONE, _NONE)
        guid = _guid(clsid) if clsid else bytes(16)
        head = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded), kind, 1)
        entries.append(head + links + guid + bytes(20) + struct.pack("<IQ", start, size))
        return len(entries) - 1

    def link(number: int, *, right: int | None = None, child: int | None = None) -> None:
        entry = bytearray(entries[number])
        if right is not None:
            entry[72:76] = struct.pack("<I", right)
        if child is not None:
            entry[76:80] = struct.pack("<I", child)
        entries[number] = bytes(entry)

    def add_storage(name: str, storage: Storage, kind: int) -> int:
        number = add_entry(name, kind, storage.clsid, _END if kind == 5 else 0, 0)
        kids = [add_storage(known, inner, 1) for known, inner in storage.storages.items()]
        for known, octets in storage.streams.items():
            kids.append(add_entry(known, 2, "", add_stream(octets), max(len(octets), _SMALL)))
        if kids:
            link(number, child=kids[0])
        for left, right in pairwise(kids):
            link(left, right=right)
        return number

    add_storage("Root Entry", root, 5)
    directory = b"".join(entries)
    directory_start = add_stream(directory.ljust(-(-len(directory) // _SECTOR) * _SECTOR, b"\0"))
    fat_count = -(-(len(chains) + 1) // 127)
    fat_start = len(chains)
    fat = [*chains, *[_FAT] * fat_count]
    fat += [_FREE] * (fat_count * 128 - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, fat_count, directory_start, 0, _SMALL, _END, 0, _END, 0)
    difat = [*range(fat_start, fat_start + fat_count)]
    header += struct.pack("<109I", *difat, *[_FREE] * (109 - len(difat)))
    return header + b"".join(sectors) + struct.pack(f"<{len(fat)}I", *fat)


def _guid(text: str) -> bytes:
    first, second, third, rest = text.split("-", 3)
    start = struct.pack("<IHH", int(first, 16), int(second, 16), int(third, 16))
    return start + bytes.fromhex(rest.replace("-", ""))


def packed_vba(source: bytes) -> bytes:
    """Return a source compressed as MS-OVBA §2.4.1 has it: copies are looked for in the simplest way."""
    out = bytearray(b"\x01")
    for start in range(0, len(source), 4_096):
        chunk = _packed_chunk(source[start : start + 4_096])
        if len(chunk) > 4_096:  # cannot be packed
            out += b"\xff\x3f" + source[start : start + 4_096].ljust(4_096, b"\0")
            continue
        out += struct.pack("<H", 0xB000 | (len(chunk) + 2 - 3)) + chunk
    return bytes(out)


def _packed_chunk(piece: bytes) -> bytes:
    out, position = bytearray(), 0
    while position < len(piece):
        flags, tokens = 0, bytearray()
        for bit in range(8):
            if position >= len(piece):
                break
            offset_bits = max((position - 1).bit_length(), 4) if position else 4
            found = piece.rfind(piece[position : position + 4], 0, position) if position else -1
            if found >= 0 and len(piece) - position >= 4 and position - found <= 1 << offset_bits:
                flags |= 1 << bit
                tokens += struct.pack("<H", (position - found - 1) << (16 - offset_bits) | 1)
                position += 4
            else:
                tokens.append(piece[position])
                position += 1
        out.append(flags)
        out += tokens
    return bytes(out)


def vba_project(source: str, *, compiled: bytes = b"", begins_usually: bool = True) -> Storage:
    """Return the folders of a project with one module; `compiled` is what its compiled form holds."""
    text = ('Attribute VB_Name = "Module1"\r\n' if begins_usually else "") + source
    cache = b"\x01\x16\x01\0" + bytes(60)
    records = b"\x1a\0\x07\0\0\0Module1" + b"\x31\0\4\0\0\0" + struct.pack("<I", len(cache))
    module = cache + (packed_vba(text.encode("cp1252")) if source else b"")
    streams = {"dir": packed_vba(records), "Module1": module, "_VBA_PROJECT": b"\xcc\x61\xff\xff" + compiled}
    return Storage(storages={"VBA": Storage(streams)})


def office_package(parts: Mapping[str, bytes | str]) -> bytes:
    """Return a package with these parts and a list of content types."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", '<?xml version="1.0"?><Types/>')
        for name, content in parts.items():
            package.writestr(name, content)
    return out.getvalue()
