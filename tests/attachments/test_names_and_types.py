"""What a thing is counts, whatever it is called; and how its name deceives is told."""

from __future__ import annotations

import io
import zipfile

import pytest

from fakes.containers import PROGRAM, zip_archive
from scop.attachments import Finding, Kind, Severity, Thing, examine_thing
from scop.attachments.true_types import TrueType, true_type_of

_TEXT = b"Hello there, this is a text.\n"
_JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1" + bytes(200)
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n"


def _worst(name: str, octets: bytes, declared: str = "") -> dict[str, str]:
    """Return the worst severity of each kind."""
    order = list(Severity)
    found: dict[str, str] = {}
    for one in examine_thing(Thing(octets, name, declared, name)):
        before = found.get(one.kind.value)
        if before is None or order.index(one.severity) > order.index(Severity(before)):
            found[one.kind.value] = one.severity.value
    return found


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        (PROGRAM, TrueType.PE),
        (b"\x7fELF\2\1\1" + bytes(60), TrueType.ELF),
        (b"\xcf\xfa\xed\xfe" + bytes(60), TrueType.MACH_O),
        (b"\xca\xfe\xba\xbe\0\0\0\2" + bytes(60), TrueType.MACH_O),
        (b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(60), TrueType.JAVA_CLASS),
        (b"dex\n035\0" + bytes(60), TrueType.DEX),
        (zip_archive("META-INF/MANIFEST.MF", b"Main-Class: a.B\n"), TrueType.JAR),
        (b"#!/bin/sh\necho hello\n", TrueType.SCRIPT),
        (b"Windows Registry Editor Version 5.00\r\n", TrueType.REGISTRY),
        ("Windows Registry Editor Version 5.00\r\n".encode("utf-16"), TrueType.REGISTRY),
        (b"[InternetShortcut]\r\nURL=https://lagoon.example/\r\n", TrueType.URL_FILE),
        (b"[Desktop Entry]\nExec=sh\n", TrueType.DESKTOP_ENTRY),
        (b"ITSF\3\0\0\0" + bytes(60), TrueType.CHM),
        (b"xar!\0\x1c" + bytes(60), TrueType.XAR),
        (b"conectix" + bytes(600), TrueType.DISK_IMAGE),
        (bytes(600) + b"koly" + bytes(508), TrueType.DMG),
        (_JPEG, TrueType.PICTURE),
        (_PDF, TrueType.PDF),
        (b"junk before\n" + _PDF, TrueType.PDF),
        (b"{\\rtf1 hello}", TrueType.RTF),
        (b"<!-- saved --><html><body>hello</body></html>", TrueType.HTML),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', TrueType.SVG),
        (b"From: a@lagoon.example\r\nSubject: hello\r\n\r\nhello", TrueType.MAIL),
        (_TEXT, TrueType.TEXT),
        ("Grüße aus Köln\n".encode("latin-1"), TrueType.TEXT),
        ("你好,世界。\n".encode("gb18030") * 20, TrueType.TEXT),
        (b"", TrueType.EMPTY),
        (bytes(range(256)), TrueType.UNKNOWN),
    ],
)
def test_a_type_is_told_by_the_octets(octets: bytes, kind: TrueType) -> None:
    """The name does not count."""
    assert kind is true_type_of(Thing(octets, "something.txt"))


