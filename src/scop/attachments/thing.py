"""A thing to look into: octets with the name that somebody gave them, and the way that leads to them.

A mail's part is one, and so is each member of an archive, each file in a document, each reading of an ambiguous part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from scop.attachments.finding import Finding, Kind, Severity

if TYPE_CHECKING:
    from scop.attachments.inspection import Inspection

__all__ = ["Found", "Reader", "Thing", "ThingCheck", "ending_of", "inner_place", "shown"]

_MAIN_STREAM = re.compile(r"::\$data\Z", re.IGNORECASE)  # names the file itself on Windows
_STEP = " › "
_MAX_NAME = 120  # characters of a name in a place or a sentence


@dataclass(frozen=True, slots=True)
class Thing:
    """Octets, how they are called, and where they were found."""

    octets: bytes
    name: str = ""  # as the sender gives it: never a path to be trusted
    declared_type: str = ""  # the media type that the mail states, in lower case; "" in an archive
    place: str = ""  # as `part 2 › invoice.zip`
    depth: int = 0  # containers around it; a part of the mail is at 0
    is_whole: bool = True  # whether `octets` are all of it, or what the bounds let us have

    @property
    def shown_name(self) -> str:
        """The name for a sentence: bounded, without what could reorder or break it."""
        return shown(self.name) or "a nameless file"

    @property
    def where(self) -> str:
        """The name as a subject, with the archive that it was found in: `invoice.exe in invoice.zip`."""
        steps = self.place.split(_STEP)
        return f"{self.shown_name} in {steps[-2]}" if self.depth and len(steps) > 1 else self.shown_name

    @property
    def ending(self) -> str:
        """What stands behind the last dot of the name, in lower case; "" where there is none."""
        return ending_of(self.name)

    def inside(self, octets: bytes, name: str = "", *, is_whole: bool = True, declared_type: str = "") -> Thing:
        """Return a thing that was found in this one."""
        place = inner_place(self, shown(name) or "nameless")
        return Thing(octets, name, declared_type, place, self.depth + 1, is_whole)

    def from_octet(self, begin: int) -> Thing:
        """Return what one reads in its place who begins further behind."""
        return replace(self, octets=self.octets[begin:])

    def only_named(self, name: str) -> Thing:
        """Return a thing in this one of which nothing but the name can be had."""
        return self.inside(b"", name, is_whole=False)

    def finding(self, kind: Kind, severity: Severity, reason: str) -> Finding:
        """Return what was found in it; `reason` is for the person who reads the mail."""
        return Finding(kind, severity, self.place, reason)


Found: TypeAlias = Finding | Thing
# Looks into a thing of one type: yields what it finds and the things that are in it, one by one, so that no more
# than one of them need be held. It may raise anything: that makes a finding of its own.
Reader: TypeAlias = "Callable[[Thing, Inspection], Iterable[Found]]"
# Looks at any thing whatever it is: the rules of the operator.
ThingCheck: TypeAlias = "Callable[[Thing], Iterable[Finding]]"


def inner_place(outer: Thing | None, *steps: str) -> str:
    """Return the place of what is reached from `outer` by steps, as they are to be read."""
    found = [shown(step) for step in steps if step]
    return _STEP.join([outer.place, *found] if outer is not None and outer.place else found)


def shown(text: str) -> str:
    """Return a stranger's text as it can stand in a sentence: printable, in its order, bounded."""
    readable = text
    if not text.isprintable():
        readable = "".join([letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text])
    readable = readable.strip().replace(_STEP.strip(), ">")  # else a name could make up a place
    if len(readable) <= _MAX_NAME:
        return readable
    return f"{readable[: _MAX_NAME - 30]}…{readable[-29:]}"  # the ending is what matters


@lru_cache(maxsize=64)  # each name is asked for its ending again and again, and then never more
def ending_of(name: str) -> str:
    """Return what stands behind the last dot of a name, as a system for people reads it; "" where there is none."""
    # Windows drops dots and blanks at the end; a path may be in the name.
    base = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1].split("\0", 1)[0]
    base = _MAIN_STREAM.sub("", base).rstrip(". \t\r\n\u3000\u00a0")
    _, dot, ending = base.rpartition(".")
    return ending.lower() if dot else ""
