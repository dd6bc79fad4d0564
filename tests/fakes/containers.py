"""Containers of every kind with one file in them, written here so that no reader of ours is its own witness."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial

from scop.attachments import Bounds, Finding, Options, Thing, examine, examine_thing

__all__ = [
    "CONTAINERS",
    "EICAR",
    "PROGRAM",
    "arj_archive",
    "cab_archive",
    "iso_image",
    "lha_archive",
    "lzip_file",
    "mail_with",
    "rar4_archive",
    "rar5_archive",
    "tar_archive",
    "things_in",
    "things_in_mail",
    "tnef_envelope",
    "zip_archive",
]

# In two pieces, so that no scanner takes this file for it.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + rb"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
# The beginning of a program for Windows and nothing else.
PROGRAM = b"MZ" + bytes(58) + b"\x40\0\0\0" + b"PE\0\0" + bytes(40)


def zip_archive(name: str, octets: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        archive.writestr(name, octets)
    return written.getvalue()


def _zip_in_a_stream(name: str, octets: bytes) -> bytes:
    """Return a zip archive whose sizes stand behind the file only."""

    class OneWay(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise OSError("this goes one way")

    written = OneWay()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, octets)
    return written.getvalue()


def _zip_behind_something(name: str, octets: bytes) -> bytes:
    return b"What stands before does not matter.\r\n" * 9 + zip_archive(name, octets)


def tar_archive(name: str, octets: bytes, form: int = tarfile.PAX_FORMAT) -> bytes:
    """Return a tar archive."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=form) as archive:
        member = tarfile.TarInfo(name)
        member.size = len(octets)
        archive.addfile(member, io.BytesIO(octets))
    return written.getvalue()


def _old_tar(name: str, octets: bytes) -> bytes:
    """Return a tar archive of 1979, which has no mark at all."""
    fields = (name.encode().ljust(100, b"\0"), b"000644 \0", b"000000 \0", b"000000 \0", b"%011o " % len(octets))
    header = b"".join(fields) + b"00000000000 " + b" " * 8 + b"\0"
    header = header.ljust(512, b"\0")
    header = header[:148] + b"%06o\0 " % sum(header) + header[156:]
    return header + octets + bytes(-len(octets) % 512) + bytes(1024)


def _ar_archive(name: str, octets: bytes) -> bytes:
    header = f"{name + '/':<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(octets):<10}`\n"
    return b"!<arch>\n" + header.encode() + octets + b"\n" * (len(octets) & 1)


def _cpio_archive(name: str, octets: bytes) -> bytes:
    def member(called: str, content: bytes, mode: int) -> bytes:
        fields = (0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(called) + 1, 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + called.encode() + b"\0"
        padded = header + bytes(-len(header) % 4)
        return padded + content + bytes(-len(content) % 4)

    return member(name, octets, 0o100644) + member("TRAILER!!!", b"", 0)


def _old_cpio_archive(name: str, octets: bytes) -> bytes:
    def member(called: str, content: bytes, mode: int) -> bytes:
        fields = (b"070707", b"0" * 12, b"%06o" % mode, b"0" * 18, b"0" * 6, b"0" * 11)
        sizes = b"%06o%011o" % (len(called) + 1, len(content))
        return b"".join(fields) + sizes + called.encode() + b"\0" + content

    return member(name, octets, 0o100644) + member("TRAILER!!!", b"", 0)


def iso_image(name: str, octets: bytes) -> bytes:
    """Return an image of ISO 9660."""
    sector = 2_048

    def both(number: int) -> bytes:
        return struct.pack("<I", number) + struct.pack(">I", number)

    def record(called: bytes, place: int, size: int, flags: int) -> bytes:
        body = bytes(1) + both(place) + both(size) + bytes(7) + bytes((flags, 0, 0)) + b"\1\0\0\1"
        body += bytes((len(called),)) + called + bytes(1 - len(called) & 1)
        return bytes((len(body) + 1,)) + body

    root = record(b"\0", 19, sector, 2)
    primary = (b"\1CD001\1" + bytes(73) + both(30)).ljust(128, b"\0") + struct.pack("<HH", sector, 8)
    primary = primary.ljust(156, b"\0") + root
    folder = root + record(b"\1", 19, sector, 2) + record(name.encode() + b";1", 20, len(octets), 0)
    sectors = (primary, b"\xffCD001\1", b"", folder)
    return bytes(16 * sector) + b"".join(each.ljust(sector, b"\0") for each in sectors) + octets


def cab_archive(name: str, octets: bytes, *, is_packed: bool = True) -> bytes:
    """Return a cabinet; packed ones have two blocks, of which the second looks back into the first."""
    half = len(octets) // 2
    blocks = []
    for start, end in ((0, half), (half, len(octets))):
        packer = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=octets[:start]) if start else zlib.compressobj(wbits=-15)
        packed = b"CK" + packer.compress(octets[start:end]) + packer.flush() if is_packed else octets[start:end]
        blocks.append(struct.pack("<IHH", 0, len(packed), end - start) + packed)
    file = struct.pack("<IIHHHH", len(octets), 0, 0, 0, 0, 0) + name.encode() + b"\0"
    first_file = 36 + 8
    folder = struct.pack("<IHH", first_file + len(file), len(blocks), int(is_packed))
    content = b"".join(blocks)
    size = first_file + len(file) + len(content)
    header = b"MSCF" + struct.pack("<IIIIIBBHHHHH", 0, size, 0, first_file, 0, 3, 1, 1, 1, 0, 0, 0)
    return header + folder + file + content


