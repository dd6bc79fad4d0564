"""Large mails as people send them: photographs, logs, tables, slides, scans, books, sources, saved pages, mail folders.

The counterpart to the bombs: what is looked into within the same bounds, and nothing in it may be called bad.
"""

from __future__ import annotations

import base64
import gzip
import io
import random
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache

__all__ = ["MAILS"]

_MB = 1_000_000


@cache
def _words() -> tuple[str, ...]:
    chance = random.Random(7)
    return tuple("".join(chance.choices("etaoinshrdlucmfwyp", k=chance.randint(2, 9))) for _ in range(3_000))


def _prose(octets: int, seed: int = 1, *, line: str = "\n") -> bytes:
    """Return text of words that come as often as words do; of it only the first megabyte is new."""
    chance = random.Random(seed)
    weights = [1 / (place + 1) for place in range(3_000)]
    lines, size = [], 0
    while size < min(octets, _MB):
        lines.append(" ".join(chance.choices(_words(), weights, k=12)) + "." + line)
        size += len(lines[-1])
    text = "".join(lines).encode("ascii")
    return (text * (octets // len(text) + 1))[:octets]


def _photograph(octets: int, seed: int = 1) -> bytes:
    return b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + random.Random(seed).randbytes(octets) + b"\xff\xd9"


def _film(octets: int) -> bytes:
    return b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + random.Random(2).randbytes(octets)


def _sound(octets: int) -> bytes:
    return b"ID3\4\0\0\0\0\0\0" + random.Random(3).randbytes(octets)


def _table(octets: int) -> bytes:
    chance, rows, size = random.Random(4), [b"id;date;name;amount\r\n"], 0
    while size < octets:
        number = len(rows)
        day = f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}"
        rows.append(f"{number};{day};{chance.choice(_words())};{chance.random() * 1e4:.2f}\r\n".encode("ascii"))
        size += len(rows[-1])
    return b"".join(rows)


def _log(octets: int) -> bytes:
    chance, size = random.Random(5), 0
    rows: list[str] = []
    while size < octets:
        address = f"192.0.2.{chance.randrange(256)}"
        path = "/".join(chance.choices(_words(), k=3))
        rows.append(f'{address} - - [29/Nov/2026:10:00:{len(rows) % 60:02}] "GET /{path} HTTP/1.1" 200 {len(path)}\n')
        size += len(rows[-1])
    return "".join(rows).encode("ascii")


def _zip(files: Mapping[str, bytes], *, stored: str = ".jpg") -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, octets in files.items():
            method = zipfile.ZIP_STORED if name.endswith(stored) else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 29, 0, 0, 0)), octets, method)
    return written.getvalue()


def _package(kind: str, files: Mapping[str, bytes]) -> bytes:
    types = b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    return _zip({"[Content_Types].xml": types, f"{kind}/": b"", **files})


_XML = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_RELATIONSHIPS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%b</Relationships>'
)


def _relationships(targets: Iterable[str]) -> bytes:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
    one = f'<Relationship Id="r{{}}" Type="{kind}" Target="{{}}"/>'
    joined = "".join([one.format(number, target) for number, target in enumerate(targets)])
    return _XML + _RELATIONSHIPS % joined.encode("ascii")


def _paragraphs(octets: int) -> bytes:
    one = b'<w:p w:rsidR="0A"><w:pPr><w:jc w:val="both"/></w:pPr><w:r><w:t xml:space="preserve">%b</w:t></w:r></w:p>'
    return b"".join([one % line for line in _prose(octets).splitlines()])


def _document(pictures: int, picture_octets: int, text_octets: int) -> bytes:
    body = b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>%b</w:body></w:document>'
    page_field = b'<w:p><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r></w:p>'
    media = {f"word/media/image{n}.jpg": _photograph(picture_octets, n) for n in range(pictures)}
    links = _relationships([f"media/image{n}.jpg" for n in range(pictures)])
    text = _XML + body % (page_field + _paragraphs(text_octets))
    return _package("word", {"word/document.xml": text, "word/_rels/document.xml.rels": links, **media})


