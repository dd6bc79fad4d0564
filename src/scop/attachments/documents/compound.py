r"""Looks into compound files: Word, Excel and PowerPoint of before 2007, templates, saved Outlook mails, VBA projects.

One file can be all of these at once, so each part is looked for by its stream and not by what the file says it is.

Standards: MS-CFB (by olefile), MS-DOC §2.8.25 (field characters), MS-OFFCRYPTO §2.3, MS-OXMSG §2.2.2 (attachments).
"""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import olefile

from scop.attachments.documents.biff import workbook_of
from scop.attachments.documents.encryption import UNLOCKING_EFFORT, is_locked, unlocked
from scop.attachments.documents.fields import FIELD_BEGIN, MAX_FIELD, dde_finding, field_findings
from scop.attachments.documents.macros import project_findings, sheet_macro_finding
from scop.attachments.documents.octets import inflated_as_far_as_sound
from scop.attachments.documents.ole_objects import (
    class_findings,
    equation_finding,
    is_equation,
    linked_findings,
    read_package,
)
from scop.attachments.documents.presentation import read_presentation
from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.inspection import BROKEN, Inspection
from scop.attachments.shortcuts import share_findings
from scop.attachments.thing import Found, Thing

__all__ = ["read_compound"]

_MAX_STREAMS = 4_000  # a large presentation has some hundreds; a saved mail with many attachments a thousand
_STREAM_EFFORT = 40_000  # as `Inspection.spend` counts
_TIMES = 3  # streams may share sectors: together they are read up to so many times the size of the file

# What a stream may begin with that is a file of its own
_FILE_MARK = re.compile(
    rb"MZ.{58}|PK\x03\x04|\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|\{\\rt|%PDF-|Rar!|7z\xbc\xaf|\x7fELF|ITSF|MSCF", re.DOTALL
)
_PACKED_OBJECT = re.compile(r"_\d{5,12}\Z")  # in the `oledata.mso` of Word 2003
_NAMED_PROPERTY = re.compile(r"__substg1\.0_[89a-f][0-9a-f]{3}001[ef]\Z")  # of a saved mail, as its reminder's sound
_NO_FILES = frozenset({"pictures", "data", "powerpoint document", "\x05summaryinformation"})


class _File(Protocol):
    """What is used of olefile, which has no types."""

    root: _Entry

    def _open(self, start: int, size: int) -> io.BytesIO: ...


class _Entry(Protocol):
    """What is used of a folder entry of olefile, which has no types."""

    sid: int
    name: str
    clsid: str
    entry_type: int
    isectStart: int  # noqa: N815 - the library's own name
    size: int
    kids: list[_Entry]


@dataclass(frozen=True, slots=True)
class _Folder:
    """A storage with the streams that stand right in it, by name."""

    path: tuple[str, ...]
    clsid: str
    streams: Mapping[str, bytes]

    def get(self, name: str) -> bytes | None:
        """Return a stream; names do not know upper and lower case."""
        return next((octets for known, octets in self.streams.items() if known.lower() == name), None)


