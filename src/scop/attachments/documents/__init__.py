"""Looks into documents: Office old and new, RTF, PDF, OpenDocument, tables in text.

What is looked for is what a document does by itself or hides: macros, commands to other programs, parts that are
fetched from elsewhere, objects and files inside it, scripts and actions. Each reader is a generator of findings and of
the things within; a document that cannot be read is told by what the reader raises.

The libraries that open documents are loaded by their first use, as most programs that know of findings never open one;
`preload` loads them before a process is sealed.
"""

from __future__ import annotations

from codecs import lookup
from collections.abc import Iterable
from importlib import import_module
from typing import cast

from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Reader, Thing
from scop.attachments.true_types import TrueType

__all__ = ["READERS", "preload"]

_PACKAGE = __name__


def _late(module: str, name: str) -> Reader:
    """Return a reader that is imported when it is first asked."""

    def read(thing: Thing, inspection: Inspection) -> Iterable[Found]:
        reader = cast("Reader", getattr(import_module(f"{_PACKAGE}.{module}"), name))
        return reader(thing, inspection)

    return read


_COMPOUND = _late("compound", "read_compound")
_PACKAGE_FILE = _late("ooxml", "read_package_file")
_XML = _late("office_xml", "read_office_xml")

READERS: dict[TrueType, tuple[Reader, ...]] = {
    TrueType.OLE: (_COMPOUND,),
    TrueType.OUTLOOK_MESSAGE: (_COMPOUND,),
    TrueType.MSI: (_COMPOUND,),
    TrueType.OOXML: (_PACKAGE_FILE,),
    TrueType.ODF: (_PACKAGE_FILE,),
    TrueType.OFFICE_XML: (_XML,),
    TrueType.XML: (_XML,),
    TrueType.ACTIVE_MIME: (_late("active_mime", "read_active_mime"),),
    TrueType.RTF: (_late("rtf", "read_rtf"),),
    TrueType.PDF: (_late("pdf", "read_pdf"),),
    TrueType.TEXT: (_late("tables", "read_list"),),
    TrueType.SYLK: (_late("tables", "read_table"),),
}


def preload() -> None:
    """Load all that looking into documents needs: afterwards no file is opened."""
    for module in ("active_mime", "compound", "ooxml", "pdf", "rtf", "tables"):
        import_module(f"{_PACKAGE}.{module}")
    for encoding in _ENCODINGS:
        lookup(encoding)


# By name, as octets that are few are decoded without the codec being loaded.
_ENCODINGS = ("ascii", "cp1252", "latin-1", "utf-8", "utf-16", "utf-16-be", "utf-16-le", "utf-32")
