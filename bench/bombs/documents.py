"""Documents, pages and mails that are made to keep whoever looks into them busy."""

from __future__ import annotations

import base64
import io
import struct
import zipfile
import zlib
from collections.abc import Callable

from bench.bombs.compound import compound_file

__all__ = ["BOMBS", "MAILS"]

_MIB = 1 << 20


def _pdf(count: int, body: Callable[[int], bytes]) -> bytes:
    written, places = [b"%PDF-1.7\n"], []
    at = len(written[0])
    for number in range(1, count + 1):
        item = b"%d 0 obj\n%b\nendobj\n" % (
            number,
            body(number) if number > 1 else b"<</Type/Catalog/Pages<</Kids[]/Count 0>>>>",
        )
        places.append(at)
        at += len(item)
        written.append(item)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return b"".join(written) + end % (count + 1, table, count + 1, at)


def _pdf_of_streams(count: int, each: int) -> bytes:
    """Return a PDF whose objects stand in packed streams."""
    written, at, entries = [b"%PDF-1.7\n"], 9, []
    streams = count // each
    first = streams + 2
    entries.append((0, 0, 65535))
    for stream in range(streams):
        body = [b"<</S/JavaScript/JS(app.alert\\(1\\))>>"] * each
        head, place = [], 0
        for index, one in enumerate(body):
            head.append(b"%d %d" % (first + stream * each + index, place))
            place += len(one) + 1
        header = b" ".join(head) + b"\n"
        packed = zlib.compress(header + b"\n".join(body), 9)
        item = b"%d 0 obj\n<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>stream\n%b\nendstream\nendobj\n"
        octets = item % (stream + 1, each, len(header), len(packed), packed)
        entries.append((1, at, 0))
        at += len(octets)
        written.append(octets)
    catalog = b"%d 0 obj\n<</Type/Catalog/Pages<</Kids[]/Count 0>>>>\nendobj\n" % (streams + 1)
    entries.append((1, at, 0))
    at += len(catalog)
    written.append(catalog)
    entries += [(2, stream + 1, index) for stream in range(streams) for index in range(each)]
    table = zlib.compress(b"".join(struct.pack(">BIH", *entry) for entry in entries), 9)
    size = len(entries)
    xref = (
        b"%d 0 obj\n<</Type/XRef/Size %d/Index[0 %d]/W[1 4 2]/Root %d 0 R/Filter/FlateDecode/Length %d>>stream\n"
        b"%b\nendstream\nendobj\n"
    )
    entries_at = at
    written.append(xref % (size, size + 1, size, streams + 1, len(table), table))
    return b"".join(written) + b"startxref\n%d\n%%%%EOF\n" % entries_at


