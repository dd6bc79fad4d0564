"""Files in a mail: their names, what their first octets say they are, and where the two differ."""

from __future__ import annotations

import re

from scop.mime import Entity
from scop.mime.transfer import decode_content
from scop.spam.evidence.folding import fold
from scop.spam.evidence.words import shortened, words_in_order

__all__ = ["file_tokens", "is_file"]

MAX_NAME_CHARACTERS = 200
_LOOKED_AT_OCTETS = 512  # of the encoded body
_RUNS_NAMES = """
exe scr pif com bat cmd vbs vbe js jse wsf wsh hta cpl msi jar ps1 lnk reg chm dll iso img vhd one xll url
"""
_RUNS = frozenset(_RUNS_NAMES.split())
_TWO_ENDINGS = re.compile(r"\.[a-z]{3,4}[\s_.]{0,200}\.([a-z0-9]{2,4})$")

# What a file begins with, what that is, and the endings and media types that honest ones of the kind have.
_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"MZ", "program", "exe dll scr"),
    (b"\x7fELF", "program", "so bin"),
    (b"%PDF", "pdf", "pdf"),
    (b"PK\x03\x04", "zip", "zip docx xlsx pptx odt ods odp jar xpi epub apk kmz docm xlsm pptm dotx"),
    (b"Rar!", "rar", "rar"),
    (b"7z\xbc\xaf", "7z", "7z"),
    (b"\x1f\x8b", "gzip", "gz tgz"),
    (b"BZh", "bzip2", "bz2 tbz"),
    (b"\xfd7zXZ", "xz", "xz txz"),
    (b"GIF8", "gif", "gif"),
    (b"\x89PNG", "png", "png"),
    (b"\xff\xd8\xff", "jpeg", "jpg jpeg jpe jfif"),
    (b"\xd0\xcf\x11\xe0", "ole", "doc xls ppt msi msg dot xlt pps vsd"),
    (b"{\\rtf", "rtf", "rtf doc"),
    (b"BM", "bmp", "bmp"),
    (b"\xca\xfe\xba\xbe", "class", "class"),
)


def is_file(part: Entity) -> bool:
    """Tell whether a part is something to open rather than to read here."""
    return part.filename is not None or part.content_type.maintype not in ("text", "multipart", "message")


def file_tokens(part: Entity) -> list[str]:
    """Return the tokens of a part that is a file."""
    name = fold((part.filename or "")[:MAX_NAME_CHARACTERS])
    ending = name.rpartition(".")[2].strip() if "." in name else ""
    found = [f"file:{word}" for word in shortened(words_in_order(name.replace(".", " ")))]
    if ending:
        found.append(f"file:.{ending[:8]}")
    if ending in _RUNS:
        found.append("file:runs")
        if _TWO_ENDINGS.search(name):
            found.append("trick:two-endings")
    if "\u202e" in (part.filename or ""):
        found.append("trick:right-to-left-name")
    return found + _kind_tokens(part, ending)


def _kind_tokens(part: Entity, ending: str) -> list[str]:
    span = part.span
    body = span.octets[span.body : min(span.end, span.body + _LOOKED_AT_OCTETS)]
    beginning = decode_content(body, part.transfer_encoding)
    for magic, kind, endings in _KINDS:
        if beginning.startswith(magic):
            is_odd = ending not in endings.split() and part.content_type.subtype not in endings.split()
            return [f"file:is-{kind}", "file:is-another"] if is_odd and ending else [f"file:is-{kind}"]
    return []