def _slides(count: int, picture_octets: int) -> bytes:
    shape = (
        b'<p:sp><p:nvSpPr><p:cNvPr id="2"/></p:nvSpPr><p:txBody><a:p><a:r><a:t>%b</a:t></a:r></a:p></p:txBody></p:sp>'
    )
    files: dict[str, bytes] = {}
    for number in range(count):
        lines = _prose(2_000, number).splitlines()
        slide = b'<p:sld xmlns:p="urn:p" xmlns:a="urn:a">%b</p:sld>' % b"".join([shape % line for line in lines])
        files[f"ppt/slides/slide{number}.xml"] = _XML + slide
        files[f"ppt/slides/_rels/slide{number}.xml.rels"] = _relationships([f"../media/image{number}.jpg"])
        files[f"ppt/media/image{number}.jpg"] = _photograph(picture_octets, number)
    return _package("ppt", files)


def _workbook(octets: int, *, formula: bool) -> bytes:
    chance, size = random.Random(6), 0
    rows: list[str] = []
    function = "<f>B{0}*2</f>" if formula else ""
    row = (
        '<row r="{0}" spans="1:4"><c r="A{0}"><v>{0}</v></c><c r="B{0}" s="1"><v>{1:.4f}</v></c><c r="C{0}">' + function
    )
    row += '<v>{2:.4f}</v></c><c r="D{0}" t="s"><v>{3}</v></c></row>'
    while size < octets:
        value = chance.random() * 1e4
        rows.append(row.format(len(rows) + 1, value, value * 2, chance.randrange(3_000)))
        size += len(rows[-1])
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{main}"><sheetData>{"".join(rows)}</sheetData></worksheet>'
    strings = "".join([f"<si><t>{word}</t></si>" for word in _words()])
    names = (
        '<definedNames><definedName name="_xlnm.Print_Area" localSheetId="0">Sheet1!$A$1</definedName></definedNames>'
    )
    files = {
        "xl/workbook.xml": _XML + f'<workbook xmlns="{main}">{names}</workbook>'.encode("ascii"),
        "xl/worksheets/sheet1.xml": _XML + sheet.encode("ascii"),
        "xl/sharedStrings.xml": _XML + f'<sst xmlns="{main}">{strings}</sst>'.encode("ascii"),
    }
    return _package("xl", files)


