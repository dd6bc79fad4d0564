"""Takes a report out of its gzip or zip, and puts one into gzip: bounded, one member, names unread.

A deflated octet can stand for a thousand, so what comes out is counted while it comes. A zip holds exactly one
member from its first octet on; where it says twice how long that is, both must say the same, and the directory must
follow at once. So no two readers can see different members, and none can lie upon another.

Standards: RFC 1952 (gzip), RFC 1950 and RFC 1951 by zlib, APPNOTE.TXT 6.3 §4.3 (zip); RFC 9990 §3.1 (compression).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from scop.base import LimitExceeded, RemoteProtocolError
from scop.reports.limits import Limits

__all__ = ["is_packed", "pack_gzip", "unpack"]

MAX_GZIP_MEMBERS = 16  # RFC 1952 §2.2 allows several; a report is one
_FREE_OCTETS = 1_048_576  # that any packed report may inflate to, however well it packs
_STEP = 65_536  # octets that are inflated at once
_GZIP = b"\x1f\x8b"
_ZIP_MEMBER = b"PK\x03\x04"
_ZIP_END = b"PK\x05\x06"
_MEMBER_MARK, _DIRECTORY_MARK = 0x04034B50, 0x02014B50
_MEMBER = struct.Struct("<L2xHH4xLLLHH")  # flags, method, checksum, packed, inflated, name, extra
_DIRECTORY = struct.Struct("<L4xHH4xLLLHHHHxxxxxxL")  # the same, comment, disk, and where the member lies
_END = struct.Struct("<LHHHHLLH")  # disks and entries, then size and place of the directory, comment
_ENCRYPTED = 0x2041  # bits 0, 6 and 13
_SIZES_FOLLOW = 0x0008  # bit 3
_ZIP64 = 0xFFFFFFFF  # a size that stands elsewhere
_DESCRIPTORS = (0, 12, 16)  # octets between a member and the directory where the sizes follow


def is_packed(octets: bytes) -> bool:
    """Tell whether `octets` begin as gzip or zip does."""
    return octets.startswith((_GZIP, _ZIP_MEMBER, _ZIP_END))


def unpack(octets: bytes, limits: Limits) -> bytes:
    """Return what is packed in `octets`, which `is_packed`."""
    return _gunzip(octets, limits) if octets.startswith(_GZIP) else _unzip(octets, limits)


def pack_gzip(octets: bytes) -> bytes:
    """Return `octets` as gzip: without a name or a time, so that the same report is always the same file."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(octets) + packer.flush()


def _gunzip(octets: bytes, limits: Limits) -> bytes:
    found: list[bytes] = []
    inflated = 0
    rest = octets
    for _ in range(MAX_GZIP_MEMBERS):
        content, rest = _inflate(rest, 31, limits, len(octets), inflated)
        found.append(content)
        inflated += len(content)
        if not rest.startswith(_GZIP):
            break
    else:
        raise LimitExceeded(f"gzip: at most {MAX_GZIP_MEMBERS} members are read")
    # Lenient: RFC 1952 has nothing behind the last member; some append a line end or zeros.
    if rest.strip(b"\r\n\0"):
        raise RemoteProtocolError(f"{len(rest)} octets stand behind the gzip")
    return b"".join(found)


def _inflate(octets: bytes, window: int, limits: Limits, packed: int, before: int) -> tuple[bytes, bytes]:
    """Return one deflated stream, and what stands behind it; `before` octets came out of `packed` ones already."""
    allowed = min(limits.inflated_octets, max(_FREE_OCTETS, packed * limits.inflation)) - before
    inflater = zlib.decompressobj(window)
    found: list[bytes] = []
    pending = octets
    try:
        while not inflater.eof:
            chunk = inflater.decompress(pending, _STEP)
            pending = inflater.unconsumed_tail
            if not chunk and not pending and not inflater.eof:
                raise RemoteProtocolError("what is packed ends too early")
            found.append(chunk)
            allowed -= len(chunk)
            if allowed < 0:
                raise LimitExceeded(
                    f"inflated: at most {limits.inflated_octets} octets and {limits.inflation} times the packed ones"
                )
    except zlib.error as error:
        raise RemoteProtocolError(f"what is packed is broken: {error}") from error
    return b"".join(found), inflater.unused_data


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the directory of a zip says of its only member."""

    method: int
    checksum: int
    packed: int
    inflated: int
    place: int  # of the directory


def _unzip(octets: bytes, limits: Limits) -> bytes:
    entry = _only_entry(octets)
    start = _content_start(octets, entry)
    content = octets[start : start + entry.packed]
    if entry.place - (start + entry.packed) not in _DESCRIPTORS:
        raise RemoteProtocolError("zip: the directory does not follow its member")
    if entry.method == 0:
        found, rest = content, b""
    elif entry.method == zlib.DEFLATED:
        found, rest = _inflate(content, -15, limits, len(content), 0)
    else:
        raise RemoteProtocolError(f"zip: method {entry.method} is not read, only stored and deflated")
    if rest or len(found) != entry.inflated or zlib.crc32(found) != entry.checksum:
        raise RemoteProtocolError("zip: the member is not as the directory says")
    return found


def _only_entry(octets: bytes) -> _Entry:
    at = octets.rfind(_ZIP_END, max(0, len(octets) - _END.size - 0xFFFF))
    end = _unpack(_END, octets, at)
    if end[1:5] != (0, 0, 1, 1):
        raise RemoteProtocolError(f"zip: it holds {end[4]} members, a report is one")
    place, comment = end[6], end[7]
    if at + _END.size + comment != len(octets):
        raise RemoteProtocolError("zip: octets stand behind its end")
    fields = _unpack(_DIRECTORY, octets, place)
    _, flags, method, checksum, packed, inflated, name, extra, remark, disk, offset = fields
    if fields[0] != _DIRECTORY_MARK or place + _DIRECTORY.size + name + extra + remark != at:
        raise RemoteProtocolError("zip: the directory is not where its end says")
    if flags & _ENCRYPTED:
        raise RemoteProtocolError("zip: the member is encrypted")
    if _ZIP64 in (packed, inflated, offset) or offset or disk:
        raise RemoteProtocolError("zip: the member is not at its beginning, or larger than a report is")
    return _Entry(method, checksum, packed, inflated, place)


def _content_start(octets: bytes, entry: _Entry) -> int:
    """Return where the member's content begins, whose own header must agree with the directory."""
    mark, flags, method, checksum, packed, inflated, name, extra = _unpack(_MEMBER, octets, 0)
    stated = (checksum, packed, inflated)
    agrees = stated == (entry.checksum, entry.packed, entry.inflated)
    if flags & _SIZES_FOLLOW and stated == (0, 0, 0):
        agrees = True
    if mark != _MEMBER_MARK or method != entry.method or not agrees:
        raise RemoteProtocolError("zip: the member and the directory contradict each other")
    return _MEMBER.size + name + extra


def _unpack(form: struct.Struct, octets: bytes, at: int) -> tuple[int, ...]:
    if not 0 <= at <= len(octets) - form.size:
        raise RemoteProtocolError("zip: it ends too early")
    return form.unpack_from(octets, at)
