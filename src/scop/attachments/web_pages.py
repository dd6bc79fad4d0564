"""Web pages and SVG pictures that are attached: those that build a file, ask for a password, or run a script.

A page in an attachment is opened from the disk, beyond what a mail program would stop. Those that build the file
which they then "download" bring it past everybody who looks into attachments ("HTML smuggling").

Standards: WHATWG HTML, File API (what the names mean); RFC 2397 (data:).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scop.attachments.finding import Kind, Severity
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing
from scop.attachments.true_types import decoded_octets
from scop.mime.transfer import decode_base64

__all__ = ["read_page", "read_picture_page"]

_MAX_LOOK = 32 << 20
_MAX_PIECES = 60
_SCRIPT = re.compile(rb"<script\b|\bon(?:load|error|click|mouseover|begin|focus)\s*=|javascript\s*:", re.IGNORECASE)
_BUILDS = re.compile(
    rb"msSaveOrOpenBlob|msSaveBlob|createObjectURL|new\s+(?:window\.)?Blob\b|\[['\"]Blob['\"]\]|new\s+File\s*\(|saveAs\s*\(",
    re.IGNORECASE,
)
_DECODES = re.compile(
    rb"\batob\b|fromCharCode|charCodeAt|Uint8Array|unescape\s*\(|decodeURIComponent|FileReader", re.IGNORECASE
)
_DOWNLOADS = re.compile(rb"\bdownload\s*=|\.download\b|setAttribute\(\s*['\"]download|\.click\s*\(", re.IGNORECASE)
_DATA = re.compile(
    rb"data:([a-z0-9.+/-]{0,80}+)((?:;[a-z0-9=.+-]{1,60}+){0,4}+),([A-Za-z0-9+/=%_.!~*'() \r\n-]{16,}+)", re.IGNORECASE
)
_LONG_LITERAL = re.compile(rb"['\"`]([A-Za-z0-9+/\r\n]{120,}+={0,2}+)['\"`]")
_HEX_LITERAL = re.compile(rb"['\"`]([0-9a-f]{200,}+)['\"`]", re.IGNORECASE)
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_PASSWORD = re.compile(rb"<input\b[^>]{0,400}\btype\s*=\s*['\"]?password", re.IGNORECASE)
_POSTS = re.compile(rb"<form\b[^>]{0,400}\baction\s*=\s*['\"]?\s*https?:", re.IGNORECASE)
_REFRESH = re.compile(
    rb"http-equiv\s*=\s*['\"]?refresh[^>]{0,200}url\s*=\s*['\"]?(?:data|javascript|file|vbscript):", re.IGNORECASE
)
_WINDOWS = re.compile(rb"\b(?:WScript|ActiveXObject)\b|\bvbscript:|language\s*=\s*['\"]?vbscript|<hta:", re.IGNORECASE)
_SHOWN_TYPES = (b"image/", b"font/", b"audio/", b"video/", b"text/css", b"application/font", b"application/x-font")


def read_page(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield what a page does beyond showing itself, and the files that it has in it."""
    octets = _looked_at(thing.octets)
    yield from _files_in(thing, octets)
    builds = _BUILDS.search(octets) is not None
    if builds and (_DECODES.search(octets) or _DOWNLOADS.search(octets)):
        reason = f"{thing.where} is a web page that builds a file by a script, so that nobody can look into it before."
        yield thing.finding(Kind.ACTIVE, Severity.DANGEROUS, reason)
    elif _WINDOWS.search(octets):
        reason = f"{thing.where} is a web page with commands for Windows."
        yield thing.finding(Kind.ACTIVE, Severity.DANGEROUS if _is_file(thing) else Severity.NOTE, reason)
    elif _REFRESH.search(octets):
        reason = f"{thing.where} is a web page that goes on to a page or file in itself."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)
    elif not _is_file(thing):
        return
    elif _PASSWORD.search(octets):
        where = "sends it to somebody else" if _POSTS.search(octets) else "takes it from you"
        reason = f"{thing.where} is a web page that asks for a password and {where}."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)
    elif _DECODES.search(octets) and _SCRIPT.search(octets):
        reason = f"{thing.where} is a web page whose script hides what it does."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)
    elif _SCRIPT.search(octets):
        yield thing.finding(Kind.ACTIVE, Severity.NOTE, f"{thing.where} is a web page with a script.")


def read_picture_page(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield what an SVG does beyond being a picture: those that honest programs draw have no script."""
    octets = _looked_at(thing.octets)
    yield from _files_in(thing, octets)
    if _BUILDS.search(octets) or (_SCRIPT.search(octets) and _DECODES.search(octets)):
        reason = f"{thing.where} is a picture with a script that hides what it does."
        yield thing.finding(Kind.ACTIVE, Severity.DANGEROUS, reason)
    elif _SCRIPT.search(octets) or b"<foreignobject" in octets.lower():
        reason = f"{thing.where} is a picture that runs a script when it is opened."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)


def _looked_at(octets: bytes) -> bytes:
    """Return the octets that are searched: of a huge page its beginning and its end."""
    half = _MAX_LOOK // 2
    return decoded_octets(octets if len(octets) <= _MAX_LOOK else octets[:half] + octets[-half:])


def _unquoted(octets: bytes) -> bytes:
    return _PERCENT.sub(lambda found: bytes.fromhex(found[1].decode("ascii")), octets)


def _is_file(thing: Thing) -> bool:
    """Tell whether it is opened as a file: what a mail program shows itself runs no script."""
    return bool(thing.name) or thing.depth > 0 or not thing.declared_type.startswith("text/")


def _files_in(thing: Thing, octets: bytes) -> Iterator[Found]:
    """Yield the files that stand in a page as data: addresses or as long strings of a script."""
    for count, found in enumerate(_DATA.finditer(octets)):
        if count == _MAX_PIECES:
            break
        media = found[1].lower()
        if not media.startswith(_SHOWN_TYPES):
            content = decode_base64(found[3]) if b"base64" in found[2].lower() else _unquoted(found[3])
            yield thing.inside(content, "", declared_type=media.decode("ascii"))
    for count, found in enumerate(_LONG_LITERAL.finditer(octets)):
        if count == _MAX_PIECES:
            break
        yield thing.inside(decode_base64(found[1]))
    for count, found in enumerate(_HEX_LITERAL.finditer(octets)):
        if count == _MAX_PIECES:
            break
        yield thing.inside(bytes.fromhex(found[1][: len(found[1]) & ~1].decode("ascii")))
