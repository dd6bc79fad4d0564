"""Real documents, with and without macros, commands, objects and locks: each is judged as it should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.shared import shared_path
from scop.attachments import Finding, Kind, Severity, examine_thing
from scop.attachments.thing import Thing

# What is found above a note in each file of the vectors: kind and severity; nothing where the document is harmless.
_DDE = {(Kind.DDE, Severity.DANGEROUS)}
_MACRO = {(Kind.MACRO, Severity.DANGEROUS)}
_LOCKED = {(Kind.ENCRYPTED, Severity.SUSPICIOUS)}
_FETCHES = {(Kind.TEMPLATE, Severity.DANGEROUS)}
_HARMLESS: set[tuple[Kind, Severity]] = set()

_EXPECTED = {
    "basic/encrypted.docx": _LOCKED,
    "encrypted/autostart-encrypt-standardpassword.xls": _MACRO,
    "encrypted/autostart-encrypt-standardpassword.xlsm": _MACRO,
    "encrypted/dde-test-encrypt-standardpassword.xlsb": _DDE,
    "encrypted/dde-test-encrypt-standardpassword.xlsx": _DDE,
    "encrypted/encrypted.docm": _LOCKED,
    "encrypted/encrypted.ppt": _LOCKED,
    "encrypted/encrypted.pptx": _LOCKED,
    "encrypted/encrypted.xlsb": _LOCKED,
    "encrypted/encrypted.xlsx": _LOCKED,
    "excel4-macros/excel4_sample_macro.xls": _MACRO,
    "excel4-macros/excel4_sample_macro.xlsm": _MACRO,
    "excel4-macros/excel4_sample_macro.xltm": _MACRO,
    "msodde/RTF-Spec-1.7.rtf": _HARMLESS,
    "msodde/dde-in-excel2003.xml": _DDE,
    "msodde/dde-in-word2007.xml.zip": _LOCKED,
    "msodde/dde-test-from-office2013-utf_16le-korean.doc.zip": _LOCKED,
    "msodde/dde-test.docm": _DDE,
    "msodde/dde-test.xlsb": _DDE,
    "msodde/dde-test.xlsx": _DDE,
    "msodde/harmless-clean.doc": _HARMLESS,
    "msodde/harmless-clean.docx": _HARMLESS,
    "oleobj/embedded-simple-2007-as2003.xml": _HARMLESS,
    "oleobj/embedded-simple-2007.docm": _HARMLESS,
    "oleobj/embedded-simple-2007.dot": _HARMLESS,
    "oleobj/embedded-simple-2007.dotx": _HARMLESS,
    "oleobj/embedded-simple-2007.ods": _HARMLESS,
    "oleobj/embedded-simple-2007.pot": _HARMLESS,
    "oleobj/embedded-simple-2007.potx": _HARMLESS,
    "oleobj/embedded-simple-2007.ppsm": _HARMLESS,
    "oleobj/embedded-simple-2007.ppt": _HARMLESS,
    "oleobj/embedded-simple-2007.pptx": _HARMLESS,
    "oleobj/embedded-simple-2007.xlam": _HARMLESS,
    "oleobj/embedded-simple-2007.xlsb": _HARMLESS,
    "oleobj/embedded-simple-2007.xlsx": _HARMLESS,
    "oleobj/embedded-simple-2007.xltm": _HARMLESS,
    "oleobj/embedded-simple-2007.xml": _HARMLESS,
    "oleobj/embedded-unicode.doc": _HARMLESS,
    "oleobj/external_link/sample_with_external_link_to_doc.docx": _FETCHES,
    "oleobj/external_link/sample_with_external_link_to_doc.dotx": _FETCHES,
    "oleobj/external_link/sample_with_external_link_to_doc.potx": _FETCHES,
    "oleobj/external_link/sample_with_external_link_to_doc.ppsx": _FETCHES,
    "oleobj/external_link/sample_with_external_link_to_doc.pptx": _FETCHES,
    "oleobj/external_link/sample_with_external_link_to_doc.xlsm": _FETCHES,
    "oleobj/sample_with_calc_embedded.doc": {(Kind.EXECUTABLE, Severity.DANGEROUS)},
    "oleobj/sample_with_lnk_file.pps": {(Kind.SHORTCUT, Severity.DANGEROUS)},
    "oleobj/sample_with_lnk_to_calc.doc": {(Kind.EMBEDDED, Severity.SUSPICIOUS)},
    "ooxml/dde-in-excel2003.xml": _DDE,
    "ooxml/harmless-clean-2003.xml": _HARMLESS,
    "other/presentation.xps": _HARMLESS,
}


def _vectors() -> Path:
    return shared_path("vectors", "attachments", "oletools")


def _findings(name: str) -> tuple[Finding, ...]:
    path = _vectors() / name
    return examine_thing(Thing(path.read_bytes(), path.name))


@pytest.mark.parametrize("name", _EXPECTED)
def test_document_is_judged_as_it_should_be(name: str) -> None:
    """Above a note, exactly what is bad of a document is found: its kind and how bad it is."""
    found = {(one.kind, one.severity) for one in _findings(name) if one.severity is not Severity.NOTE}
    assert _EXPECTED[name] == found


def test_documents_are_all_in_the_table() -> None:
    """Every file of the vectors is judged by the table above."""
    root = _vectors()
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.suffix != ".md"}
    assert set(_EXPECTED) == files


@pytest.mark.parametrize(
    "name", [name for name in _EXPECTED if "embedded-simple" in name], ids=lambda name: name.rpartition("2007")[2]
)
def test_document_tells_the_file_inside(name: str) -> None:
    """A file that a document embeds is told by its name, whatever format the document has."""
    assert [(Kind.EMBEDDED, Severity.NOTE, "The document holds the file simple-text-file.txt.")] == [
        (one.kind, one.severity, one.reason) for one in _findings(name)
    ]


def test_document_tells_the_name_of_an_embedded_file_in_any_script() -> None:
    """The name of an embedded file is the one in Unicode, not the one that an old code page made of it."""
    reasons = [one.reason for one in _findings("oleobj/embedded-unicode.doc")]
    assert ["The document holds the file ünicöde-수식끝이잘못되었습니다.txt."] == reasons
