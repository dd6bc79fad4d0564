"""What a thing is against what it says it is: its octets, its name and the type that the mail states.

What runs when it is opened is dangerous whatever it is called; what only differs from its name is told where the
difference could deceive, for honest programs confuse picture formats and old and new documents every day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.names import Promise, promise_of, runs_what
from scop.attachments.text_octets import readable_head
from scop.attachments.thing import Thing
from scop.attachments.true_types import TrueType

__all__ = ["type_findings"]

_T = TrueType
_PROGRAMS = {
    **dict.fromkeys(
        (
            _T.PE,
            _T.DOS,
            _T.ELF,
            _T.MACH_O,
            _T.JAVA_CLASS,
            _T.JAR,
            _T.DEX,
            _T.APK,
            _T.MSI,
            _T.APPX,
            _T.EXTENSION,
            _T.CHM,
        ),
        Severity.DANGEROUS,
    ),
    **dict.fromkeys((_T.XAR, _T.APPLE_SCRIPT), Severity.DANGEROUS),
    **dict.fromkeys((_T.WASM, _T.FLASH, _T.PYTHON_BYTECODE, _T.RPM, _T.DEB), Severity.SUSPICIOUS),
}
_SORTS: dict[TrueType, Promise] = {
    **dict.fromkeys(
        (_T.ZIP, _T.TAR, _T.GZIP, _T.BZIP2, _T.XZ, _T.LZMA, _T.ZSTD, _T.COMPRESS, _T.LZ4, _T.LZIP, _T.LZOP),
        Promise.ARCHIVE,
    ),
    **dict.fromkeys((_T.SEVEN_ZIP, _T.RAR, _T.CAB, _T.ARJ, _T.ACE, _T.LHA, _T.CPIO, _T.AR), Promise.ARCHIVE),
    **dict.fromkeys((_T.ISO, _T.UDF, _T.DISK_IMAGE, _T.DMG), Promise.ARCHIVE),
    **dict.fromkeys((_T.OLE, _T.OOXML, _T.ODF, _T.OFFICE_XML, _T.ACTIVE_MIME, _T.RTF, _T.PDF), Promise.DOCUMENT),
    **dict.fromkeys((_T.ONE_NOTE, _T.SYLK, _T.POSTSCRIPT), Promise.DOCUMENT),
    **dict.fromkeys((_T.HTML, _T.SVG, _T.SAVED_PAGE), Promise.PAGE),
}
# What a name may promise and be true: Office saves web pages and RTF as .doc, a comic is an archive, …
_EXCUSED = {
    (Promise.DOCUMENT, Promise.PAGE),  # but no web page is a PDF, see below
    (Promise.DOCUMENT, Promise.ARCHIVE),  # epub, pages, key
    (Promise.TEXT, Promise.PAGE),
    (Promise.MAIL, Promise.DOCUMENT),  # .msg is of OLE
    (Promise.MAIL, Promise.PAGE),
}
_STATED = {"image": Promise.PICTURE, "audio": Promise.MEDIA, "video": Promise.MEDIA}
_STATED_TYPES = {"application/pdf": Promise.DOCUMENT, "application/msword": Promise.DOCUMENT}
_RUNNING_JAVASCRIPT = re.compile(
    rb"WScript|ActiveXObject|GetObject\s*\(|Shell\.Application|XMLHTTP|ADODB|\beval\b|fromCharCode|unescape\s*\(|\\x[0-9a-f]{2}\\x",
    re.IGNORECASE,
)
_RISKY_DISKS = {_T.ISO, _T.UDF, _T.DISK_IMAGE}


def type_findings(thing: Thing, kind: TrueType) -> Iterator[Finding]:
    """Yield what is dangerous in what the thing is, and how that differs from what it says it is."""
    program = _program_of(thing, kind)
    if program is not None:
        yield program
    promised = promise_of(thing.ending)
    stated = _STATED_TYPES.get(thing.declared_type) or _STATED.get(thing.declared_type.partition("/")[0])
    sort = _SORTS.get(kind)
    if kind in _PROGRAMS and (promised or stated) and runs_what(thing.ending) is None:
        yield _unlike(thing, promised or stated, kind, Severity.DANGEROUS)
    elif sort is not None and _deceives(promised, sort, thing, kind):
        yield _unlike(thing, promised, kind, Severity.SUSPICIOUS)
    elif kind in _PROGRAMS and stated is not None:
        yield _unlike(thing, stated, kind, Severity.DANGEROUS)
    if kind in _RISKY_DISKS:
        reason = f"{thing.where} is {kind.value}, which hides from Windows that what is in it came by mail."
        yield thing.finding(Kind.TYPE, Severity.SUSPICIOUS, reason)


def _deceives(promised: Promise | None, sort: Promise, thing: Thing, kind: TrueType) -> bool:
    if promised is None or promised is sort:
        return False
    if thing.ending == "pdf" or (thing.ending == "svg") != (kind is _T.SVG and promised is Promise.PAGE):
        return True
    return (promised, sort) not in _EXCUSED


def _unlike(thing: Thing, promised: Promise | None, kind: TrueType, severity: Severity) -> Finding:
    said = promised.value if promised is not None else "something else"
    return thing.finding(Kind.TYPE, severity, f"{thing.where} says that it is {said}, and is {kind.value}.")


def _program_of(thing: Thing, kind: TrueType) -> Finding | None:
    """Return what is run where somebody opens the thing."""
    named = runs_what(thing.ending)
    if kind in _PROGRAMS:
        disguised = _looks_harmless(thing)
        though = f", though its name looks like {disguised.value}" if disguised is not None else ""
        return thing.finding(Kind.EXECUTABLE, _PROGRAMS[kind], f"{thing.where} is {kind.value}{though}.")
    if kind is _T.REGISTRY:
        return thing.finding(Kind.SCRIPT, Severity.DANGEROUS, f"{thing.where} makes {kind.value}.")
    if named is not None and kind is not _T.EMPTY:
        return _named_program(thing, kind, *named)
    if thing.ending in ("js", "mjs") and kind is not _T.EMPTY:  # a GIF may be one, too
        return _javascript(thing)
    if kind is _T.SCRIPT:
        return thing.finding(Kind.SCRIPT, Severity.NOTE, f"{thing.where} is a script, which nothing runs by itself.")
    return None


def _looks_harmless(thing: Thing) -> Promise | None:
    stem = thing.name.rpartition(".")[0]
    inner = stem.rstrip(" _-").rpartition(".")[2].lower() if "." in stem else ""
    return promise_of(thing.ending) or promise_of(inner)


def _named_program(thing: Thing, kind: TrueType, runs: Kind, noun: str) -> Finding | None:
    """Judge what is run by its name, whatever its octets are."""
    if runs is Kind.SHORTCUT:
        return (
            None if kind in _READ_SHORTCUTS else thing.finding(runs, Severity.SUSPICIOUS, f"{thing.where} is {noun}.")
        )
    if thing.ending in _WEAK_ENDINGS and kind not in _RUN_AS_CALLED:
        # A text or picture that is called after a web site (`www.example.com`), and a class listing.
        return thing.finding(runs, Severity.NOTE, f"{thing.where} is called as a program is, and is {kind.value}.")
    disguised = _looks_harmless(thing)
    though = f", though its name looks like {disguised.value}" if disguised is not None else ""
    return thing.finding(runs, Severity.DANGEROUS, f"{thing.where} is {noun}{though}.")


_RUN_AS_CALLED = {_T.UNKNOWN, _T.SCRIPT, _T.XML}
_READ_SHORTCUTS = {_T.LNK, _T.URL_FILE, _T.DESKTOP_ENTRY, _T.WEB_QUERY, _T.SETTING_CONTENT}
_WEAK_ENDINGS = frozenset({"com", "class", "action", "app", "tool", "application", "inf", "key", "workflow"})


def _javascript(thing: Thing) -> Finding:
    head = readable_head(thing.octets)
    if head is None or _RUNNING_JAVASCRIPT.search(thing.octets[: 1 << 20]):
        reason = f"{thing.where} is a script that Windows runs, and it does what malware does."
        return thing.finding(Kind.SCRIPT, Severity.DANGEROUS, reason)
    reason = f"{thing.where} is a script, which Windows runs when it is opened."
    return thing.finding(Kind.SCRIPT, Severity.SUSPICIOUS, reason)