def _package(parts: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        for name, octets in parts.items():
            archive.writestr(zipfile.ZipInfo(name), octets, zipfile.ZIP_DEFLATED, 9)
    return written.getvalue()


def _varied(line: bytes, octets: int) -> bytes:
    return b"".join(line.replace(b"%d", b"%d" % number) for number in range(octets // (len(line) + 4)))


def _relationships(count: int) -> bytes:
    line = b'<Relationship Id="r%d" Type="x/hyperlink" Target="http://a.example/%d" TargetMode="External"/>'
    return b"<Relationships>" + b"".join(line % (n, n) for n in range(count)) + b"</Relationships>"


def _compound(count: int) -> bytes:
    return compound_file({f"s{number}": b"MZ%d" % number for number in range(count)})


def _tnef(count: int) -> bytes:
    def attribute(ident: int, content: bytes) -> bytes:
        return struct.pack("<BHHI", 2, ident, 6, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)

    def one(number: int) -> bytes:
        return (
            attribute(0x9002, bytes(14)) + attribute(0x8010, b"%d.txt\0" % number) + attribute(0x800F, b"%d" % number)
        )

    return b"\x78\x9f\x3e\x22\1\0" + b"".join(map(one, range(count)))


def _tnef_properties(count: int, each: int) -> bytes:
    properties = struct.pack("<I", each) + struct.pack("<HHIIHH", 0x1E, 0x3704, 1, 2, 0x61, 0) * each
    one = struct.pack("<BHHI", 2, 0x9005, 6, len(properties)) + properties + b"\0\0"
    return b"\x78\x9f\x3e\x22\1\0" + one * count


def _one_note(count: int) -> bytes:
    mark = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac")
    return (
        bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + (mark + struct.pack("<Q", 3) + bytes(12) + b"abc") * count
    )


BOMBS: dict[str, Callable[[], bytes]] = {
    "PDF of 150,000 objects": lambda: _pdf(150_000, lambda n: b"<</A %d>>" % n),
    "PDF of 60,000 scripts": lambda: _pdf(60_000, lambda n: b"<</S/JavaScript/JS(eval\\(%d\\))>>" % n),
    "PDF of 40,000 forms with actions": lambda: _pdf(40_000, lambda n: b"<</AA<</O<</S/URI/URI(http://a/%d)>>>>>>" % n),
    "PDF of 60,000 files": lambda: _pdf(60_000, lambda n: b"<</Type/EmbeddedFile/Length 1>>stream\na\nendstream"),
    "PDF of 190,000 objects in packed streams": lambda: _pdf_of_streams(190_000, 1_000),
    "PDF of one deep object": lambda: _pdf(3, lambda n: b"<</JS" * 400 + b"[" * 100_000 + b"]" * 100_000 + b">>" * 400),
    "PDF of one list of a million": lambda: _pdf(3, lambda n: b"<</JS[" + b"1 " * 1_000_000 + b"]>>"),
    "PDF with 5 MB of # in names": lambda: _pdf(3, lambda n: b"<</JS/" + b"#41" * 1_700_000 + b">>"),
    "package of 60,000 parts": lambda: _package({f"{n}.xml": b"<a>%d</a>" % n for n in range(60_000)}),
    "package of 60,000 relationship parts": lambda: _package({f"{n}.rels": _relationships(1) for n in range(60_000)}),
    "package of 300,000 relationships": lambda: _package({"a.rels": _relationships(300_000)}),
    "package of a million fields": lambda: _package(
        {"a.xml": b"<?xml version='1.0'?><d>" + _varied(b'<w:fldSimple w:instr="PAGE%d"/>', 30 * _MIB) + b"</d>"}
    ),
    "package of 2 million formulas": lambda: _package({"a.xml": b"<macrosheet>" + _varied(b"<f>A%d</f>", 30 * _MIB)}),
    "package of three parts of 30 MB": lambda: _package(
        {f"{n}.xml": b"<instrText>" + _varied(b"<a b='%d'/>", 30 * _MIB) for n in range(3)}
    ),
    "XML of a thousand entities": lambda: (
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY a '"
        + b"x" * 1000
        + b"'>"
        + b"".join(b"<!ENTITY a%d '%b'>" % (n, b"&a%b;" % (b"%d" % (n - 1) if n else b"") * 10) for n in range(20))
        + b"]><a>&a19;</a>"
    ),
    "compound file of 4,000 streams": lambda: _compound(3_900),
    "compound file of 10,000 streams": lambda: _compound(10_000),
    "TNEF of 65,000 files": lambda: _tnef(65_000),
    "TNEF of a million properties": lambda: _tnef_properties(200, 4_999),
    "RTF of 200 objects": lambda: b"{\\rtf" + b"{\\object{\\objdata 0105000002000000}}" * 200 + b"}" * 9,
    "RTF of 20,000 fields": lambda: b"{\\rtf" + b"{\\fldinst PAGE {a}{b}{c}}" * 19_999,
    "RTF of one million odd pieces": lambda: b"{\\rtf{\\objdata " + b"{\\x1}a" * 1_000_000,
    "RTF of fields within fields": lambda: b"{\\rtf" + b"{\\fldinst " * 19_999,
    "page of 16 MiB of scripts": lambda: b"<html>" + _varied(b"<script>a%d</script>", 16 * _MIB),
    "page of 16 MiB of entities": lambda: b"<html>" + _varied(b"&#104;&#%d;", 16 * _MIB),
    "page of 16 MiB of escapes": lambda: b"<html>" + b"\\x41" * (4 * _MIB),
    "page of 16 MiB of quotes": lambda: b"<html><script>" + b"'a'+" * (4 * _MIB),
    "page of 1,000 files": lambda: b"<html><script>" + _varied(b"'" + b"QUJD" * 40 + b"%d'", 1 << 20),
    "page of 16 MiB of data": lambda: b"<html><script>" + (b"data:a/b;base64," + b"QUJD" * 2_000) * 2_000,
    "picture of 16 MiB of marks": lambda: b"\x89PNG\r\n" + b"MZ" + b"PE\0\0" * (4 * _MIB),
    "SVG of 16 MiB of events": lambda: b"<svg " + _varied(b" onclick='%d'", 16 * _MIB),
    "text of 500 files": lambda: b"begin 644 a.txt\n#86)C\n`\nend\n" * 500,
    "text of 499 files of 30 KB": lambda: (
        (b"begin 644 a.txt\n" + (b"M" + b"86)C" * 15 + b"\n") * 500 + b"`\nend\n") * 499
    ),
    "text of yEnc in 16 MiB": lambda: b"=ybegin line=128 size=3 name=a\n" * 500 + b"=a" * (8 * _MIB),
    "table of 100,000 bars": lambda: b"ID;P\n" + b"C;Ecmd|'/c calc'!A0\n" * 99_999,
    "card of 1,000 files": lambda: b"BEGIN:VCARD\n" + _varied(b"PHOTO;ENCODING=b:QUJD%d\n", 30_000),
    "OneNote of 20,000 files": lambda: _one_note(20_000),
    "compress of 5 MB": lambda: b"\x1f\x9d\x90" + bytes(5 * _MIB),
    "BinHex of runs": lambda: b"(This file must be converted with BinHex 4.0)\n:" + b"!!*!" * 500_000 + b":",
    "cmd of 32 MiB of zeros": lambda: b"MZ" + bytes(32 * _MIB),
}


def _mail(parts: list[bytes], head: bytes = b"") -> bytes:
    lines = b"".join(b"--cut\r\n%b\r\n" % part for part in parts)
    return b'From: a@b.example\r\n%bContent-Type: multipart/mixed; boundary="cut"\r\n\r\n%b--cut--\r\n' % (head, lines)


def _part(name: str, octets: bytes) -> bytes:
    head = b'Content-Type: application/octet-stream; name="%b"\r\nContent-Transfer-Encoding: base64\r\n\r\n%b'
    return head % (name.encode(), base64.encodebytes(octets).replace(b"\n", b"\r\n"))


def _nested(depth: int) -> bytes:
    octets = b"Subject: x\r\n\r\nx"
    for level in range(depth):
        octets = b"From: a@b.example\r\nSubject: %d\r\nContent-Type: message/rfc822\r\n\r\n" % level + octets
    return octets


def _odd_base64(number: int) -> bytes:
    return (
        b'Content-Type: a/b; name="%d.bin"\r\nContent-Transfer-Encoding: base64\r\n\r\n' % number + b"QQ==QQ==*\r\n" * 5
    )


MAILS: dict[str, Callable[[], bytes]] = {
    "mail of 1,000 parts": lambda: _mail([_part(f"{n}.txt", b"%d" % n) for n in range(1_000)]),
    "mail of 20,000 parts": lambda: _mail([_part(f"{n}.txt", b"%d" % n) for n in range(20_000)]),
    "mail of 1,000 odd parts": lambda: _mail([_odd_base64(n) for n in range(1_000)]),
    "mail of 900 parts with 12 names": lambda: _mail(
        [
            b"Content-Type: a/b" + b"".join(b'; name="%d-%d.txt"' % (n, m) for m in range(12)) + b"\r\n\r\n%d" % n
            for n in range(900)
        ]
    ),
    "mail in mail, 200 deep": lambda: _nested(200),
    "mail of 300 mails with 2 boundaries": lambda: _mail(
        [
            b"Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n"
            + b"--a\r\n\r\n--b\r\n\r\n%d\r\n--a--\r\n--b--\r\n" % n
            for n in range(300)
        ]
    ),
    "mail with 40 boundaries, 10 MB": lambda: (
        b"Content-Type: multipart/mixed"
        + b"".join(b"; boundary=b%d" % n for n in range(40))
        + b"\r\n\r\n"
        + b"".join(b"--b%d\r\n\r\n%b\r\n" % (n, b"text " * 50_000) for n in range(40))
    ),
    "mbox of 20,000 mails": lambda: _mail(
        [_part("a.eml", b"".join(b"From a\n\nFrom: a\nSubject: %d\n\nx\n\n" % n for n in range(20_000)))]
    ),
    "mail of 36 MB of base64 with a star": lambda: _mail(
        [_part("a.bin", b"MZ" + bytes(range(256)) * 100_000) + b"*QQ=="]
    ),
    "mail of 30 MB of carriage returns": lambda: _mail([b"\r\n" + b"a\r" * 15_000_000]),
}
