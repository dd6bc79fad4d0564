"""A thing that is several things at once is looked into as each of them."""

from __future__ import annotations

import base64

import pytest

from fakes.containers import PROGRAM, iso_image, rar5_archive, zip_archive
from scop.attachments import Severity, Thing, examine_thing

_BUILDER = b"<html><script>var b=new Blob([atob(x)]);a.href=URL.createObjectURL(b);a.download='a.zip'</script></html>"
_JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1" + bytes(200)
_SAVED_PAGE = (
    b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="x"\r\n\r\n--x\r\n'
    b'Content-Type: application/octet-stream; name="a.exe"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    + base64.encodebytes(PROGRAM)
    + b"\r\n--x--\r\n"
)
_MAIL = b"From: a@lagoon.example\r\nSubject: hello\r\n" + _SAVED_PAGE
_POSTMARK = b"From a@lagoon.example Tue Dec  1 10:00:00 2026\r\n"
_TEXT_MAIL = b"From: a@lagoon.example\r\nTo: b@lagoon.example\r\n\r\nHello\r\n\r\n"
_BROKEN_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n"


@pytest.mark.parametrize(
    ("name", "octets", "kind"),
    [
        ("a.html", b"<!--%PDF-1.4 1 0 obj-->\n" + _BUILDER, "active"),
        ("a.html", b"ID3" + _BUILDER, "active"),
        ("a.htm", b"GIF89a/*" + _BUILDER, "active"),
        ("a.html", b"Hello there. " + _BUILDER, "active"),
        ("a.shtml", bytes(4) + b"\1\2\3\4" * 4 + _BUILDER, "active"),
        ("a.html", _BUILDER.decode().encode("utf-16-be"), "active"),
        ("a.svg", b"Hello <svg xmlns='http://www.w3.org/2000/svg'><script>eval(atob('1'))</script></svg>", "active"),
        ("a.doc", _BROKEN_PDF + _SAVED_PAGE, "executable"),
        ("a.doc", b"Hello\r\n\r\n" + _SAVED_PAGE, "executable"),
        ("a.mht", b"Hello\r\n" + _SAVED_PAGE, "executable"),
        ("a.eml", b"Hello\r\n" + _MAIL, "executable"),
        ("a.eml", b"\r\n\r\n" + _MAIL, "executable"),
        ("", _POSTMARK + _MAIL, "executable"),
        (
            "a.mbox",
            _POSTMARK + _TEXT_MAIL + _POSTMARK + _MAIL,
            "executable",
        ),
        ("a.dat", PROGRAM.ljust(257, b"\0") + b"ustar\0" + bytes(600), "executable"),
        ("a.dat", PROGRAM.ljust(0x8001, b"\0") + b"CD001" + bytes(6_000), "executable"),
        ("a.iso", _JPEG.ljust(0x8000, b"\0") + iso_image("a.exe", PROGRAM)[0x8000:], "executable"),
        ("a.rar", _JPEG + rar5_archive("a.exe", PROGRAM), "executable"),
        ("a.jpg", _JPEG + PROGRAM, "executable"),
        ("a.pdf", _BROKEN_PDF + zip_archive("a.exe", PROGRAM), "executable"),
    ],
)
def test_a_thing_is_read_as_all_that_programs_take_it_for(name: str, octets: bytes, kind: str) -> None:
    """By its name, by what stands further in, and by what stands behind; a reader that fails stops no other."""
    assert (kind, Severity.DANGEROUS) in {(one.kind.value, one.severity) for one in examine_thing(Thing(octets, name))}


def test_a_document_behind_a_picture_is_read_and_told() -> None:
    """Adobe's readers open what begins within the first kibibyte."""
    kinds = {one.kind.value for one in examine_thing(Thing(_JPEG + _BROKEN_PDF, "a.pdf"))}

    assert {"ambiguous", "broken"} == kinds


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("a.txt", b"A document of this kind begins with %PDF-1.4, and so on.\n"),
        ("a.jpg", _JPEG + b"PE\0\0" + b"MZ" + bytes(90)),
        ("a.html", b"<p>Hello there</p>"),
        ("a.doc", b"Hello, the field is called MIME-Version: it says 1.0.\n"),
    ],
)
def test_what_only_looks_so_is_nothing(name: str, octets: bytes) -> None:
    """A mark alone makes no other thing of a file."""
    assert () == examine_thing(Thing(octets, name))
