"""Which reader looks into which type of thing."""

from __future__ import annotations

from scop.attachments import archives, documents
from scop.attachments.readings import read_mail_file
from scop.attachments.shortcuts import (
    read_desktop_entry,
    read_link,
    read_setting_content,
    read_url_file,
    read_web_query,
)
from scop.attachments.text_files import read_text
from scop.attachments.thing import Reader
from scop.attachments.true_types import TrueType
from scop.attachments.web_pages import read_page, read_picture_page

__all__ = ["readers_of"]

_OTHERS: dict[TrueType, tuple[Reader, ...]] = {
    TrueType.MAIL: (read_mail_file, read_text),
    TrueType.SAVED_PAGE: (read_mail_file,),
    **dict.fromkeys((TrueType.TEXT, TrueType.UNKNOWN, TrueType.SCRIPT), (read_text,)),
    TrueType.LNK: (read_link,),
    TrueType.URL_FILE: (read_url_file,),
    TrueType.DESKTOP_ENTRY: (read_desktop_entry,),
    TrueType.SETTING_CONTENT: (read_setting_content,),
    TrueType.WEB_QUERY: (read_web_query,),
    TrueType.HTML: (read_page, read_text),
    TrueType.SVG: (read_picture_page,),
}


_TABLES = (documents.READERS, archives.READERS, _OTHERS)  # a document that is a zip archive is read as both


def readers_of(kind: TrueType) -> tuple[Reader, ...]:
    """Return those who look into things of this type, the first one first."""
    return tuple([reader for table in _TABLES for reader in table.get(kind, ())])