@pytest.mark.parametrize(
    ("name", "octets", "expected"),
    [
        ("setup.exe", PROGRAM, {"executable": "dangerous"}),
        ("photo.jpg", PROGRAM, {"executable": "dangerous", "type": "dangerous"}),
        ("invoice.pdf.exe", PROGRAM, {"executable": "dangerous", "name": "dangerous"}),
        ("invoice.pdf          .exe", PROGRAM, {"executable": "dangerous", "name": "dangerous"}),
        ("invoice_\u202efdp.exe", PROGRAM, {"executable": "dangerous", "name": "dangerous"}),
        ("invoice.exe.", PROGRAM, {"executable": "dangerous"}),
        ("invoice.exe\0.pdf", _TEXT, {"executable": "dangerous", "name": "dangerous"}),
        ("a.txt.{3050f4d8-98b5-11cf-bb82-00aa00bdce0b}", _TEXT, {"name": "dangerous"}),
        ("a.txt:b.exe", _TEXT, {"executable": "dangerous", "name": "dangerous"}),
        ("../../etc/profile", _TEXT, {"name": "suspicious"}),
        ("x" * 300, _TEXT, {"name": "note"}),
        ("a.vbs", _TEXT, {"script": "dangerous"}),
        ("a.PS1", _TEXT, {"script": "dangerous"}),
        ("a.hta", b"<html></html>", {"script": "dangerous"}),
        ("a.wsf", b"<job><script/></job>", {"script": "dangerous"}),
        ("a.scr", b"\1\2\3\4" * 20, {"executable": "dangerous"}),
        ("a.js", b"var a = new ActiveXObject('WScript.Shell');", {"script": "dangerous"}),
        ("a.js", b"export const a = 1;\n", {"script": "suspicious"}),
        ("a.sh", b"#!/bin/sh\necho\n", {"script": "note"}),
        ("a.application", b"<?xml version='1.0'?><assembly/>", {"executable": "dangerous"}),
        ("a.pyw", _TEXT, {"script": "dangerous"}),
        ("a.msu", b"MSCF", {"executable": "dangerous"}),
        ("a.mobileconfig", _TEXT, {"shortcut": "suspicious"}),
        ("a.reg", b"REGEDIT4\r\n", {"script": "dangerous"}),
        ("a.library-ms", b"<a/>", {"shortcut": "suspicious"}),
        ("a.iso", bytes(0x8001) + b"CD001" + bytes(3000), {"type": "suspicious"}),
        ("a.pdf", b"<html>log in here</html>", {"type": "suspicious"}),
        ("a.jpg", zip_archive("a.txt", _TEXT), {"type": "suspicious"}),
        ("a.png", _JPEG, {}),
        ("a.doc", b"{\\rtf1 hello}", {}),
        ("a.doc", b"<html>a page that Word saved</html>", {}),
        ("a.txt", _TEXT, {}),
        ("www.lagoon.example.com", _TEXT, {"executable": "note"}),
        ("a.zip", zip_archive("a.txt", _TEXT), {}),
        ("Grüße.txt", _TEXT, {}),
        ("\u202bשלום\u202c.txt", _TEXT, {}),
    ],
)
def test_a_name_is_held_against_the_type(name: str, octets: bytes, expected: dict[str, str]) -> None:
    """What runs is dangerous, what deceives is told, and what honest people send is nothing."""
    assert expected == _worst(name, octets)


@pytest.mark.parametrize("piece", ["a.", ".", "a", "_", "\u200b", "a:", ".{"])
def test_a_name_of_any_length_is_judged_at_once(piece: str) -> None:
    """What is sought in a name takes a time that grows with it and not with its square (minutes for these)."""
    found = examine_thing(Thing(_TEXT, piece * 60_000 + "é. "))

    assert Severity.DANGEROUS not in {one.severity for one in found}


def test_a_shortcut_of_blanks_is_read_at_once() -> None:
    """Lines without end and without content do not stop what reads them."""
    octets = b"[InternetShortcut]\n" + b"\n" * 200_000 + b"URL=x" + b" " * 200_000 + b"y\n"

    assert Severity.DANGEROUS in {one.severity for one in examine_thing(Thing(octets, "a.url"))}


def test_a_program_declared_as_sound_is_told() -> None:
    """The type that the mail states counts as what it says it is."""
    assert {"executable": "dangerous", "type": "dangerous"} == _worst("", PROGRAM, "audio/x-wav")


def test_a_sentence_names_file_archive_and_disguise() -> None:
    """The reason is for a person: what it is, where, and what it looks like."""
    found: tuple[Finding, ...] = examine_thing(
        Thing(zip_archive("invoice.pdf.exe", PROGRAM), "invoice.zip", place="invoice.zip")
    )
    sentences = {one.reason for one in found if one.kind is Kind.EXECUTABLE}

    assert {
        "invoice.pdf.exe in invoice.zip is a program for Windows, though its name looks like a document."
    } == sentences


def test_what_tells_most_stands_first() -> None:
    """Of several findings as bad as each other the one that says what it is comes before how its name looks."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("../a.txt", _TEXT)
        archive.writestr("invoice.pdf.exe", PROGRAM)
    found = examine_thing(Thing(written.getvalue(), "invoice.zip", place="invoice.zip"))

    assert [
        "invoice.pdf.exe in invoice.zip is a program for Windows, though its name looks like a document.",
        "invoice.pdf.exe in invoice.zip ends twice, so that it looks like something harmless.",
        "../a.txt in invoice.zip would be written to another folder than the one it is unpacked to.",
    ] == [one.reason for one in found]
