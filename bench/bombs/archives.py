"""Archives that are made to keep whoever opens them busy: with files that are many, empty, alike or huge."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from functools import partial

__all__ = ["BOMBS"]

_MIB = 1 << 20
_Bomb = Callable[[], bytes]


def _zip(count: int, name: Callable[[int], str], content: Callable[[int], bytes], *, packed: bool = False) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for number in range(count):
            archive.writestr(zipfile.ZipInfo(name(number)), content(number), compresslevel=9)
    return written.getvalue()


def _empty(_number: int) -> bytes:
    return b""


def _short(number: int) -> bytes:
    return b"%d" % number


def _locked(count: int) -> bytes:
    return _zip(count, "{}.txt".format, _empty).replace(b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\1\0")


def _unlisted(count: int) -> bytes:
    return b"".join(
        b"PK\3\4" + struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0, 0, 0, 0, 5, 0) + b"%05d" % number
        for number in range(count)
    )


def _tar(count: int, form: int = tarfile.USTAR_FORMAT, length: int = 1) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=form) as archive:
        for number in range(count):
            archive.addfile(tarfile.TarInfo(f"{'d' * length}{number}.txt"))
    return written.getvalue()


def _seven_zip(count: int) -> bytes:
    def number(value: int) -> bytes:
        return b"\xc0" + value.to_bytes(2, "little") if value < 1 << 16 else b"\xe0" + value.to_bytes(3, "little")

    content = b"a" * count
    names = "".join(f"{index}.txt\0" for index in range(count)).encode("utf-16-le")
    streams = b"\x06" + number(0) + number(1) + b"\x09" + number(count) + b"\0"
    streams += b"\x07\x0b\1\0\1\1\0\x0c" + number(count) + b"\0"
    streams += b"\x08\x0d" + number(count) + b"\x09" + b"\1" * (count - 1) + b"\0\0"
    files = b"\5" + number(count) + b"\x11" + b"\xf0" + (len(names) + 1).to_bytes(4, "little") + b"\0" + names + b"\0"
    header = b"\1\4" + streams + files + b"\0"
    start = struct.pack("<QQI", len(content), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(start)) + start + content + header


def _iso(count: int) -> bytes:
    sector = 2_048

    def both(number: int) -> bytes:
        return struct.pack("<I", number) + struct.pack(">I", number)

    def record(called: bytes, place: int, size: int, flags: int) -> bytes:
        body = bytes(1) + both(place) + both(size) + bytes(7) + bytes((flags, 0, 0)) + b"\1\0\0\1"
        body += bytes((len(called),)) + called + bytes(1 - len(called) & 1)
        return bytes((len(body) + 1,)) + body

    records = [record(b"%05d.TXT;1" % number, 19, 1, 0) for number in range(count)]
    each = sector // len(records[0])
    folder = b"".join(b"".join(records[at : at + each]).ljust(sector, b"\0") for at in range(0, count, each))
    root = record(b"\0", 19, len(folder), 2)
    primary = (b"\1CD001\1" + bytes(73) + both(30)).ljust(128, b"\0") + struct.pack("<HH", sector, 8)
    sectors = (primary.ljust(156, b"\0") + root, b"\xffCD001\1", b"")
    return bytes(16 * sector) + b"".join(each.ljust(sector, b"\0") for each in sectors) + folder


def _cab(count: int, *, size: int = 0) -> bytes:
    files = b"".join(
        struct.pack("<IIHHHH", size, number % max(size, 1), 0, 0, 0, 0) + b"%05d.txt\0" % number
        for number in range(count)
    )
    block = zlib.compress(bytes(32_768), 9)[2:-4]
    content = (struct.pack("<IHH", 0, len(block) + 2, 32_768) + b"CK" + block) * 1_000
    first_file = 36 + 8
    folder = struct.pack("<IHH", first_file + len(files), 1_000, 1)
    header = b"MSCF" + struct.pack("<IIIIIBBHHHHH", 0, 0, 0, first_file, 0, 3, 1, 1, count, 0, 0, 0)
    return header + folder + files + content


def _rar4(count: int) -> bytes:
    def file(number: int) -> bytes:
        name = b"%05d.txt" % number
        return (
            b"\0\0" + struct.pack("<BHHIIBIIBBHI", 0x74, 0x8000, 32 + len(name), 0, 0, 3, 0, 0, 20, 0x30, 9, 0) + name
        )

    return b"Rar!\x1a\x07\0" + b"\0\0" + struct.pack("<BHH", 0x73, 0, 13) + bytes(6) + b"".join(map(file, range(count)))


def _rar5(count: int) -> bytes:
    def file(number: int) -> bytes:
        header = b"\2\0" + b"\0\0\0\0\0\1" + b"\x09" + b"%05d.txt" % number
        return bytes(4) + bytes((len(header),)) + header

    return b"Rar!\x1a\x07\1\0" + bytes(4) + b"\3\1\0\0" + b"".join(map(file, range(count)))


def _cpio(count: int) -> bytes:
    def member(number: int) -> bytes:
        name = b"%07d.txt\0" % number
        fields = (0, 0o100644, 0, 0, 1, 0, 0, 0, 0, 0, 0, len(name), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + name
        return header + bytes(-len(header) % 4)

    return b"".join(map(member, range(count)))


def _ar(count: int) -> bytes:
    header = "{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n"
    return b"!<arch>\n" + "".join(header.format(f"{n}.txt/", 0, 0, 0, 644, 0) for n in range(count)).encode()


def _arj(count: int) -> bytes:
    def header(called: bytes) -> bytes:
        body = bytes((30, 11, 1, 2, 0, 0, 0, 0)) + bytes(22) + called + b"\0\0"
        return b"\x60\xea" + struct.pack("<H", len(body)) + body + bytes(6)

    return header(b"a.arj") + b"".join(header(b"%05d.txt" % number) for number in range(count))


def _lha(count: int) -> bytes:
    def file(number: int) -> bytes:
        body = b"-lh0-" + bytes(12) + b"\x20\0\x09" + b"%05d.txt" % number + bytes(2)
        return bytes((len(body), 0)) + body

    return b"".join(map(file, range(count)))


def _overlapping(count: int) -> bytes:
    """Return an archive like those of David Fifield: many files of the same octets."""
    packed = zlib.compress(bytes(_MIB), 9)[2:-4]
    local = b"PK\3\4" + struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, 0, len(packed), _MIB, 1, 0) + b"a" + packed
    listed = b"".join(
        b"PK\1\2" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 8, 0, 0, 0, len(packed), _MIB, 5, 0, 0, 0, 0, 0, 0)
        + b"%05d" % number
        for number in range(count)
    )  # fmt: skip
    return local + listed + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(listed), len(local), 0)


def _same(octets: bytes, _number: int) -> bytes:
    return octets


def _nest(levels: int, width: int) -> bytes:
    octets = b"a"
    for level in range(levels):
        inner = octets
        octets = _zip(width, (f"{level}" + "-{}.zip").format, partial(_same, inner), packed=True)
    return octets


def _hollow(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    pieces = [packer.compress(bytes(_MIB)) for _ in range(size)]
    return b"".join([*pieces, packer.flush()])


def _sources(octets: int, line: bytes) -> bytes:
    """Return a file that is packed as well as honest text can be, so that all of it is unpacked."""
    text = b"".join(line % number for number in range(octets // len(line % 10**6)))
    return gzip.compress(text, 6, mtime=0)


BOMBS: dict[str, _Bomb] = {
    "zip of 65,000 empty files": lambda: _zip(65_000, "{}.txt".format, _empty),
    "zip of 65,000 files of some octets": lambda: _zip(65_000, "{}.txt".format, _short),
    "zip of 65,000 programs": lambda: _zip(65_000, "{}.pdf.exe".format, lambda n: b"MZ" + _short(n)),
    "zip of 65,000 documents": lambda: _zip(65_000, "{}.docm".format, _short),
    "zip of 65,000 pages": lambda: _zip(65_000, "{}.html".format, lambda n: b"<html>%d" % n),
    "zip of 65,000 mails": lambda: _zip(65_000, "{}.eml".format, lambda n: b"From: a\nSubject: %d\n\nx" % n),
    "zip of 20,000 names of 2,000 characters": lambda: _zip(20_000, (" " * 2_000 + "{}").format, _empty),
    "zip of 65,000 locked files": lambda: _locked(65_000),
    "zip of 65,000 folders": lambda: _zip(65_000, "{}/".format, _empty),
    "zip without a list, 300,000 files": lambda: _unlisted(300_000),
    "zip of 65,000 overlapping files": lambda: _overlapping(65_000),
    "zips in zips, 60 × 60 × 60": lambda: _nest(3, 60),
    "zips in zips, 13 deep": lambda: _nest(13, 2),
    "zip of 5,000 zips": lambda: _zip(5_000, "{}.zip".format, lambda n: _zip(1, "{}.txt".format, lambda _: _short(n))),
    "tar of 60,000 empty files": lambda: _tar(60_000),
    "tar of 15,000 long names": lambda: _tar(15_000, tarfile.GNU_FORMAT, 300),
    "tar.gz of 190,000 empty files": lambda: gzip.compress(_tar(190_000), 9, mtime=0),
    "tar.gz of 30,000 extended headers": lambda: gzip.compress(_tar(30_000, tarfile.PAX_FORMAT, 300), 9, mtime=0),
    "7z of 50,000 files of one octet": lambda: _seven_zip(50_000),
    "iso of 60,000 files": lambda: _iso(60_000),
    "cab of 65,000 empty files": lambda: _cab(65_000),
    "cab of 65,000 files in the same 30 MB": lambda: _cab(65_000, size=30_000_000),
    "rar 4 of 65,000 files": lambda: _rar4(65_000),
    "rar 5 of 65,000 files": lambda: _rar5(65_000),
    "cpio of 100,000 files": lambda: _cpio(100_000),
    "ar of 100,000 files": lambda: _ar(100_000),
    "arj of 100,000 files": lambda: _arj(100_000),
    "lha of 100,000 files": lambda: _lha(100_000),
    "1 GB of nothing in gzip": lambda: _hollow(1_000),
    "1 GB of nothing in gzip, twice": lambda: gzip.compress(_hollow(1_000), mtime=0),
    "1 GB of nothing in bzip2": lambda: b"".join([bz2.compress(bytes(100 * _MIB))] * 10),
    "1 GB of nothing in xz": lambda: b"".join([lzma.compress(bytes(100 * _MIB), preset=6)] * 10),
    "gzip of 90 MB of text": lambda: _sources(90 * _MIB, b"Line %d of a text that goes on and on, as texts do.\n"),
    "gzip of 90 MB of a page": lambda: _sources(90 * _MIB, b"<p onclick='x%d()'>&#72;\\x41 a link</p>\n"),
}
