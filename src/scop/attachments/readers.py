"""Which reader looks into which type of thing."""

from __future__ import annotations

from codecs import lookup
from collections.abc import Iterator

from scop.attachments import archives, documents
from scop.attachments.apple_files import read_apple_file, read_binhex, read_mac_binary
from scop.attachments.cards import read_card
from scop.attachments.finding import Kind, Severity
from scop.attachments.inspection import Inspection
from scop.attachments.one_note import read_one_note
from scop.attachments.pickles import read_pickle
from scop.attachments.postscript import read_postscript
from scop.attachments.readings import read_mail_file
from scop.attachments.shortcuts import (
    read_desktop_entry,
    read_link,
    read_playlist,
    read_setting_content,
    read_url_file,
    read_web_query,
)
from scop.attachments.smime import read_smime
from scop.attachments.text_files import read_text
from scop.attachments.thing import Found, Reader, Thing
from scop.attachments.tnef import read_tnef
from scop.attachments.true_types import TrueType
from scop.attachments.web_pages import read_page, read_picture_page
from scop.mime import load_charsets

__all__ = ["HOLDERS", "effort_of", "preload", "read_appended", "readers_of"]

# What names and texts in archives, envelopes and shortcuts are written in.
_ENCODINGS = ("cp437", "cp1252", "latin-1", "mac_roman", "utf-16-le", "utf-16-be", "utf-8", "ascii")

_OTHERS: dict[TrueType, tuple[Reader, ...]] = {
    TrueType.MAIL: (read_mail_file, read_text),
    TrueType.SAVED_PAGE: (read_mail_file,),
    **dict.fromkeys((TrueType.TEXT, TrueType.UNKNOWN, TrueType.SCRIPT), (read_text,)),
    **dict.fromkeys((TrueType.CALENDAR, TrueType.CARD), (read_card,)),
    TrueType.TNEF: (read_tnef,),
    TrueType.SMIME: (read_smime,),
    TrueType.ONE_NOTE: (read_one_note,),
    TrueType.BINHEX: (read_binhex,),
    TrueType.MAC_BINARY: (read_mac_binary,),
    TrueType.APPLE_FILE: (read_apple_file,),
    TrueType.LNK: (read_link,),
    TrueType.URL_FILE: (read_url_file,),
    TrueType.DESKTOP_ENTRY: (read_desktop_entry,),
    TrueType.SETTING_CONTENT: (read_setting_content,),
    TrueType.WEB_QUERY: (read_web_query,),
    TrueType.PLAYLIST: (read_playlist,),
    TrueType.PICKLE: (read_pickle,),
    TrueType.POSTSCRIPT: (read_postscript,),
    TrueType.HTML: (read_page, read_text),
    TrueType.SVG: (read_picture_page,),
}


_TABLES = (documents.READERS, archives.READERS, _OTHERS)  # a document that is a zip archive is read as both


# Of which only so many are opened; texts and pages, which honest archives have thousands of, are read quickly.
HOLDERS = frozenset(kind for table in _TABLES for kind in table) - frozenset(
    (TrueType.TEXT, TrueType.UNKNOWN, TrueType.SCRIPT, TrueType.HTML, TrueType.SVG, TrueType.CALENDAR, TrueType.CARD)
)

# What it costs to go through an octet of these once, as `Inspection.spend` counts; what readers do besides they count.
_EFFORTS = {
    **dict.fromkeys((TrueType.TEXT, TrueType.SCRIPT, TrueType.UNKNOWN), 3),
    **dict.fromkeys((TrueType.OOXML, TrueType.ODF, TrueType.PDF), 5),
    **dict.fromkeys((TrueType.XML, TrueType.OFFICE_XML), 11),
    **dict.fromkeys((TrueType.OLE, TrueType.OUTLOOK_MESSAGE, TrueType.MSI), 15),
    **dict.fromkeys((TrueType.CALENDAR, TrueType.CARD), 60),
    **dict.fromkeys((TrueType.URL_FILE, TrueType.DESKTOP_ENTRY, TrueType.SETTING_CONTENT, TrueType.WEB_QUERY), 60),
    **dict.fromkeys((TrueType.MAIL, TrueType.SAVED_PAGE, TrueType.POSTSCRIPT), 15),
    TrueType.PLAYLIST: 60,
    **dict.fromkeys((TrueType.RTF, TrueType.SYLK, TrueType.BINHEX), 15),
}

# These hold other files as they are: a zip archive at their end is one of them.
_PACKED = frozenset(
    (TrueType.TAR, TrueType.ISO, TrueType.CPIO, TrueType.AR, TrueType.MAIL, TrueType.TNEF, TrueType.OLE)
)
_ZIPPED = frozenset(
    (TrueType.ZIP, TrueType.JAR, TrueType.APK, TrueType.APPX, TrueType.EXTENSION, TrueType.OOXML, TrueType.ODF)
)
_END_OF_ZIP = b"PK\5\6"
_ZIP_TAIL = 0xFFFF + 22  # where it stands, a comment behind it


def readers_of(kind: TrueType) -> tuple[Reader, ...]:
    """Return those who look into things of this type, the first one first."""
    return tuple([reader for table in _TABLES for reader in table.get(kind, ())])


def effort_of(kind: TrueType) -> int:
    """Return what it costs to read an octet of a thing that is taken for this type."""
    return _EFFORTS.get(kind, 0)


def read_appended(thing: Thing, kind: TrueType, inspection: Inspection) -> Iterator[Found]:
    """Yield what is in a zip archive that something else stands before: what opens it goes by its end."""
    if kind in _PACKED or kind in _ZIPPED or _END_OF_ZIP not in thing.octets[-_ZIP_TAIL:]:
        return
    reason = f"{thing.where} is {kind.value} and an archive at once, so that programs see different things in it."
    yield thing.finding(Kind.AMBIGUOUS, Severity.SUSPICIOUS, reason)
    yield from archives.READERS[TrueType.ZIP][0](thing, inspection)


def preload() -> None:
    """Load all that looking into any mail needs: afterwards no file is opened."""
    documents.preload()
    load_charsets()
    for encoding in _ENCODINGS:
        lookup(encoding)  # by name, as no octets are decoded without the codec being loaded
