"""The parts of a mail as things, in every reading that a mail program may have of them.

Theory of operation. A mail is read as `scop.mime` reads it, and each leaf in each way in which its transfer encoding
and its name can be taken. Where the structure itself is ambiguous (two Content-Types, two boundaries, a header whose
end is not plain) each other structure is written out as a mail of its own and read in the same way; what comes out
again is read once, and their number is bounded. An ambiguity is a finding: a note where all readings show the same,
and suspicious where one of them shows an attachment that another does not.

Standards: RFC 2045, RFC 2046, RFC 2183, RFC 2231; POSIX.1-2017 `uuencode`; the yEnc draft 1.3.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from itertools import islice, pairwise

from scop.attachments.encodings import contents_of
from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.inspection import Inspection, TooMuchEffort
from scop.attachments.names import runs_what
from scop.attachments.part_names import MAX_NAMES, names_of
from scop.attachments.structures import OtherStructure, other_structures
from scop.attachments.thing import Found, Thing, ending_of, inner_place, shown
from scop.attachments.true_types import TrueType, true_type_of
from scop.mime import DefectKind, Entity, Message, parse

__all__ = ["read_mail", "read_mail_file"]

_MAX_STRUCTURES = 24
_MAX_OCTETS = 64 << 20  # of all of them
_STRUCTURE_EFFORT = 15  # for each octet of one
_LIMITS = frozenset((DefectKind.TOO_DEEP, DefectKind.TOO_MANY_PARTS, DefectKind.HEADER_TOO_LONG))
# Before each mail in a file of several (mbox).
_POSTMARK = re.compile(rb"(?<=\n\n)From [^\n]*+\n(?=[!-9;-~]++:)|(?<=\n\r\n)From [^\n]*+\n(?=[!-9;-~]++:)")
_MAX_MAILS = 1_000
_T = TrueType
# What may differ between two readings without anything being hidden.
_HARMLESS = {_T.TEXT, _T.UNKNOWN, _T.EMPTY, _T.HTML, _T.PICTURE, _T.MAIL, _T.XML}


def read_mail_file(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the parts of a mail that is itself attached."""
    if not thing.name and thing.declared_type == "text/plain":  # a text that quotes one
        return
    octets = thing.octets.lstrip(b"\r\n")
    postmarks = _POSTMARK.finditer(octets) if octets.startswith(b"From ") else ()
    begins = [found.start() for found in islice(postmarks, _MAX_MAILS)]
    for begin, end in pairwise((0, *begins, len(octets))):
        yield from read_mail(parse(octets[begin:end]), inspection, thing)
    if len(begins) == _MAX_MAILS:
        reason = f"{thing.where} has more mails in it than are looked into."
        yield thing.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason)


def read_mail(message: Message, inspection: Inspection, outer: Thing | None = None) -> Iterator[Found]:
    """Yield the parts of a mail, which lies in `outer` where it is not the mail itself."""
    yield from _Readings(outer, inspection).read(message)