def rar4_archive(name: str, octets: bytes, *, method: int = 0x30, flags: int = 0) -> bytes:
    """Return a rar archive of version 4 in which a file is stored, or says that it is not."""
    head = struct.pack("<BHH", 0x73, 0, 13) + bytes(6)
    size = 32 + len(name)
    file = struct.pack(
        "<BHHIIBIIBBHI", 0x74, 0x8000 | flags, size, len(octets), len(octets), 3, 0, 0, 20, method, len(name), 0
    )
    return b"Rar!\x1a\x07\0" + b"\0\0" + head + b"\0\0" + file + name.encode() + octets + b"\0\0\x7b\0\x40\x07\0"


def rar5_archive(name: str, octets: bytes, *, method: int = 0, is_locked: bool = False) -> bytes:
    """Return a rar archive of version 5 in which a file is stored, or says that it is not."""

    def number(value: int) -> bytes:
        written = b""
        while value > 0x7F:
            written += bytes((value & 0x7F | 0x80,))
            value >>= 7
        return written + bytes((value,))

    def block(kind: int, flags: int, body: bytes) -> bytes:
        header = number(kind) + number(flags) + body
        return bytes(4) + number(len(header)) + header

    extra = b"\x02\x01\x00" if is_locked else b""
    body = (
        (number(len(extra)) if is_locked else b"") + number(len(octets)) + number(0) + number(len(octets)) + number(0)
    )
    body += number(method << 7) + number(1) + number(len(name)) + name.encode() + extra
    file = block(2, 3 if is_locked else 2, body)
    return b"Rar!\x1a\x07\1\0" + block(1, 0, number(0)) + file + octets + block(5, 0, number(0))


def arj_archive(name: str, octets: bytes, *, method: int = 0, flags: int = 0) -> bytes:
    """Return an arj archive."""

    def header(called: str, size: int, how: int, bits: int) -> bytes:
        first = bytes((30, 11, 1, 2, bits, how, 0, 0)) + bytes(4) + struct.pack("<II", size, size) + bytes(10)
        body = first + called.encode() + b"\0\0"
        return b"\x60\xea" + struct.pack("<H", len(body)) + body + bytes(4) + bytes(2)

    return header("a.arj", 0, 0, 0) + header(name, len(octets), method, flags) + octets + b"\x60\xea\0\0"


def lha_archive(name: str, octets: bytes, *, level: int = 0, method: bytes = b"-lh0-") -> bytes:
    """Return an lha archive with a header of level 0, 1 or 2."""
    sizes = struct.pack("<II", len(octets), len(octets)) + bytes(4)
    if level == 2:
        extended = struct.pack("<H", 3 + len(name)) + b"\1" + name.encode() + struct.pack("<H", 0)
        body = method + sizes + b"\x20\x02" + bytes(2) + b"M" + extended
        return struct.pack("<H", len(body) + 2) + body + octets + b"\0"
    end = struct.pack("<H", 0) if level == 0 else b"M" + struct.pack("<H", 0)
    body = method + sizes + bytes((0x20, level, len(name))) + name.encode() + end
    return bytes((len(body), 0)) + body + octets + b"\0"


def lzip_file(octets: bytes) -> bytes:
    """Return an lzip file."""
    filters = [{"id": lzma.FILTER_LZMA1, "lc": 3, "lp": 0, "pb": 2, "dict_size": 1 << 16}]
    alone = lzma.compress(octets, lzma.FORMAT_ALONE, filters=filters)
    return b"LZIP\1\x10" + alone[13:] + bytes(20)


