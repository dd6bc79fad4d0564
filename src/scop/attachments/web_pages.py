"""Web pages and SVG pictures that are attached: those that build a file, ask for a password, or run a script.

A page in an attachment is opened from the disk, beyond what a mail program would stop. Those that build the file
which they then "download" bring it past everybody who looks into attachments ("HTML smuggling").

Standards: WHATWG HTML, File API (what the names mean); RFC 2397 (data:).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from scop.attachments.addresses import OFFICE_WORDS, RUNNING_WORDS, opens_in_office, runs_in_windows
from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.inspection import Inspection
from scop.attachments.text_octets import decoded_octets
from scop.attachments.thing import Found, Thing
from scop.mime.transfer import decode_base64

__all__ = ["read_page", "read_picture_page"]

# What it costs, as `Inspection.spend` counts: each octet of a page, to seek pictures in it and to seek all else, to
# seek what not every page has; and each entity and escape that is undone.
_PICTURE_EFFORT, _OCTET_EFFORT, _SEEK_EFFORT, _UNDONE_EFFORT = 4, 32, 10, 2_500
_MAX_LOOK = 10 << 20  # octets, as they are there five times meanwhile
_MAX_FILES = 1_000  # in one page
# All of these are sought in lower case, as plain octets: that is as fast as memory, whatever the page is made of.
_SCRIPT = (b"<script", b":script", b"javascript:", b"vbscript:")
_EVENT = re.compile(rb"[\s/'\"]on[a-z]{3,25}+\s{0,20}+=")
_BUILDS = (
    *(b"mssaveoropenblob", b"mssaveblob", b"createobjecturl", b"new blob", b"window.blob", b"new file(", b"saveas("),
    *(b"['blob']", b'["blob"]', b"data:application/", b"showsavefilepicker"),
)
_DECODES = (b"atob", b"fromcharcode", b"charcodeat", b"uint8array", b"unescape(", b"decodeuricomponent", b"filereader")
_DOWNLOADS = (b"download=", b"download =", b".download", b"'download'", b'"download"', b".click(", b"location")
_WINDOWS = (b"wscript", b"activexobject", b"vbscript", b"<hta:")
_COPIES = (b"clipboard.write", b"execcommand(")
_COMMANDS = (b"powershell", b"mshta", b"cmd /c", b"cmd.exe", b"rundll32", b"regsvr32", b"certutil", b"bitsadmin")
_FRAGMENTS = re.compile(
    rb"\bcontent\s{0,20}+=\s{0,20}+['\"]?[\s\d;,]{0,20}+url\s{0,20}+=\s{0,20}+['\"]?(?:data|javascript|file|vbscript):"
)
_PASSWORD = re.compile(rb"\btype\s{0,20}+=\s{0,20}+['\"]?password")
_POSTS = re.compile(rb"\baction\s{0,20}+=\s{0,20}+['\"]?\s*https?:")
# A file that is fetched at once from a computer of somebody else, to which Windows then sends who it is.
_SHARES = re.compile(
    rb"\b(?:src|background)\s{0,20}+=\s{0,20}+['\"]?(?:file:/{0,2}+)?(?:\\\\|(?<=file://))(?!localhost)[a-z0-9][a-z0-9.-]{2,}[@\\/:]"
)
_DATA = re.compile(rb"data:([a-z0-9.+/-]{0,80}+)((?:;[a-z0-9=.+-]{1,60}+){0,4}+),([a-z0-9+/=%_.!~*'() \r\n-]{16,}+)")
# Those of ASCII that a page needs: others hide nothing.
_ENTITY = re.compile(
    rb"&#(x0{0,6}+[2-7][0-9a-f]|0{0,6}+(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6]))(?![0-9a-f]);?", re.IGNORECASE
)
_ENTITIES = (
    (b"&lt;", b"<"),
    (b"&gt;", b">"),
    (b"&quot;", b'"'),
    (b"&apos;", b"'"),
    (b"&colon;", b":"),
    (b"&Tab;", b"\t"),
    (b"&NewLine;", b"\n"),
    (b"&amp;", b"&"),
)
_ESCAPE = re.compile(rb"\\(?:x|u00)([0-7][0-9a-f])", re.IGNORECASE)
_JOIN = re.compile(rb"(['\"`])\s{0,20}+\+\s{0,20}+\1")
_LONG_LITERAL = re.compile(rb"['\"`]([A-Za-z0-9+/\r\n]{120,}+={0,2}+)['\"`]")
_HEX = re.compile(rb"[0-9A-Fa-f]+")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
# Which only show something, and fill most of a page that was saved with its pictures.
_PICTURE = re.compile(
    rb"(data:(?:image/(?!svg)|font/|audio/|video/)[a-z0-9.+-]{1,80}+;base64,)[A-Za-z0-9+/]{1024,}+={0,2}+"
)
_SHOWN_TYPES = (b"image/", b"font/", b"audio/", b"video/", b"text/css", b"application/font", b"application/x-font")


def read_page(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield what a page does beyond showing itself, and the files that it has in it."""
    looked_at, left_out = _looked_at(thing, inspection)
    if left_out:
        yield _too_long(thing)
    octets = _plain(looked_at, inspection)
    page = octets.lower()
    yield from _files_in(thing, octets, page)
    has_script = _runs(page)
    if _finds(_SHARES.search, (b"\\\\", b"file:"), page, inspection):
        reason = f"{thing.where} is a web page that has Windows log in to a computer of somebody else."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)
    if has_script and _has(page, _BUILDS) and (_has(page, _DECODES) or _has(page, _DOWNLOADS)):
        reason = f"{thing.where} is a web page that builds a file by a script, so that nobody can look into it before."
        yield thing.finding(Kind.ACTIVE, Severity.DANGEROUS, reason)
    elif _has(page, _WINDOWS) and has_script:
        reason = f"{thing.where} is a web page with commands for Windows."
        yield thing.finding(Kind.ACTIVE, Severity.DANGEROUS if _is_file(thing) else Severity.NOTE, reason)
    elif _finds(runs_in_windows, RUNNING_WORDS, page, inspection):
        reason = f"{thing.where} is a web page that has Windows open something else."
        yield thing.finding(Kind.ACTIVE, Severity.DANGEROUS if _is_file(thing) else Severity.SUSPICIOUS, reason)
    elif _finds(opens_in_office, OFFICE_WORDS, page, inspection):
        reason = f"{thing.where} is a web page that has Office open a document from elsewhere."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)
    elif _finds(_FRAGMENTS.search, (b"content",), page, inspection):
        reason = f"{thing.where} is a web page that goes on to a page or file in itself."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)
    elif _is_file(thing):
        yield from _of_a_file(thing, page, inspection, has_script=has_script)


