"""Web pages and SVG pictures that are attached: those that build a file, ask for a password, or run a script.

A page in an attachment is opened from the disk, beyond what a mail program would stop. Those that build the file
which they then "download" bring it past everybody who looks into attachments ("HTML smuggling").

Standards: WHATWG HTML, File API (what the names mean); RFC 2397 (data:).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from scop.attachments.finding import Kind, Severity
from scop.attachments.inspection import Inspection
from scop.attachments.text_octets import decoded_octets
from scop.attachments.thing import Found, Thing
from scop.mime.transfer import decode_base64

__all__ = ["read_page", "read_picture_page"]

_MAX_LOOK = 32 << 20
_MAX_PIECES = 60  # files in one page
_MAX_TRIES = 20_000  # places where one may begin
# All of these are sought in lower case, as plain octets: that is as fast as memory, whatever the page is made of.
_SCRIPT = (
    *(b"<script", b"javascript:", b"onload=", b"onerror=", b"onclick=", b"onmouseover=", b"onbegin=", b"onfocus="),
    *(b"onload =", b"onerror =", b"onclick =", b"onmouseover ="),
)
_BUILDS = (
    *(b"mssaveoropenblob", b"mssaveblob", b"createobjecturl", b"new blob", b"window.blob", b"new file(", b"saveas("),
    *(b"['blob']", b'["blob"]', b"'bl'", b'"bl"'),
)
_DECODES = (b"atob", b"fromcharcode", b"charcodeat", b"uint8array", b"unescape(", b"decodeuricomponent", b"filereader")
_DOWNLOADS = (b"download=", b"download =", b".download", b"'download'", b'"download"', b".click(")
_WINDOWS = (b"wscript", b"activexobject", b"vbscript", b"<hta:")
_FRAGMENTS = re.compile(rb"refresh[^<>]{0,200}url\s*=\s*['\"]?(?:data|javascript|file|vbscript):")
_PASSWORD = re.compile(rb"<input\b[^<>]{0,400}\btype\s*=\s*['\"]?password")
_POSTS = re.compile(rb"<form\b[^<>]{0,400}\baction\s*=\s*['\"]?\s*https?:")
_DATA = re.compile(
    rb"data:([a-z0-9.+/-]{0,80}+)((?:;[a-z0-9=.+-]{1,60}+){0,4}+),([a-z0-9+/=%_.!~*'() \r\n-]{16,}+)", re.IGNORECASE
)
_LONG_LITERAL = re.compile(rb"['\"`]([A-Za-z0-9+/\r\n]{120,}+={0,2}+)['\"`]")
_HEX = re.compile(rb"[0-9A-Fa-f]+")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_SHOWN_TYPES = (b"image/", b"font/", b"audio/", b"video/", b"text/css", b"application/font", b"application/x-font")


def read_page(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield what a page does beyond showing itself, and the files that it has in it."""
    octets = _looked_at(thing.octets)
    page = octets.lower()
    yield from _files_in(thing, octets, page)
    has_script = _has(page, _SCRIPT)
    if has_script and _has(page, _BUILDS) and (_has(page, _DECODES) or _has(page, _DOWNLOADS)):
        reason = f"{thing.where} is a web page that builds a file by a script, so that nobody can look into it before."
        yield thing.finding(Kind.ACTIVE, Severity.DANGEROUS, reason)
    elif _has(page, _WINDOWS) and has_script:
        reason = f"{thing.where} is a web page with commands for Windows."
        yield thing.finding(Kind.ACTIVE, Severity.DANGEROUS if _is_file(thing) else Severity.NOTE, reason)
    elif _FRAGMENTS.search(page):
        reason = f"{thing.where} is a web page that goes on to a page or file in itself."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)
    elif _is_file(thing):
        yield from _of_a_file(thing, page, has_script=has_script)


def _of_a_file(thing: Thing, page: bytes, *, has_script: bool) -> Iterator[Found]:
    """Yield what a page does that is opened from a file."""
    if _PASSWORD.search(page):
        where = "sends it to somebody else" if _POSTS.search(page) else "takes it from you"
        reason = f"{thing.where} is a web page that asks for a password and {where}."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)
    elif has_script and _has(page, _DECODES):
        reason = f"{thing.where} is a web page whose script hides what it does."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)
    elif has_script:
        yield thing.finding(Kind.ACTIVE, Severity.NOTE, f"{thing.where} is a web page with a script.")


def read_picture_page(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield what an SVG does beyond being a picture: those that honest programs draw have no script."""
    octets = _looked_at(thing.octets)
    page = octets.lower()
    yield from _files_in(thing, octets, page)
    has_script = _has(page, _SCRIPT)
    if has_script and (_has(page, _BUILDS) or _has(page, _DECODES)):
        reason = f"{thing.where} is a picture with a script that hides what it does."
        yield thing.finding(Kind.ACTIVE, Severity.DANGEROUS, reason)
    elif has_script or b"<foreignobject" in page:
        reason = f"{thing.where} is a picture that runs a script when it is opened."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)


def _has(page: bytes, words: tuple[bytes, ...]) -> bool:
    return any(word in page for word in words)


def _looked_at(octets: bytes) -> bytes:
    """Return the octets that are searched: of a huge page its beginning and its end."""
    half = _MAX_LOOK // 2
    return decoded_octets(octets if len(octets) <= _MAX_LOOK else octets[:half] + octets[-half:])


def _unquoted(octets: bytes) -> bytes:
    return _PERCENT.sub(lambda found: bytes.fromhex(found[1].decode("ascii")), octets)


def _is_file(thing: Thing) -> bool:
    """Tell whether it is opened as a file: what a mail program shows itself runs no script."""
    return bool(thing.name) or thing.depth > 0 or not thing.declared_type.startswith("text/")


def _files_in(thing: Thing, octets: bytes, page: bytes) -> Iterator[Found]:
    """Yield the files that stand in a page as data: addresses or as long strings of a script."""
    for found in islice(_data_in(octets, page), _MAX_PIECES):
        media = found[1].lower()
        if not media.startswith(_SHOWN_TYPES):
            content = decode_base64(found[3]) if b"base64" in found[2].lower() else _unquoted(found[3])
            yield thing.inside(content, "", declared_type=media.decode("ascii"))
    if b"<script" not in page:
        return
    for found in islice(_LONG_LITERAL.finditer(octets), _MAX_PIECES):
        literal = found[1]
        if _HEX.fullmatch(literal):
            yield thing.inside(bytes.fromhex(literal[: len(literal) & ~1].decode("ascii")))
        yield thing.inside(decode_base64(literal))


def _data_in(octets: bytes, page: bytes) -> Iterator[re.Match[bytes]]:
    position = 0
    for _ in range(_MAX_TRIES):
        position = page.find(b"data:", position)
        if position < 0:
            return
        found = _DATA.match(octets, position)
        position += 5
        if found is not None:
            position = found.end()
            yield found
