"""Fields and links: what a document does when it is opened, in Word old and new, in RTF, in tables."""

from __future__ import annotations

import pytest

from fakes.compound_files import Storage, compound_file, office_package
from scop.attachments import Kind, Severity, examine_thing
from scop.attachments.documents.fields import field_findings, link_finding
from scop.attachments.thing import Thing

_THING = Thing(b"", "letter.docx")
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def _found(octets: bytes, name: str) -> set[tuple[Kind, Severity]]:
    return {(one.kind, one.severity) for one in examine_thing(Thing(octets, name))}


def _word(body: str) -> bytes:
    return office_package({"word/document.xml": f'<?xml version="1.0"?><w:document {_W}>{body}</w:document>'})


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        (' DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc.exe" ', {(Kind.DDE, Severity.DANGEROUS)}),
        ("dde cmd x", {(Kind.DDE, Severity.DANGEROUS)}),
        ('DDEAUTO excel "C:\\\\sums.xls" R1C1', {(Kind.DDE, Severity.SUSPICIOUS)}),
        ("\x13 QUOTE 68 68 69 65 85 84 79 \x15 c:\\\\cmd.exe", {(Kind.DDE, Severity.DANGEROUS)}),
        ('\x13 SET c "x" \x15 DDEAUTO cmd', {(Kind.DDE, Severity.DANGEROUS)}),
        ('INCLUDETEXT "http://x.example/a.doc"', {(Kind.TEMPLATE, Severity.DANGEROUS)}),
        ('INCLUDEPICTURE "\\\\\\\\203.0.113.5\\\\s\\\\a.png" \\d', {(Kind.TEMPLATE, Severity.SUSPICIOUS)}),
        ('INCLUDEPICTURE "http://x.example/a.png" \\d', {(Kind.TEMPLATE, Severity.NOTE)}),
        ('HYPERLINK "http://x.example/"', set()),
        (" PAGEREF _Toc1 \\h ", set()),
        (" MERGEFIELD dden_name ", set()),
        (" \x13 MERGEFIELD a \x15 = 1 ", set()),
    ],
)
def test_field_is_judged_by_what_it_does(instruction: str, expected: set[tuple[Kind, Severity]]) -> None:
    """A field that runs a program is dangerous, one that fetches is told, others are nothing."""
    assert expected == {(one.kind, one.severity) for one in field_findings(_THING, instruction)}


@pytest.mark.parametrize(
    ("kind", "target", "expected"),
    [
        ("attachedTemplate", "http://x.example/t.dotm", Severity.DANGEROUS),
        ("attachedTemplate", "\\\\203.0.113.5\\share\\t.dotm", Severity.DANGEROUS),
        ("attachedTemplate", "file:///C:\\Users\\ann\\Normal.dotm", None),
        ("attachedTemplate", "file:///\\\\fileserver\\templates\\letter.dotx", Severity.NOTE),
        ("attachedTemplate", "Normal.dotm", None),
        ("oleObject", "https://x.example/a.html!", Severity.DANGEROUS),
        ("oleObject", "mhtml:http://x.example/a.html!x-usc:http://x.example/a.html", Severity.DANGEROUS),
        ("hyperlink", "https://x.example/setup.exe", None),
        ("hyperlink", "mailto:ann@harbor.test", None),
        ("hyperlink", "ms-msdt:/id PCWDiagnostic", Severity.DANGEROUS),
        ("externalLinkPath", "https://x.sharepoint.example/a.xlsx", None),
        ("image", "https://x.example/logo.png", Severity.NOTE),
    ],
)
def test_link_is_judged_by_what_loads_it(kind: str, target: str, expected: Severity | None) -> None:
    """What a document loads unasked from a stranger's place is dangerous; what a person clicks is the reader's."""
    finding = link_finding(_THING, kind, target)
    assert expected == (finding.severity if finding else None)


