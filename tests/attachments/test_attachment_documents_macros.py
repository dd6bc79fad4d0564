"""Macros in every container: what runs by itself, what does not, and what hides."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.compound_files import Storage, compound_file, office_package, packed_vba, vba_project
from scop.attachments import Kind, Severity, examine_thing
from scop.attachments.documents.vba import behaviour_of_source, has_code, module_sources, unpacked
from scop.attachments.thing import Thing

_AUTOMATIC = 'Sub AutoOpen()\r\n Shell "cmd.exe /c calc"\r\nEnd Sub\r\n'
_ASKED = 'Sub Tidy()\r\n Range("A1").Value = 1\r\nEnd Sub\r\n'


def _macros(octets: bytes, name: str = "letter.doc") -> list[tuple[Severity, str]]:
    return [(one.severity, one.reason) for one in examine_thing(Thing(octets, name)) if one.kind is Kind.MACRO]


def _word(project: Storage) -> bytes:
    return compound_file(Storage({"WordDocument": b"text"}, {"Macros": project}))


def test_macro_that_runs_by_itself_is_dangerous() -> None:
    """A macro with an automatic name is dangerous, and the sentence tells the name and what it does."""
    reason = "A macro runs by itself when the document is used (AutoOpen); it starts programs."
    assert [(Severity.DANGEROUS, reason)] == _macros(_word(vba_project(_AUTOMATIC)))


def test_macro_that_is_asked_for_is_suspicious() -> None:
    """A macro without an automatic name is suspicious."""
    assert [(Severity.SUSPICIOUS, "The document has macros; none runs by itself.")] == _macros(
        _word(vba_project(_ASKED))
    )


def test_project_without_code_is_no_macro() -> None:
    """Office stores empty modules in many documents: they are nothing."""
    empty = "Attribute VB_Exposed = True\r\nOption Explicit\r\n' nothing here\r\n\r\n"
    assert [] == _macros(_word(vba_project(empty)))


def test_macro_whose_source_begins_oddly_is_found_where_the_project_says() -> None:
    """Without its usual beginning a source is found by the offset that the project states."""
    assert [Severity.DANGEROUS] == [one for one, _ in _macros(_word(vba_project(_AUTOMATIC, begins_usually=False)))]


def test_macro_that_no_list_names_is_found_by_its_beginning() -> None:
    """A module is found though the project's list is missing."""
    module = b"\x01\x16\x01\0" + packed_vba(b'Attribute VB_Name = "M"\r\n' + _AUTOMATIC.encode())
    assert [Severity.DANGEROUS] == [one for one, _ in _macros(compound_file(Storage({"M": module})))]


def test_macro_without_source_is_told_by_its_compiled_names() -> None:
    """A project whose text was taken out is dangerous where its compiled form has automatic names or powers."""
    compiled = b"\x01\0\x09\0AutoOpen\0\0\x05\0Shell\0"
    ((severity, reason),) = _macros(_word(vba_project("", compiled=compiled)))
    assert (Severity.DANGEROUS, True) == (severity, reason.startswith("A macro whose text was taken out"))


def test_macro_of_a_damaged_document_is_found() -> None:
    """A document whose folders cannot be read is told as broken, and its macros are still found."""
    octets = bytearray(_word(vba_project(_AUTOMATIC)))
    octets[48:52] = b"\xf0\xff\xff\x7f"  # where the folders begin
    found = {(one.kind, one.severity) for one in examine_thing(Thing(bytes(octets), "letter.doc"))}
    assert {(Kind.MACRO, Severity.DANGEROUS), (Kind.BROKEN, Severity.SUSPICIOUS)} == found


def test_macro_in_a_package_is_found() -> None:
    """The project of a docm, xlsm or pptm is a compound file among its parts, whatever its name."""
    project = compound_file(vba_project(_AUTOMATIC))
    for part in ("word/vbaProject.bin", "word/media/image1.png"):
        assert [Severity.DANGEROUS] == [one for one, _ in _macros(office_package({part: project}), "letter.docm")]


def test_macro_in_a_presentation_is_found() -> None:
    """A binary presentation stores its project deflated in a record."""
    project = compound_file(vba_project(_AUTOMATIC))
    body = struct.pack("<I", len(project)) + zlib.compress(project)
    record = (
        b"\x0f\0\x88\x13" + struct.pack("<I", len(body) + 8) + b"\x10\0\x11\x10" + struct.pack("<I", len(body)) + body
    )
    slides = compound_file(Storage({"PowerPoint Document": record}))
    assert [Severity.DANGEROUS] == [one for one, _ in _macros(slides, "talk.ppt")]