class _Readings:
    """All readings of one mail."""

    __slots__ = ("_inspection", "_leaves", "_outer", "_structures", "_waiting")

    def __init__(self, outer: Thing | None, inspection: Inspection) -> None:
        self._inspection = inspection
        self._outer = outer
        self._leaves: set[bytes] = set()  # digests of what was seen in the readings before
        self._structures: set[bytes] = set()
        self._waiting: deque[OtherStructure] = deque()

    @property
    def _depth(self) -> int:
        return 0 if self._outer is None else self._outer.depth + 1

    def read(self, message: Message) -> Iterator[Found]:
        """Yield what is in the mail as it is read here, and then in each other structure."""
        yield from self._read_structure(message, None)
        left, octets_left = _MAX_STRUCTURES, _MAX_OCTETS
        while self._waiting and left > 0 and octets_left > 0 and self._inspection.effort_left:
            other = self._waiting.popleft()
            octets = other.octets()
            digest = blake2b(octets, digest_size=16).digest()
            if digest not in self._structures:
                self._structures.add(digest)
                left, octets_left = left - 1, octets_left - len(octets)
                with suppress(TooMuchEffort):  # it is the last one then
                    self._inspection.spend(_STRUCTURE_EFFORT * len(octets))
                yield from self._read_structure(parse(octets), other)
        if self._waiting:
            reason = "This mail can be read in more ways than are looked into."
            yield Finding(Kind.AMBIGUOUS, Severity.SUSPICIOUS, inner_place(self._outer), reason)

    def _read_structure(self, message: Message, other: OtherStructure | None) -> Iterator[Found]:
        new: set[bytes] = set()
        hidden: Thing | None = None
        for number, entity in _numbered(message):
            if len(self._waiting) <= _MAX_STRUCTURES:  # one more than are read, so that it is told
                self._waiting.extend(other_structures(entity, number if other is None else other.number))
            for found in self._read_entity(entity, number if other is None else _otherwise(other)):
                if isinstance(found, Thing):
                    digest = blake2b(found.octets, digest_size=16).digest()
                    if other is not None and digest not in self._leaves and _could_hide(found):
                        hidden = hidden or found
                    new.add(digest)
                yield found
        self._leaves |= new
        if other is not None:
            yield from self._told(other, hidden)

    def _told(self, other: OtherStructure, hidden: Thing | None) -> Iterator[Found]:
        thing = Thing(b"", place=inner_place(self._outer, f"part {other.number}"))
        if hidden is None:
            reason = f"Mail programs differ in how they read this: {other.reason}."
            yield thing.finding(Kind.AMBIGUOUS, Severity.NOTE, reason)
            return
        reason = f"Some mail programs find {hidden.shown_name} here where others do not: {other.reason}."
        yield thing.finding(Kind.AMBIGUOUS, Severity.SUSPICIOUS, reason)

    def _read_entity(self, entity: Entity, number: str) -> Iterator[Found]:
        yield from self._unread(entity, f"part {number}" if number else "")
        if entity.parts:
            for text in (entity.preamble, entity.epilogue):
                if text.strip():
                    place = inner_place(self._outer, f"part {number}" if number else "", "beside the parts")
                    yield Thing(text, place=place, depth=self._depth)
            return
        names = names_of(entity)
        step, depth = f"part {number}", self._depth
        usual: TrueType | None = None
        for content in contents_of(entity):
            for name in names.all:
                place = inner_place(self._outer, step, name)
                yield Thing(content.octets, name, entity.content_type.media_type, place, depth)
            thing = Thing(content.octets, names.stated, "", inner_place(self._outer, step, names.stated), depth)
            kind = true_type_of(thing)
            if usual is not None:
                differs = kind is not usual and not {kind, usual} <= _HARMLESS
                reason = f"Mail programs see different contents in {thing.shown_name}: {content.reason}."
                yield thing.finding(Kind.AMBIGUOUS, Severity.SUSPICIOUS if differs else Severity.NOTE, reason)
            usual = usual or kind
            del content, thing  # before the next one is made
        if len(names.all) > 1:
            yield from self._several_names(names.all, step, depth)

    def _unread(self, entity: Entity, step: str) -> Iterator[Found]:
        """Yield what of an entity is not here, or beyond what is read."""
        thing = Thing(b"", place=inner_place(self._outer, step))
        if any(defect.kind in _LIMITS for defect in entity.cut_defects):
            reason = "This mail has more parts, or deeper ones, than are looked into."
            yield thing.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason)
        media = entity.content_type
        if media.media_type == "message/partial":  # RFC 2046 §5.2.2
            reason = "This mail is one piece of a larger one, so that nobody can look into the whole on the way."
            yield thing.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason)
        elif media.media_type == "message/external-body":  # RFC 2046 §5.2.3
            name = media.parameters.get("name") or media.parameters.get("url", "")
            yield thing.finding(Kind.TEMPLATE, Severity.NOTE, f"This mail has its reader fetch {shown(name)}.")
            yield Thing(b"", name, "", inner_place(self._outer, step, name), self._depth, is_whole=False)

    def _several_names(self, names: tuple[str, ...], step: str, depth: int) -> Iterator[Found]:
        """Yield that a part has several names, and how much that matters."""
        if len(names) > MAX_NAMES:
            thing = Thing(b"", names[0], place=inner_place(self._outer, step, names[0]), depth=depth)
            reason = f"{thing.shown_name} has more names than are looked at."
            yield thing.finding(Kind.AMBIGUOUS, Severity.SUSPICIOUS, reason)
        endings = {ending_of(name) for name in names if name}
        if len(endings) < 2:
            return
        runs = any(runs_what(ending) is not None for ending in endings)
        thing = Thing(b"", names[0], place=inner_place(self._outer, step, names[0]), depth=depth)
        reason = f"Mail programs show different names for {thing.shown_name}: {shown(names[1])} is another."
        yield thing.finding(Kind.AMBIGUOUS, Severity.SUSPICIOUS if runs else Severity.NOTE, reason)


def _could_hide(thing: Thing) -> bool:
    return true_type_of(thing) not in _HARMLESS or runs_what(thing.ending) is not None


def _otherwise(other: OtherStructure) -> str:
    return f"{other.number} (read otherwise)" if other.number else "(read otherwise)"


def _numbered(message: Message) -> Iterator[tuple[str, Entity]]:
    """Yield each entity with its number, as mail programs count: each before its parts."""
    waiting: list[tuple[str, Entity]] = [("1" if not message.parts else "", message)]
    while waiting:
        number, entity = waiting.pop()
        yield number, entity
        dot = f"{number}." if number else ""
        waiting.extend([(f"{dot}{count}", part) for count, part in enumerate(entity.parts, 1)][::-1])
