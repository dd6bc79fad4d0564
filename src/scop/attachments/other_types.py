"""What else a thing is: to programs that go by its name, and to those that look further than at its beginning.

A web browser shows whatever is called `.html` as a page, Adobe's reader seeks a document behind anything, Word finds a
saved page in the midst of a PDF, and programs for archives open what stands behind a picture.

Standards: none; WHATWG MIME Sniffing has a part of what browsers do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scop.attachments.finding import Kind, Severity
from scop.attachments.thing import Found, Thing
from scop.attachments.true_types import TrueType, is_pdf, types_further_in

__all__ = ["hidden_things", "other_types_of"]

_T = TrueType
_BY_ENDING = {
    **dict.fromkeys(("htm", "html", "shtml", "xhtml", "xht"), _T.HTML),
    "svg": _T.SVG,
    **dict.fromkeys(("eml", "mht", "mhtml"), _T.MAIL),
    "ics": _T.CALENDAR,
    "vcs": _T.CALENDAR,
    "vcf": _T.CARD,
    **dict.fromkeys(
        ("m3u", "m3u8", "pls", "asx", "wax", "wvx", "wmx", "wpl", "zpl", "xspf", "b4s", "scf"), _T.PLAYLIST
    ),
    **dict.fromkeys(("pkl", "pickle", "pck", "pcl", "dill", "joblib"), _T.PICKLE),
    **dict.fromkeys(("ps", "eps", "epsf", "epsi"), _T.POSTSCRIPT),
}
_FOLDER_SETTINGS = re.compile(r"(?:.*[/\\])?desktop\.ini", re.IGNORECASE | re.DOTALL)
_BY_DECLARED_TYPE = {"text/html": _T.HTML, "application/xhtml+xml": _T.HTML, "image/svg+xml": _T.SVG}
# As these are read already, or by a reader that finds more.
_AS = {
    _T.HTML: (_T.HTML, _T.SAVED_PAGE, _T.EMPTY),
    _T.SVG: (_T.SVG, _T.EMPTY),
    _T.MAIL: (_T.MAIL, _T.SAVED_PAGE, _T.EMPTY),
    _T.CALENDAR: (_T.CALENDAR, _T.EMPTY),
    _T.CARD: (_T.CARD, _T.EMPTY),
    _T.PLAYLIST: (_T.EMPTY,),
    _T.PICKLE: (_T.EMPTY,),
    _T.POSTSCRIPT: (_T.POSTSCRIPT, _T.EMPTY),
}
_OFFICE_ENDINGS = frozenset(
    ["doc", "dot", "docx", "docm", "xls", "xlt", "xlsx", "xlsm", "ppt", "pps", "pptx", "rtf", "wps", "xml"]
)
# A protocol since Python 2.3 and an opcode, or an old pickle that begins with what it takes from a module.
_PICKLE = re.compile(rb"\x80[\2-\5][\x95\x8c\x8a(}\])cqXUKJ]|\(?c[A-Za-z_]\w{1,30}\r?\n\w{1,60}\r?\n")
_SAVED_PAGE = re.compile(rb"^[ \t]*+MIME-Version[ \t]*+:", re.IGNORECASE | re.MULTILINE)
_SAVED_ALREADY = (_T.MAIL, _T.SAVED_PAGE, _T.OLE, _T.OOXML, _T.EMPTY)
# Which nothing should stand behind, or in.
_SHOWN = (_T.PICTURE, _T.MEDIA, _T.FONT)
# Each is sought alone: all in one expression is ten times slower.
_ARCHIVES = tuple(map(re.compile, (rb"Rar!\x1a\x07[\0\1]", rb"7z\xbc\xaf\x27\x1c\0[\2-\5]", rb"MSCF\0{4}")))
_MARKS = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c\0", b"MSCF\0\0\0\0")
_PE = b"PE\0\0"
_MAX_TRIES = 10_000  # at marks; what has more of them holds something, and is told
_MAX_STUB = 2_048  # octets between the two marks of a program for Windows


def other_types_of(thing: Thing, kind: TrueType) -> Iterator[tuple[TrueType, Thing]]:
    """Yield each other type that a program may take the thing for, and what it then reads."""
    named = _BY_ENDING.get(thing.ending) or _BY_DECLARED_TYPE.get(thing.declared_type)
    if _FOLDER_SETTINGS.fullmatch(thing.name):
        named = _T.PLAYLIST
    if named is not None and kind not in _AS[named]:
        yield named, thing
    if named is not _T.PICKLE and _PICKLE.match(thing.octets):
        yield _T.PICKLE, thing
    if kind is not _T.PDF and is_pdf(thing.octets):
        yield _T.PDF, thing
    for further in types_further_in(thing.octets):
        if further is not kind:
            yield further, thing
    if thing.ending in _OFFICE_ENDINGS and kind not in _SAVED_ALREADY and (begin := _SAVED_PAGE.search(thing.octets)):
        yield _T.SAVED_PAGE, thing.from_octet(begin.start())


def hidden_things(thing: Thing, kind: TrueType) -> Iterator[Found]:
    """Yield the document, archive and program that stand in or behind what is only shown or heard."""
    if kind not in _SHOWN:
        return
    octets = thing.octets
    begins = (_archive_in(octets), _program_in(octets))
    if max(begins) > 0 or is_pdf(octets):
        reason = f"{thing.where} is {kind.value} with something else hidden in it."
        yield thing.finding(Kind.AMBIGUOUS, Severity.SUSPICIOUS, reason)
    for begin in begins:
        if begin > 0:
            yield thing.inside(octets[begin:])


def _archive_in(octets: bytes) -> int:
    """Return where the first archive begins that stands in the octets; -1 where none does."""
    found = [form.search(octets) for mark, form in zip(_MARKS, _ARCHIVES, strict=True) if mark in octets]
    return min([archive.start() for archive in found if archive is not None], default=-1)


def _program_in(octets: bytes) -> int:
    """Return where a program for Windows begins that stands in the octets, or may; -1 where none does."""
    position = octets.find(_PE)
    for _ in range(_MAX_TRIES):
        if position < 0:
            break
        begin = octets.rfind(b"MZ", max(0, position - _MAX_STUB), position)
        if begin >= 0 and int.from_bytes(octets[begin + 60 : begin + 64], "little") == position - begin:
            return begin
        position = octets.find(_PE, position + 1)
    return position