def test_macro_in_an_envelope_is_found() -> None:
    """Word 2003 in XML keeps its project deflated in an ActiveMime envelope, in base64."""
    envelope = (
        b"ActiveMime\0\0\x01\xf0\x04\0\0\0\xff\xff\xff\xff" + bytes(26) + zlib.compress(_word(vba_project(_AUTOMATIC)))
    )
    text = base64.encodebytes(envelope).decode()
    octets = (
        '<?xml version="1.0"?><?mso-application progid="Word.Document"?>'
        '<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml">'
        f'<w:docSuppData><w:binData w:name="editdata.mso">{text}</w:binData></w:docSuppData></w:wordDocument>'
    )
    assert [Severity.DANGEROUS] == [one for one, _ in _macros(octets.encode(), "letter.xml")]


def test_macro_of_an_open_document_is_found() -> None:
    """Basic in an OpenDocument is a macro, and an event that calls a script makes it run by itself."""
    module = (
        '<?xml version="1.0"?><script:module xmlns:script="http://openoffice.org/2000/script" script:name="M"'
        ' script:language="StarBasic">Sub Main\n Shell("calc")\nEnd Sub</script:module>'
    )
    content = (
        '<?xml version="1.0"?><office:document-content xmlns:office="o" xmlns:script="s" xmlns:xlink="x">'
        '<script:event-listener script:event-name="dom:load"'
        ' xlink:href="vnd.sun.star.script:Standard.M.Main?language=Basic"/></office:document-content>'
    )
    octets = office_package({"Basic/Standard/M.xml": module, "content.xml": content})
    assert {Severity.SUSPICIOUS, Severity.DANGEROUS} == {one for one, _ in _macros(octets, "letter.odt")}


def test_sheet_macros_in_text_are_found() -> None:
    """A SYLK table can hold Excel 4 macros that run when it is opened."""
    table = b'ID;P\nO;E\nNN;NAuto_open;ER1C1;KOut Flank;F\nC;X1;Y1;K0;EEXEC("calc.exe")\nC;X1;Y2;K0;EHALT()\nE\n'
    reason = "The table has Excel 4 macros that run by themselves when the table is opened; it uses EXEC."
    assert [(Severity.DANGEROUS, reason)] == _macros(table, "table.slk")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Private Sub Workbook_Open()\nEnd Sub", ("Workbook_Open",)),
        ("sub AUTO_OPEN ()\nend sub", ("AUTO_OPEN",)),
        ("Sub InkEdit1_GotFocus()\nEnd Sub", ("InkEdit1_GotFocus",)),
        ("Sub CommandButton1_Click()\nEnd Sub", ()),
        ("' Sub AutoOpen()\nSub Other()\nEnd Sub", ()),
        ('Sub Tell()\n MsgBox "Sub AutoOpen()"\nEnd Sub', ()),
        ("Sub _\n AutoOpen()\nEnd Sub", ("AutoOpen",)),
    ],
)
def test_automatic_procedures_are_told_from_others(source: str, expected: tuple[str, ...]) -> None:
    """Only the declaration of a procedure with an automatic name counts, not a comment or a text that has it."""
    assert expected == behaviour_of_source(source).automatic


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=3_500).map(lambda text: text * 3))
def test_unpacking_undoes_packing(text: str) -> None:
    """What is packed as the standard has it comes out as it was, up to the bound."""
    source = text[:9_000].encode()
    assert (source, source[:100]) == (unpacked(packed_vba(source), 0, 1 << 20), unpacked(packed_vba(source), 0, 100))


@given(st.binary(max_size=400))
def test_unpacking_never_raises_and_never_grows(octets: bytes) -> None:
    """Any octets unpack to something within the bound."""
    assert len(unpacked(b"\x01" + octets, 0, 8_192)) <= 8_192


@given(st.binary(max_size=300))
def test_looking_for_modules_never_raises(octets: bytes) -> None:
    """Any octets in a project's streams are borne."""
    streams = {"dir": b"\x01" + octets, "M": octets, "_VBA_PROJECT": octets}
    assert all(isinstance(has_code(source), bool) for source in module_sources(streams))
