"""Walks a mail and everything in it: each thing is judged by its name and its type, and handed to who can open it.

Theory of operation. Readers are generators of findings and of things within things. The walk goes down at once into
each thing that a reader yields and comes back to the reader afterwards, so that of a nest of archives only the path
from the mail to one thing is held. A reader that raises has found something too: that the thing is broken, or
that it could not be examined; nothing is ever passed over in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b

from scop.attachments.eicar import eicar_findings
from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.harmless import is_called_harmless, is_harmless
from scop.attachments.inspection import BROKEN, Admission, Inspection, Options, TooMuchEffort, broken
from scop.attachments.judging import type_findings
from scop.attachments.names import Promise, name_findings, promise_of
from scop.attachments.other_types import hidden_things, other_types_of
from scop.attachments.readers import HOLDERS, effort_of, read_appended, readers_of
from scop.attachments.readings import read_mail
from scop.attachments.thing import Found, Reader, Thing
from scop.attachments.true_types import TrueType, true_type_of
from scop.mime import Message, parse

__all__ = ["examine", "examine_thing"]

_USUAL = Options()
_HOLDING = frozenset((Promise.ARCHIVE, Promise.DOCUMENT, Promise.PAGE, Promise.MAIL))


def examine(message: Message | bytes, options: Options = _USUAL) -> tuple[Finding, ...]:
    """Return what is found in a mail, every reading of it, each once: the worst first, and first what tells most."""
    if not isinstance(message, Message):
        message = parse(message)
    walk = _Walk(options, len(message.span.octets))
    return walk.run(read_mail(message, walk.inspection))


def examine_thing(thing: Thing, options: Options = _USUAL) -> tuple[Finding, ...]:
    """Return what is found in one thing that is no mail's part: a file."""
    return _Walk(options, len(thing.octets)).run(iter((thing,)))


class _Frame:
    """A reader at work, and the thing that it reads."""

    __slots__ = ("found", "thing")

    def __init__(self, found: Iterator[Found], thing: Thing | None) -> None:
        self.found = found
        self.thing = thing


class _Walk:
    """One mail being examined."""

    __slots__ = ("_findings", "_is_many", "_is_over", "_kept", "_options", "_seen", "inspection")

    def __init__(self, options: Options, mail_octets: int) -> None:
        self._options = options
        self.inspection = Inspection(options.bounds, mail_octets)
        self._findings: dict[Finding, None] = {}
        self._kept: Counter[Severity] = Counter()
        self._seen: set[bytes] = set()
        self._is_many = False  # whether it was told that of some things only the names are looked at
        self._is_over = False

    def run(self, found: Iterator[Found]) -> tuple[Finding, ...]:
        """Follow everything that is found to its end."""
        stack = [_Frame(found, None)]
        while stack and not self._is_over:
            item = self._next(stack[-1])
            if item is None:
                self._leave(stack.pop())
            elif isinstance(item, Finding):
                self._note(item)
            elif item.depth > self._options.bounds.depth:
                reason = f"{item.shown_name} lies deeper in other files than is looked into."
                self._note(item.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason))
            else:
                self._admit(item, stack)
            del item  # nothing but the stack holds a thing
        return tuple(sorted(self._findings, key=lambda finding: finding.urgency))

    def _admit(self, thing: Thing, stack: list[_Frame]) -> None:
        admission = self.inspection.admit(thing)
        if admission is Admission.WHOLE:
            stack.append(self._enter(thing))
        elif admission is Admission.NAME:
            for finding in self._outside(thing):
                self._note(finding)
        else:
            self._is_over = True
            reason = "There is more in this mail than is looked into."
            self._note(Finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, thing.place, reason))

    def _outside(self, thing: Thing) -> Iterator[Finding]:
        """Yield what can be told of a thing that comes behind too many others to be looked into."""
        kind = true_type_of(thing)
        yield from name_findings(thing)
        yield from type_findings(thing, kind)
        if kind in HOLDERS or (promise_of(thing.ending) in _HOLDING and not is_called_harmless(thing.ending)):
            yield _unopened(thing)
        elif not self._is_many:
            self._is_many = True
            reason = "There are more files in this mail than are looked into: of the others only the names were."
            yield thing.finding(Kind.UNSCANNABLE, Severity.NOTE, reason)

    def _next(self, frame: _Frame) -> Found | None:
        try:
            return next(frame.found, None)
        except Exception as fault:
            for finding in _fault(frame.thing or Thing(b""), fault):
                self._note(finding)
        return None

    def _enter(self, thing: Thing) -> _Frame:
        if thing.depth:
            self.inspection.held_octets += len(thing.octets)
        return _Frame(self._look(thing), thing)

    def _leave(self, frame: _Frame) -> None:
        if frame.thing is not None and frame.thing.depth:
            self.inspection.held_octets -= len(frame.thing.octets)

    def _look(self, thing: Thing) -> Iterator[Found]:
        """Yield all that is found in one thing."""
        kind = true_type_of(thing)
        yield from name_findings(thing)
        yield from type_findings(thing, kind)
        yield from eicar_findings(thing)
        digest = blake2b(thing.octets, digest_size=16).digest() + thing.ending.encode("utf-8", "replace")
        if digest in self._seen:  # the same again, in another reading or another folder
            return
        self._seen.add(digest)
        for check in self._options.checks:
            yield from check(thing)
        if kind in HOLDERS and not self.inspection.may_open():
            yield _unopened(thing)
            return
        for reader in readers_of(kind):
            yield from self._read(thing, kind, reader)
        for other, as_read in other_types_of(thing, kind):
            for reader in readers_of(other):
                yield from self._read(as_read, other, reader)
        yield from hidden_things(thing, kind)
        yield from read_appended(thing, kind, self.inspection)

    def _read(self, thing: Thing, kind: TrueType, reader: Reader) -> Iterator[Found]:
        """Yield what a reader finds; where it fails, the others go on."""
        try:
            self.inspection.spend(effort_of(kind) * len(thing.octets))
            yield from reader(thing, self.inspection)
        except Exception as fault:
            yield from _fault(thing, fault)

    def _note(self, finding: Finding) -> None:
        """Keep a finding; of each severity as many as anybody reads."""
        if self._kept[finding.severity] < self._options.bounds.findings and finding not in self._findings:
            self._kept[finding.severity] += 1
            self._findings[finding] = None


def _fault(thing: Thing, fault: Exception) -> Iterator[Finding]:
    """Yield what it means that a reader fails: whatever it does, the thing is not passed as harmless."""
    if isinstance(fault, TooMuchEffort):
        reason = f"{thing.where} was not looked into wholly: this mail takes more work than is done for one."
        severity = Severity.NOTE if is_harmless(thing) else Severity.SUSPICIOUS
        yield thing.finding(Kind.UNSCANNABLE, severity, reason)
    elif not isinstance(fault, BROKEN):
        reason = f"{thing.shown_name} could not be examined: treat it as if it were dangerous."
        yield thing.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason)
    elif thing.is_whole:
        yield broken(thing)


def _unopened(thing: Thing) -> Finding:
    reason = f"{thing.where} was not opened: there are too many other files in this mail."
    return thing.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason)
