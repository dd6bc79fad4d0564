"""A firewall as octets and back: one line a subject or entry, its words separated by tabs.

Standards: none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from scop.reputation.entries import Action, Cause, Entry
from scop.reputation.firewall import Firewall
from scop.reputation.subjects import parse_subject
from scop.reputation.tally import Tally

__all__ = ["Snapshot", "load_firewall", "snapshot"]

_FIRST = "scop.reputation 1"
_TALLY, _ENTRY = "known", "entry"
_FOR_GOOD = "-"
MAX_OCTETS = 16 << 20  # some hundred thousand lines; three tables and the entries make a third of it


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that is known and ordered at one moment; any thread may write it down."""

    tallies: tuple[tuple[str, Tally], ...]
    entries: tuple[Entry, ...]

    def to_octets(self) -> bytes:
        """Write it."""
        return "".join(f"{line}\n" for line in _lines(self)).encode()


def snapshot(firewall: Firewall, now_unix: float) -> Snapshot:
    """Take down everything that is known and ordered."""
    return Snapshot(tuple(firewall.reputation.tallies()), tuple(firewall.entries.holding(now_unix)))


def _lines(taken: Snapshot) -> Iterator[str]:
    yield _FIRST
    for subject, tally in taken.tallies:
        counts = (tally.at_unix, tally.honest, tally.offences, tally.harmless, tally.spam)
        yield "\t".join((_TALLY, subject, *map(repr, counts), *tally.offenders))
    for entry in taken.entries:
        until = _FOR_GOOD if entry.until_unix is None else repr(entry.until_unix)
        yield "\t".join((_ENTRY, entry.subject, entry.action, entry.cause, repr(entry.since_unix), until, entry.reason))


def load_firewall(firewall: Firewall, octets: bytes) -> None:
    """Take into an empty firewall what was saved; raises `ValueError` that names the line."""
    if len(octets) > MAX_OCTETS:
        raise ValueError(f"{len(octets)} octets, at most {MAX_OCTETS}")
    first, *lines = octets.decode().split("\n")
    if first != _FIRST or not lines or lines.pop():
        raise ValueError("it does not begin, or does not end, as what was saved")
    for number, line in enumerate(lines, 2):
        try:
            _take(firewall, line.split("\t"))
        except (ValueError, TypeError) as fault:
            raise ValueError(f"line {number}: {fault}") from None


def _take(firewall: Firewall, words: list[str]) -> None:
    match words:
        case [kind, subject, at, honest, offences, harmless, spam, *offenders] if kind == _TALLY:
            at_unix, good, bad, fine, junk = map(_number, (at, honest, offences, harmless, spam))
            firewall.reputation.restore(_subject(subject), Tally(at_unix, good, bad, fine, junk, _hosts(offenders)))
        case [kind, subject, action, cause, since, until, reason] if kind == _ENTRY:
            end = None if until == _FOR_GOOD else _number(until)
            firewall.entries.put(Entry(_subject(subject), Action(action), Cause(cause), _number(since), end, reason))
        case _:
            raise ValueError("neither a tally nor an entry")


def _hosts(texts: list[str]) -> tuple[str, ...]:
    return tuple(map(_subject, texts))


def _subject(text: str) -> str:
    if parse_subject(text) != text:
        raise ValueError(f"{text!r} is not in its one form")
    return text


def _number(text: str) -> float:
    number = float(text)
    if not 0 <= number < math.inf:
        raise ValueError(f"{text} is no count and no time")
    return number