def test_command_is_found_though_its_letters_are_apart() -> None:
    """A field's instruction may be cut into runs anywhere."""
    body = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DD</w:instrText></w:r>'
        '<w:r><w:instrText>EAUTO cmd</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    assert {(Kind.DDE, Severity.DANGEROUS)} == _found(_word(body), "letter.docx")


def test_command_is_found_in_other_charsets_and_with_other_prefixes() -> None:
    """XML in UTF-16, and another prefix for the same names, say the same."""
    field = '<q:fldSimple q:instr="DDE cmd x"/>'
    xml = f'<?xml version="1.0" encoding="utf-16"?><q:document xmlns:q="w">{field}</q:document>'
    octets = office_package({"word/other.xml": xml.encode("utf-16")})
    assert {(Kind.DDE, Severity.DANGEROUS)} == _found(octets, "letter.docx")


def test_command_is_found_behind_an_entity() -> None:
    """An entity of the document's own that hides the words is undone."""
    xml = (
        '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e "&#60;w:fldSimple w:instr=&#39;DDE cmd x&#39;/&#62;">]>'
        f"<w:document {_W}>&e;</w:document>"
    )
    assert {(Kind.DDE, Severity.DANGEROUS)} == _found(office_package({"word/document.xml": xml}), "letter.docx")


@pytest.mark.parametrize("charset", ["latin-1", "utf-16-le"])
@pytest.mark.parametrize("shift", [0, 1])
def test_command_is_found_in_a_binary_word_document(charset: str, shift: int) -> None:
    """The text of a binary document is in 8 or in 16 bits, and begins anywhere."""
    text = 'Hello \x13 PAGE \x14 1 \x15 and \x13 DDEAUTO c:\\\\cmd.exe "/k calc" \x14 x \x15 bye'
    stream = b"\xec\xa5" + bytes(1_022 + shift) + text.encode(charset)
    assert {(Kind.DDE, Severity.DANGEROUS)} == _found(compound_file(Storage({"WordDocument": stream})), "letter.doc")


def test_command_is_found_in_a_list() -> None:
    """A cell of a list can ask a table program to run another."""
    lines = b"name,sum\nann,12\n=cmd|'/c calc'!A0,3\n"
    expected = {(Kind.DDE, Severity.DANGEROUS)}
    assert (expected, expected, set()) == (
        _found(b"ID;P\n" + lines, "table.slk"),
        _found(lines, "list.csv"),
        _found(lines, "letter.txt"),
    )


def test_harmless_words_are_no_command() -> None:
    """A text about DDE, and a pipe in a cell, are nothing."""
    body = "<w:p><w:r><w:t>DDEAUTO c:\\cmd.exe runs a program; instrText too</w:t></w:r></w:p>"
    assert (set(), set()) == (_found(_word(body), "letter.docx"), _found(b'ID;P\nC;X1;Y1;K"a|b!"\nE\n', "a.slk"))


def test_drawing_that_is_not_well_formed_is_nothing() -> None:
    """Excel writes drawings in VML that are no XML; a part that should be XML and is none is told."""
    drawing = '<xml xmlns:v="urn:schemas-microsoft-com:vml"><o:OLEObject classid="x"><br></xml>'
    broken = f'<?xml version="1.0"?><w:document {_W}><w:fldSimple w:instr="PAGE"/>'
    found = [
        _found(office_package({name: text}), "table.xlsx")
        for name, text in (("xl/drawings/vmlDrawing1.vml", drawing), ("word/document.xml", broken))
    ]
    assert [set(), {(Kind.BROKEN, Severity.SUSPICIOUS)}] == found


def test_part_that_pretends_to_be_a_page_is_read() -> None:
    """A part of a document is read as what it is for, whatever it looks like at its beginning."""
    xml = f'<?xml version="1.0"?><!-- <html> --><w:document {_W}><w:fldSimple w:instr="DDE cmd x"/></w:document>'
    assert (Kind.DDE, Severity.DANGEROUS) in _found(office_package({"word/document.xml": xml}), "letter.docx")
