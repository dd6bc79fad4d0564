"""Files as old Macs sent them: BinHex, MacBinary, AppleSingle.

Standards: RFC 1740 (AppleSingle, AppleDouble), RFC 1741 (BinHex 4.0); the MacBinary II specification.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scop.attachments.thing import Found, Thing
from scop.mime.transfer import decode_base64

if TYPE_CHECKING:  # what a thing is can be told without an inspection
    from scop.attachments.inspection import Inspection

__all__ = ["is_mac_binary", "read_apple_file", "read_binhex", "read_mac_binary"]

_BINHEX_DIGITS = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
_BASE64_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_AS_BASE64 = bytes.maketrans(_BINHEX_DIGITS, _BASE64_DIGITS)
_DATA_FORK, _RESOURCE_FORK, _REAL_NAME = 1, 2, 3
_FORKS = (_DATA_FORK, _RESOURCE_FORK, _REAL_NAME)
_MAX_FORKS, _MAX_NAME = 8, 1_024
_MAC_HEADER = 128


def read_binhex(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the file in a BinHex file (RFC 1741, appendix A)."""
    octets = thing.octets
    begin = octets.index(b":", octets.index(b"with BinHex"))
    digits = octets[begin + 1 :].partition(b":")[0]
    packed = decode_base64(b"".join(digits.split()).translate(_AS_BASE64))
    plain = _without_runs(packed, inspection.room_octets)
    name_size = plain[0]
    name = plain[1 : 1 + name_size].decode("mac_roman")
    at = 2 + name_size
    data_size, resource_size = struct.unpack_from(">II", plain, at + 10)
    start = at + 20
    yield thing.inside(plain[start : start + data_size], name)
    if resource_size:
        behind = start + data_size + 2
        yield thing.inside(plain[behind : behind + resource_size], f"the resources of {name}")


def _without_runs(octets: bytes, room: int) -> bytes:
    """Undo the runs of BinHex: 0x90 and a count repeat the octet before, 0x90 0x00 is 0x90 itself."""
    pieces: list[bytes] = []
    size, position = 0, 0
    last = b""
    while (found := octets.find(b"\x90", position)) >= 0 and size < room:
        count = octets[found + 1] if found + 1 < len(octets) else 0
        before = octets[position:found]
        last = before[-1:] or last
        piece = before + (last * (count - 1) if count else b"\x90")
        last = last if count else b"\x90"
        pieces.append(piece)
        size += len(piece)
        position = found + 2
    return b"".join([*pieces, octets[position:]])


def read_apple_file(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the forks of a file (RFC 1740, appendix B)."""
    octets = thing.octets
    (count,) = struct.unpack_from(">H", octets, 24)
    entries = [struct.unpack_from(">III", octets, 26 + 12 * index) for index in range(count)]
    spans = {(ident, offset, offset + length) for ident, offset, length in entries if ident in _FORKS and length}
    if len(spans) > _MAX_FORKS:  # each ident stands once; it is not asked how often the same octets are copied
        raise ValueError("a file with more forks than there are")
    names = [octets[start : min(end, start + _MAX_NAME)] for ident, start, end in spans if ident == _REAL_NAME]
    name = names[0].decode("utf-8", "replace") if names else thing.name
    for ident, start, end in sorted(spans):
        if ident != _REAL_NAME:
            yield thing.inside(octets[start:end], name if ident == _DATA_FORK else f"the resources of {name}")


def is_mac_binary(octets: bytes) -> bool:
    """Tell whether a MacBinary header begins here: it has no mark, but several octets that are zero and sizes."""
    if len(octets) < _MAC_HEADER or octets[0] or octets[74] or octets[82] or not 1 <= octets[1] <= 63:
        return False
    sizes = (int.from_bytes(octets[start : start + 4], "big") for start in (83, 87))
    padded = sum([size + -size % _MAC_HEADER for size in sizes])
    return 0 < padded < len(octets) < padded + 4 * _MAC_HEADER


def read_mac_binary(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the forks of a file."""
    octets = thing.octets
    name = octets[2 : 2 + octets[1]].decode("mac_roman")
    data_size, resource_size = struct.unpack_from(">II", octets, 83)
    yield thing.inside(octets[_MAC_HEADER : _MAC_HEADER + data_size], name)
    start = _MAC_HEADER + data_size + -data_size % _MAC_HEADER
    if resource_size:
        yield thing.inside(octets[start : start + resource_size], f"the resources of {name}")
