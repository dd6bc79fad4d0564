"""Large honest files fit into what may be spent on one mail; what of a harmless one does not fit is told as a note."""

from __future__ import annotations

import base64
import io
import zipfile
from random import Random

import pytest

from scop.attachments import Bounds, Kind, Options, Severity, Thing, examine_thing

_LINE = b'192.0.2.7 - - [29/Nov/2026:10:00:00] "GET /a HTTP/1.1" 200 5\n'
_TEXT = _LINE * 16_000
_PHOTOGRAPH = b"\xff\xd8\xff\xe0" + Random(1).randbytes(1_000_000)
_CELL = b'<c r="A1"><v>0.12345</v></c>'
_SHEET = b'<?xml version="1.0"?><worksheet><sheetData>' + _CELL * 35_000 + b"</sheetData></worksheet>"


def _zip(name: str, octets: bytes, *others: tuple[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for each, content in (*others, (name, octets)):
            archive.writestr(each, content, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _picture_page() -> bytes:
    picture = b'<img src="data:image/jpeg;base64,%b">' % base64.b64encode(_PHOTOGRAPH[:700_000])
    return b"<html><p>See &amp; read</p>" + picture + b"</html>"


@pytest.mark.parametrize(
    ("name", "octets", "most_each"),
    [
        ("a.log", _TEXT, 10),
        ("log.zip", _zip("a.log", _TEXT), 15),
        ("a.jpg", _PHOTOGRAPH, 5),
        ("photographs.zip", _zip("a.jpg", _PHOTOGRAPH), 16),
        ("a.xlsx", _zip("xl/worksheets/sheet1.xml", _SHEET, ("[Content_Types].xml", b"<Types/>")), 24),
        ("a.html", _picture_page(), 15),
        ("a.html", b"<html>" + b"<p>a line of it</p>\n" * 50_000 + b"</html>", 45),
        ("a.pdf", b"%PDF-1.4\nobj\n" + _PHOTOGRAPH, 12),
    ],
)
def test_an_octet_of_an_honest_file_costs_little(name: str, octets: bytes, most_each: int) -> None:
    """A file of a megabyte takes so much for each octet of it, unpacked, that one of some 20 to 40 MB fits as well."""
    found = examine_thing(Thing(octets, name), Options(Bounds(effort=most_each * 1_000_000 + 1_000_000)))

    assert Kind.UNSCANNABLE not in {one.kind for one in found}


@pytest.mark.parametrize(
    ("name", "octets", "severity"),
    [
        ("a.log", _TEXT, Severity.NOTE),
        ("a.log.1", _TEXT, Severity.NOTE),
        ("a.csv", _TEXT, Severity.NOTE),
        ("a.jpg", _PHOTOGRAPH, Severity.NOTE),
        ("a.bin", _TEXT, Severity.SUSPICIOUS),  # who knows what opens it
        ("a.csv", _PHOTOGRAPH, Severity.SUSPICIOUS),  # it is not what it is called
        ("a.jpg", _TEXT, Severity.SUSPICIOUS),
        ("a.html", _TEXT, Severity.SUSPICIOUS),
        ("a.xml", _SHEET, Severity.SUSPICIOUS),
    ],
)
def test_the_rest_of_what_is_only_shown_matters_little(name: str, octets: bytes, severity: Severity) -> None:
    """Of a text or picture too large to be unpacked wholly it is told as a note, of all else as suspicious."""
    found = examine_thing(Thing(_zip(name, octets), "a.zip"), Options(Bounds(thing_octets=200_000)))

    assert severity is next(one.severity for one in found if one.kind is Kind.UNSCANNABLE)


def test_a_zip_of_documents_as_they_are_is_no_document() -> None:
    """What a zip archive is goes by its own list, not by those of the documents that it holds unpacked."""
    document = _zip("word/document.xml", b"<a/>", ("[Content_Types].xml", b"<Types/>"))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.docx", document)

    assert () == examine_thing(Thing(written.getvalue(), "all.zip"))


def test_a_document_that_is_called_an_archive_is_still_seen() -> None:
    """A package whose own list names its parts is a document, whatever it is called."""
    document = _zip("word/document.xml", b"<a/>", ("[Content_Types].xml", b"<Types/>"))

    assert Kind.TYPE in {one.kind for one in examine_thing(Thing(document, "all.zip"))}