def _pdf(objects: list[bytes]) -> bytes:
    """Return a PDF of these objects, from number 3 on; the first two are what it needs."""
    kids = b" ".join([b"%d 0 R" % number for number, item in enumerate(objects, 3) if b"/Type/Page/" in item])
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, kids.count(b"R")),
        *objects,
    ]
    written, places, at = [b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"], [], 15
    for number, item in enumerate(objects, 1):
        written.append(b"%d 0 obj\n%b\nendobj\n" % (number, item))
        places.append(at)
        at += len(written[-1])
    table = b"".join([b"%010d 00000 n \n" % place for place in places])
    end = b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return b"".join(written) + end % (len(objects) + 1, table, len(objects) + 1, at)


def _stream(octets: bytes, kind: bytes) -> bytes:
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (kind, len(octets), octets)


def _scan(pages: int, octets: int) -> bytes:
    kind = (
        b"/Type/XObject/Subtype/Image/Width 2480/Height 3508/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode"
    )
    objects: list[bytes] = []
    for number in range(pages):
        first = len(objects) + 3
        objects.append(
            b"<</Type/Page/Parent 2 0 R/Contents %d 0 R/Resources<</XObject<</I %d 0 R>>>>>>" % (first + 1, first + 2)
        )
        objects.append(_stream(b"q 595 0 0 842 0 0 cm /I Do Q", b""))
        objects.append(_stream(_photograph(octets, number), kind))
    return _pdf(objects)


def _book(pages: int, links: int, octets: int) -> bytes:
    """Return a text of many pages, each with links and a stream of its letters."""
    objects: list[bytes] = []
    link = b"<</Type/Annot/Subtype/Link/Rect[%d 20 30 40]/Border[0 0 0]/A<</S/URI/URI(https://www.example.org/%d)>>>>"
    goes = b"<</Type/Annot/Subtype/Link/Rect[%d 20 30 40]/Border[0 0 0]/A<</S/GoTo/D[3 0 R/XYZ 0 %d 0]>>>>"
    for number in range(pages):
        first = len(objects) + 3
        notes = b" ".join([b"%d 0 R" % (first + 2 + each) for each in range(links)])
        objects.append(b"<</Type/Page/Parent 2 0 R/Contents %d 0 R/Annots[%b]>>" % (first + 1, notes))
        text = b"".join([b"BT (%b) Tj ET\n" % line for line in _prose(octets * 3, number).splitlines()])
        objects.append(_stream(zlib.compress(text)[:octets], b"/Filter/FlateDecode"))
        objects += [(link if each % 5 == 0 else goes) % (each, number) for each in range(links)]
    return _pdf(objects)


def _sources(count: int) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for number in range(count):
            octets = b"import os\n\n\ndef run() -> None:\n" + _prose(4_000, number % 50)[: 500 + number * 37 % 6_000]
            entry = tarfile.TarInfo(f"project/module{number // 40}/file{number}.{('py', 'c', 'h', 'md')[number % 4]}")
            entry.size = len(octets)
            archive.addfile(entry, io.BytesIO(octets))
    return gzip.compress(written.getvalue(), 6, mtime=0)


def _classes(count: int) -> dict[str, bytes]:
    chance = random.Random(8)
    return {
        f"org/example/p{n // 30}/C{n}.class": b"\xca\xfe\xba\xbe\0\0\0\x3d" + chance.randbytes(3_000)
        for n in range(count)
    }


def _wheel(count: int) -> bytes:
    files = {f"lib/m{n // 50}/f{n}.py": b"import os\n" + _prose(8_000, n % 40) for n in range(count)}
    return _zip(
        {
            **files,
            "lib-1.dist-info/METADATA": b"Metadata-Version: 2.1\nName: lib\nVersion: 1\n",
            "lib/a.png": _photograph(100_000),
        }
    )


def _saved_page(octets: int) -> bytes:
    head = b"<!DOCTYPE html>\n<html><head><title>Report</title><style>p{margin:0}</style></head><body>\n"
    picture = b'<img alt="" src="data:image/jpeg;base64,%b">\n'
    pictures = b"".join([picture % base64.b64encode(_photograph(600_000, n)) for n in range(octets // 800_000)])
    return (
        head
        + b"".join([b"<p>%b &amp; more&nbsp;of it</p>\n" % line for line in _prose(500_000).splitlines()])
        + pictures
        + b"</body></html>\n"
    )


def _long_page(octets: int) -> bytes:
    rows = b"".join([b"<tr><td>%b</td><td>&#8364;&nbsp;1</td></tr>\n" % line for line in _prose(octets).splitlines()])
    return b"<!DOCTYPE html>\n<html><body><table>\n" + rows + b"</table></body></html>\n"


def _mail(*parts: bytes, limit: bytes = b"limit") -> bytes:
    head = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: as spoken\r\nMIME-Version: 1.0\r\n"
    head += b"Date: Sun, 29 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n"
    text = b"Content-Type: text/plain; charset=utf-8\r\n\r\nHello,\r\n\r\nhere it is.\r\n"
    joined = b"".join([b"--%b\r\n%b\r\n" % (limit, part) for part in (text, *parts)])
    return head + b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n%b--%b--\r\n' % (limit, joined, limit)


def _part(name: str, octets: bytes, media_type: str = "application/octet-stream") -> bytes:
    head = f'Content-Type: {media_type}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n'
    head += f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
    return head.encode("ascii") + base64.encodebytes(octets).replace(b"\n", b"\r\n")


def _with(name: str, octets: bytes) -> bytes:
    return _mail(_part(name, octets))


def _forwarded(depth: int, octets: bytes) -> bytes:
    mail = _with("report.docx", octets)
    outer = b"Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=a.eml\r\n\r\n"
    for level in range(depth):
        mail = _mail(outer + mail, limit=b"outer%d" % level)
    return mail


def _mail_folder(count: int) -> bytes:
    texts = [
        _mail(_part("note.txt", _prose(7_000, n % 20), "text/plain")).replace(b"\r\n", b"\n") for n in range(count)
    ]
    return b"".join([b"From a@example.org Sun Nov 29 10:00:00 2026\n" + text + b"\n" for text in texts])


def _photographs_and_documents() -> bytes:
    files = {f"photographs/{n}.jpg": _photograph(4 * _MB, n) for n in range(5)}
    files |= {f"{n}.docx": _document(2, _MB // 2, 200_000) for n in range(3)}
    return _zip({**files, "offer.pdf": _scan(4, 300_000), "list.csv": _table(_MB), "read.txt": _prose(20_000)})


MAILS: dict[str, Callable[[], bytes]] = {
    "zip of photographs and documents, 25 MB": lambda: _with("all.zip", _photographs_and_documents()),
    "12 photographs, 24 MB": lambda: _mail(
        *[_part(f"{n}.jpg", _photograph(2 * _MB, n), "image/jpeg") for n in range(12)]
    ),
    "zip with a log of 60 MB": lambda: _with("log.zip", _zip({"access.log": _log(60 * _MB)})),
    "zip with a table of 60 MB": lambda: _with("table.zip", _zip({"table.csv": _table(60 * _MB)})),
    "gzip of a log of 30 MB": lambda: _with("access.log.gz", gzip.compress(_log(30 * _MB), 6, mtime=0)),
    "table of 20 MB": lambda: _with("table.csv", _table(20 * _MB)),
    "document with pictures, 20 MB": lambda: _with("a.docx", _document(20, _MB, 300_000)),
    "document of 4 MB of text": lambda: _with("a.docx", _document(0, 0, 4 * _MB)),
    "slides with pictures, 20 MB": lambda: _with("a.pptx", _slides(80, _MB // 4)),
    "workbook with a sheet of 40 MB": lambda: _with("a.xlsx", _workbook(40 * _MB, formula=False)),
    "workbook with formulas, 20 MB": lambda: _with("a.xlsx", _workbook(20 * _MB, formula=True)),
    "scan of 60 pages, 20 MB": lambda: _with("scan.pdf", _scan(60, _MB // 3)),
    "book of 20,000 objects, 15 MB": lambda: _with("book.pdf", _book(1_000, 18, 11_000)),
    "book of 50,000 objects, 15 MB": lambda: _with("book.pdf", _book(1_000, 48, 11_000)),
    "sources of 3,000 files": lambda: _with("source.tar.gz", _sources(3_000)),
    "sources of 10,000 files": lambda: _with("source.tar.gz", _sources(10_000)),
    "wheel of 2,000 files": lambda: _with("lib-1-py3-none-any.whl", _wheel(2_000)),
    "page with pictures, 10 MB": lambda: _with("page.html", _saved_page(10 * _MB)),
    "page of 5 MB of rows": lambda: _with("page.html", _long_page(5 * _MB)),
    "mail folder of 10 MB": lambda: _with("old.mbox", _mail_folder(950)),
    "mail forwarded four times, 10 MB": lambda: _forwarded(4, _document(10, _MB, 100_000)),
    "film of 20 MB": lambda: _with("film.mp4", _film(20 * _MB)),
    "sound of 20 MB": lambda: _with("sound.mp3", _sound(20 * _MB)),
}