def _of_a_file(thing: Thing, page: bytes, inspection: Inspection, *, has_script: bool) -> Iterator[Found]:
    """Yield what a page does that is opened from a file."""
    if _finds(_PASSWORD.search, (b"password",), page, inspection):
        where = (
            "sends it to somebody else"
            if _finds(_POSTS.search, (b"action",), page, inspection)
            else "takes it from you"
        )
        reason = f"{thing.where} is a web page that asks for a password and {where}."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)
    elif has_script and _has(page, _COPIES) and _has(page, _COMMANDS):
        reason = f"{thing.where} is a web page that may have you run a command which it put into the clipboard."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)
    elif has_script and _has(page, _DECODES):
        reason = f"{thing.where} is a web page whose script hides what it does."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)
    elif has_script:
        yield thing.finding(Kind.ACTIVE, Severity.NOTE, f"{thing.where} is a web page with a script.")


def read_picture_page(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield what an SVG does beyond being a picture: those that honest programs draw have no script."""
    looked_at, left_out = _looked_at(thing, inspection)
    if left_out:
        yield _too_long(thing)
    octets = _plain(looked_at, inspection)
    page = octets.lower()
    yield from _files_in(thing, octets, page)
    has_script = _runs(page)
    if has_script and (_has(page, _BUILDS) or _has(page, _DECODES)):
        reason = f"{thing.where} is a picture with a script that hides what it does."
        yield thing.finding(Kind.ACTIVE, Severity.DANGEROUS, reason)
    elif has_script or b"<foreignobject" in page:
        reason = f"{thing.where} is a picture that runs a script when it is opened."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)


def _too_long(thing: Thing) -> Finding:
    reason = f"{thing.where} is a page that is longer than is looked into; only its beginning and its end were."
    return thing.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason)


def _plain(octets: bytes, inspection: Inspection) -> bytes:
    """Return a page as its reader takes it: ASCII that is written otherwise undone, pieces of strings put together."""
    plain = octets.replace(b"\0", b"")
    if b"&" in plain:
        for written, meant in _ENTITIES:
            plain = plain.replace(written, meant)
        plain = _undone(_ENTITY, _character, plain, inspection)
    if b"\\" in plain:
        plain = _undone(_ESCAPE, lambda found: bytes.fromhex(found[1].decode("ascii")), plain, inspection)
    return _undone(_JOIN, lambda _: b"", plain, inspection)


def _undone(
    written: re.Pattern[bytes], meant: Callable[[re.Match[bytes]], bytes], octets: bytes, inspection: Inspection
) -> bytes:
    """Return octets with one way of writing undone, as often as may still be spent; raises where that is not enough."""
    most = inspection.effort_left // _UNDONE_EFFORT + 1
    plain, count = written.subn(meant, octets, count=most)
    inspection.spend(_UNDONE_EFFORT * count)
    return plain


def _character(found: re.Match[bytes]) -> bytes:
    digits = found[1]
    return bytes((int(digits[1:], 16) if digits[:1] in b"xX" else int(digits),))


def _runs(page: bytes) -> bool:
    if _has(page, _SCRIPT) or _EVENT.search(page) is not None:
        return True
    # WHATWG URL §4.4: tabs and line ends in an address count for nothing.
    return b"script:" in page and b"javascript:" in page.translate(None, b"\t\r\n")


def _has(page: bytes, words: tuple[bytes, ...]) -> bool:
    return any(word in page for word in words)


def _looked_at(thing: Thing, inspection: Inspection) -> tuple[bytes, int]:
    """Return the octets that are searched, pictures apart, and how many are left out: the middle of a huge page."""
    octets = thing.octets
    inspection.spend(_PICTURE_EFFORT * len(octets))
    octets = _PICTURE.sub(rb"\1", decoded_octets(octets))
    most = min(inspection.effort_left // _OCTET_EFFORT, _MAX_LOOK)
    left_out = max(0, len(octets) - most)
    if left_out:
        octets = octets[: most // 2] + octets[len(octets) - most // 2 :]
    inspection.spend(_OCTET_EFFORT * len(octets))
    return octets, left_out


def _finds(wanted: Callable[[bytes], object], words: tuple[bytes, ...], page: bytes, inspection: Inspection) -> bool:
    """Tell whether a page has what is wanted, which has one of the words in it: that is told quickly."""
    if not _has(page, words):
        return False
    inspection.spend(_SEEK_EFFORT * len(page))
    return bool(wanted(page))


def _unquoted(octets: bytes) -> bytes:
    return _PERCENT.sub(lambda found: bytes.fromhex(found[1].decode("ascii")), octets)


def _is_file(thing: Thing) -> bool:
    """Tell whether it is opened as a file: what a mail program shows itself runs no script."""
    return bool(thing.name) or thing.depth > 0 or not thing.declared_type.startswith("text/")


def _files_in(thing: Thing, octets: bytes, page: bytes) -> Iterator[Found]:
    """Yield the files that stand in a page as data: addresses or as long strings of a script."""
    count = 0
    for content, media in _contents_in(octets, page):
        if (count := count + 1) > _MAX_FILES:
            reason = f"{thing.where} is a page with more files in it than are looked into."
            yield thing.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason)
            return
        yield thing.inside(content, "", declared_type=media)


def _contents_in(octets: bytes, page: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield each file with its media type, "" where none is stated."""
    for found in _DATA.finditer(page):
        media, content = found[1], octets[found.start(3) : found.end(3)]
        if not media.startswith(_SHOWN_TYPES) or media == b"image/svg+xml":
            content = decode_base64(content) if b"base64" in found[2] else _unquoted(content)
            yield content, media.decode("ascii")
    if b"<script" not in page:
        return
    for found in _LONG_LITERAL.finditer(octets):
        literal = found[1]
        if _HEX.fullmatch(literal):
            yield bytes.fromhex(literal[: len(literal) & ~1].decode("ascii")), ""
        yield decode_base64(literal), ""