def read_compound(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Look into a compound file."""
    try:
        folders = list(_folders(thing.octets, inspection))
    except BROKEN:
        # Office mends more than other programs do: what can be found without the folders is told before.
        yield from project_findings(thing, {thing.name: thing.octets})
        raise
    yield from class_findings(thing, iter([folder.clsid for folder in folders]))
    root = folders[0]
    opened = None
    if root.get("encryptedpackage") is not None or is_locked(thing.octets):
        inspection.spend(UNLOCKING_EFFORT)
        opened = unlocked(thing.octets)
        yield _locked(thing, is_opened=opened is not None)
    for folder in folders:
        yield from _project(thing, folder)
    for folder in folders:
        yield from _document(thing, inspection, folder)
        yield from _objects(thing, inspection, folder)
    if opened is not None and opened != thing.octets:
        yield from inspection.unpack(thing, "unlocked document", iter((opened,)), len(thing.octets))


def _locked(thing: Thing, *, is_opened: bool) -> Finding:
    if is_opened:
        reason = "The document is locked with the password that Office itself knows; it was opened with it."
        return thing.finding(Kind.ENCRYPTED, Severity.NOTE, reason)
    reason = "The document is locked with a password, so it cannot be looked into."
    return thing.finding(Kind.ENCRYPTED, Severity.SUSPICIOUS, reason)


def _folders(octets: bytes, inspection: Inspection) -> Iterator[_Folder]:
    """Yield the root and every other storage, with what is in them."""
    file: _File = olefile.OleFileIO(io.BytesIO(octets))
    room, streams = _TIMES * len(octets), 0
    waiting: list[tuple[tuple[str, ...], _Entry]] = [((), file.root)]
    met = {file.root.sid}
    while waiting:
        path, storage = waiting.pop()
        held: dict[str, bytes] = {}
        for entry in storage.kids:
            if entry.sid in met:  # a ring
                continue
            met.add(entry.sid)
            if entry.entry_type == olefile.STGTY_STREAM:
                streams += 1
                inspection.spend(_STREAM_EFFORT)
                content = _stream(file, entry)
                room -= len(content)
                if streams > _MAX_STREAMS or room < 0:
                    raise ValueError("more streams than are looked into")
                held[entry.name] = content
            else:
                waiting.append(((*path, entry.name), entry))
        yield _Folder(path, storage.clsid or "", held)


def _stream(file: _File, entry: _Entry) -> bytes:
    try:
        return file._open(entry.isectStart, entry.size).read()  # noqa: SLF001 - by name it walks from the root each time
    except OSError:
        return b""  # cut: the other streams are still looked into


def _project(thing: Thing, folder: _Folder) -> Iterator[Finding]:
    # A project's folder has these two; a source alone, wherever it stands, is looked for, too.
    yield from project_findings(thing, folder.streams)


def _document(thing: Thing, inspection: Inspection, folder: _Folder) -> Iterator[Found]:
    """Yield what is found in the main stream of a document, which may be one that another document embeds."""
    word = folder.get("worddocument")
    if word is not None:
        inspection.spend(_TEXT_EFFORT * len(word))
        for instruction in _instructions(word):
            inspection.spend(_FIELD_EFFORT)
            yield from field_findings(thing, instruction)
    for name in ("workbook", "book"):
        stream = folder.get(name)
        if stream is not None:
            yield from _workbook(thing, stream)
    slides = folder.get("powerpoint document")
    if slides is not None:
        yield from read_presentation(thing, inspection, slides)


def _instructions(stream: bytes) -> Iterator[str]:
    """Yield the instruction of each field of a Word text, with the fields that are nested in it."""
    # MS-DOC §2.8.25: text is in pieces of 8 or 16 bits; each is read in each way, as no honest text is the other.
    for shift, charset in ((0, "latin-1"), (0, "utf-16-le"), (1, "utf-16-le")):
        yield from _fields(str(memoryview(stream)[shift:], charset, "replace"))


def _fields(text: str) -> Iterator[str]:
    # Of the fields that are open; -1 for one whose instruction is over. What is no text has such octets without an end.
    starts: deque[int] = deque(maxlen=_MAX_OPEN_FIELDS)
    room = _MAX_FIELD_TEXT
    for mark in _FIELD_MARK.finditer(text):
        if mark[0] == FIELD_BEGIN:
            starts.append(mark.start())
            continue
        start = starts.pop() if starts else -1
        if mark[0] == _SEPARATOR:
            starts.append(-1)
        if start >= 0:
            instruction = text[start + 1 : min(mark.start(), start + MAX_FIELD)]
            room -= len(instruction) + _FIELD_COST
            if room < 0:
                raise ValueError("more fields than are looked into")
            yield instruction


_FIELD_MARK = re.compile("[\x13\x14\x15]")
_SEPARATOR = "\x14"
_MAX_OPEN_FIELDS = 4_096
_MAX_FIELD_TEXT = 8 << 20
# As `Inspection.spend` counts: an octet of text, read in three ways, and a field.
_TEXT_EFFORT, _FIELD_EFFORT = 40, 5_000
_FIELD_COST = 64  # counted for each field beside its characters


def _workbook(thing: Thing, stream: bytes) -> Iterator[Finding]:
    book = workbook_of(stream)
    for service, topic in book.conversations:
        yield dde_finding(thing, service, topic)
    if book.macro_sheets:
        yield sheet_macro_finding(thing, is_automatic=book.has_automatic_name, functions=tuple(book.functions))


def _objects(thing: Thing, inspection: Inspection, folder: _Folder) -> Iterator[Found]:
    """Yield what is embedded in one storage."""
    if is_equation(folder.clsid) or folder.get("equation native") is not None:
        yield equation_finding(thing, folder.get("equation native"))
    for name, octets in folder.streams.items():
        lowered = name.lower()
        if lowered == "\x01ole10native":
            yield from read_package(thing, inspection, octets)
        elif lowered in {"\x01ole", "\x03linkinfo", "\x03objinfo"}:
            yield from linked_findings(thing, octets)
        elif lowered.startswith("__substg1.0_37010102"):
            yield from inspection.unpack(thing, _attachment_name(folder), iter((octets,)), len(octets))
        elif _NAMED_PROPERTY.match(lowered):
            yield from share_findings(thing, octets)
        elif _PACKED_OBJECT.match(lowered) and octets[4:5] == b"\x78":
            yield from inspection.unpack(thing, name, inflated_as_far_as_sound(octets, 4), len(octets))
        elif folder.path and lowered not in _NO_FILES and _FILE_MARK.match(octets):
            yield from inspection.unpack(thing, name, iter((octets,)), len(octets))


def _attachment_name(folder: _Folder) -> str:
    """Return the name of an attachment of a saved mail: the long one, else the short one (MS-OXCMSG §2.2.2.10)."""
    for name in ("__substg1.0_3707001f", "__substg1.0_3704001f"):
        octets = folder.get(name)
        if octets:
            return octets.decode("utf-16-le", "replace").rstrip("\0")
    octets = folder.get("__substg1.0_3707001e") or folder.get("__substg1.0_3704001e") or b"attachment"
    return octets.decode("cp1252", "replace").rstrip("\0")
