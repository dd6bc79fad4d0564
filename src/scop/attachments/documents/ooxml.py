"""Looks into packages: Office documents since 2007 (also binary xlsb and XPS), and OpenDocument.

The walk goes through every file of the package as through any archive's. Here the parts are looked at by what they say,
whatever they are called, and what two of them say together is put together.

Standards: ECMA-376-2 (packages), ECMA-376-1, MS-XLSB, OASIS OpenDocument 1.3 §3 (packages).
"""

from __future__ import annotations

from collections.abc import Iterator

from scop.attachments.archives.zip import read_zip
from scop.attachments.documents.biff import xlsb_conversations
from scop.attachments.documents.fields import dde_finding
from scop.attachments.documents.macros import sheet_macro_finding
from scop.attachments.documents.office_xml import facts_findings, xml_facts
from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing
from scop.attachments.true_types import TrueType, true_type_of

__all__ = ["read_package_file"]

_READ_LATER = frozenset({TrueType.XML, TrueType.OFFICE_XML})
_OF_SHEETS = (b"macrosheet", b"auto_", b"<!entity", b"\0")  # in lower case
_OCTET_EFFORT = 3  # to seek them, as `Inspection.spend` counts


class _Sheets:
    """What the parts say of Excel 4 macros, put together."""

    def __init__(self) -> None:
        self.has_macro_sheet = False
        self.is_automatic = False
        self.functions: dict[str, None] = {}


def read_package_file(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Look into a package: yield what its parts say, and each of them."""
    sheets = _Sheets()
    for found in read_zip(thing, inspection):
        if isinstance(found, Thing):
            yield from _part(found, sheets, inspection)
        yield found
    if sheets.has_macro_sheet:
        yield sheet_macro_finding(thing, is_automatic=sheets.is_automatic, functions=tuple(sheets.functions))


def _part(part: Thing, sheets: _Sheets, inspection: Inspection) -> Iterator[Finding]:
    for service, topic in xlsb_conversations(part.octets):
        yield dde_finding(part, service, topic)
    if part.name.lower().endswith(".bin") and "_\0x\0l\0n\0m\0.\0A\0u\0t\0o\0_\0O\0".encode("latin-1") in part.octets:
        sheets.is_automatic = True  # a name in a binary workbook
    # What is XML at first sight is read by the walk; here it is, too, where other parts have a share in what it means.
    is_read_later = true_type_of(part) in _READ_LATER
    if not _is_xml(part.octets):
        return
    inspection.spend(_OCTET_EFFORT * len(part.octets))
    if is_read_later and not _is_of_sheets(part.octets):
        return
    facts = xml_facts(part.octets, inspection)
    if facts is None:
        return
    sheets.has_macro_sheet |= facts.has_macro_sheet or any("macrosheet" in kind for kind, _ in facts.parts)
    sheets.is_automatic |= facts.has_automatic_name
    sheets.functions |= facts.functions
    if is_read_later:
        return
    yield from facts_findings(part, facts)
    if facts.is_broken and part.ending in {"xml", "rels"}:
        yield part.finding(
            Kind.BROKEN, Severity.SUSPICIOUS, "A part of the document is made so that it cannot be read."
        )


def _is_of_sheets(octets: bytes) -> bool:
    lower = octets.lower()
    return any(word in lower for word in _OF_SHEETS) or (b"definedname" in lower and b"&#" in octets)


def _is_xml(octets: bytes) -> bool:
    head = octets[:64].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xfe\xff \t\r\n")
    return head.startswith(b"<")