def tnef_envelope(name: str, octets: bytes) -> bytes:
    """Return the envelope of Outlook with one attachment, its name in a property."""

    def attribute(ident: int, content: bytes) -> bytes:
        return struct.pack("<BHHI", 2, ident, 6, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)

    long_name = name.encode("utf-16-le") + b"\0\0"
    properties = struct.pack("<IHHI", 2, 3, 0x3705, 1) + struct.pack("<HHII", 0x1F, 0x3707, 1, len(long_name))
    properties += long_name + bytes(-len(long_name) % 4)
    parts = (attribute(0x9002, bytes(14)), attribute(0x800F, octets), attribute(0x9005, properties))
    return b"\x78\x9f\x3e\x22\1\0" + b"".join(parts)


def _apple_single(name: str, octets: bytes) -> bytes:
    start = 26 + 24
    entries = struct.pack(">III", 3, start, len(name)) + struct.pack(">III", 1, start + len(name), len(octets))
    return b"\0\5\x16\0\0\2\0\0" + bytes(16) + struct.pack(">H", 2) + entries + name.encode() + octets


def _mac_binary(name: str, octets: bytes) -> bytes:
    header = (bytes((0, len(name))) + name.encode()).ljust(83, b"\0") + struct.pack(">II", len(octets), 0)
    return header.ljust(128, b"\0") + octets + bytes(-len(octets) % 128)


def _mail(name: str, octets: bytes) -> bytes:
    return mail_with(octets, name)


def mail_with(octets: bytes, name: str, media: str = "application/octet-stream") -> bytes:
    """Return a mail with one attachment."""
    encoded = "".join(_lines_of_base64(octets))
    return (
        "From: a@lagoon.example\r\nDate: Tue, 1 Dec 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="cut"\r\n\r\n--cut\r\n\r\nSee the file.\r\n--cut\r\n'
        f'Content-Type: {media}\r\nContent-Disposition: attachment; filename="{name}"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--cut--\r\n"
    ).encode()


def _lines_of_base64(octets: bytes) -> Iterator[str]:
    import base64

    for line in base64.encodebytes(octets).decode().splitlines():
        yield f"{line}\r\n"


def _single(pack: Callable[[bytes], bytes]) -> Callable[[str, bytes], bytes]:
    """Return a container that keeps no name."""
    return lambda name, octets: pack(octets)


CONTAINERS: dict[str, Callable[[str, bytes], bytes]] = {
    "a.zip": zip_archive,
    "stored.zip": partial(zip_archive, method=zipfile.ZIP_STORED),
    "bzip2.zip": partial(zip_archive, method=zipfile.ZIP_BZIP2),
    "lzma.zip": partial(zip_archive, method=zipfile.ZIP_LZMA),
    "stream.zip": _zip_in_a_stream,
    "prefixed.zip": _zip_behind_something,
    "pax.tar": tar_archive,
    "gnu.tar": partial(tar_archive, form=tarfile.GNU_FORMAT),
    "ustar.tar": partial(tar_archive, form=tarfile.USTAR_FORMAT),
    "old.tar": _old_tar,
    "a.txt.gz": _single(partial(gzip.compress, mtime=0)),
    "a.txt.bz2": _single(bz2.compress),
    "a.txt.xz": _single(lzma.compress),
    "a.txt.lzma": _single(partial(lzma.compress, format=lzma.FORMAT_ALONE)),
    "a.txt.lz": _single(lzip_file),
    "a.ar": _ar_archive,
    "new.cpio": _cpio_archive,
    "old.cpio": _old_cpio_archive,
    "a.iso": iso_image,
    "a.cab": cab_archive,
    "stored.cab": partial(cab_archive, is_packed=False),
    "four.rar": rar4_archive,
    "five.rar": rar5_archive,
    "a.arj": arj_archive,
    "a.lzh": lha_archive,
    "one.lzh": partial(lha_archive, level=1),
    "two.lzh": partial(lha_archive, level=2),
    "winmail.dat": tnef_envelope,
    "a.as": _apple_single,
    "a.bin": _mac_binary,
    "a.eml": _mail,
}


class _Collector:
    """A check that keeps what it is shown."""

    def __init__(self) -> None:
        self.things: list[Thing] = []

    def __call__(self, thing: Thing) -> Iterator[Finding]:
        self.things.append(thing)
        return iter(())


def things_in(thing: Thing, bounds: Bounds | None = None) -> tuple[Thing, ...]:
    """Return every thing that an examination sees in a file, the file itself first."""
    seen = _Collector()
    examine_thing(thing, Options(bounds or Bounds(), checks=(seen,)))
    return tuple(seen.things)


def things_in_mail(octets: bytes) -> tuple[Thing, ...]:
    """Return every thing that an examination sees in a mail."""
    seen = _Collector()
    examine(octets, Options(checks=(seen,)))
    return tuple(seen.things)
