"""How much of one mail is looked into: everything that is unpacked is counted, and nothing grows beyond its bound.

The memory that one mail may cost is bounded, too: what is deeper in a nest of archives has the room that the things
around it leave.
"""

from __future__ import annotations

import io
import lzma
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from enum import Enum, auto

from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.harmless import is_harmless
from scop.attachments.thing import Found, Thing, ThingCheck

__all__ = ["BROKEN", "Admission", "Bounds", "Inspection", "Options", "OutOfRoom", "TooMuchEffort", "broken"]

# What readers raise where the octets are not what the format asks for.
BROKEN = (ValueError, EOFError, LookupError, OverflowError, OSError, struct.error, zlib.error, lzma.LZMAError)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one mail may have us do; what lies beyond is not looked into, and that is a finding."""

    octets: int = 96 << 20  # unpacked, all together
    thing_octets: int = 40 << 20  # of one thing that is unpacked; its beginning tells what it is
    held_octets: int = 88 << 20  # of things within things at one moment, and the one that is being unpacked twice
    looked_octets: int = 400 << 20  # of all things and readings together, those that nothing had to be unpacked for too
    opened: int = 4_000  # things that hold others: archives, documents, mails
    things: int = 12_000  # together, those that hold nothing too; source archives have thousands
    names: int = 16_000  # together, those too of which nothing but the name is looked at
    effort: int = 1_000_000_000  # of all readers, see `Inspection.spend`; then only names are looked at
    depth: int = 12  # containers within containers; honest ones stay below 4
    ratio: int = 200  # octets out of one; text seldom passes 20, deflate ends at 1,032
    free_octets: int = 8 << 20  # below which no ratio makes a bomb: an empty picture is packed well
    findings: int = 64

    def __post_init__(self) -> None:
        for bound in fields(self):
            if getattr(self, bound.name) < 1:
                raise ValueError(f"{bound.name} is below 1")


@dataclass(frozen=True, slots=True)
class Options:
    """How a mail is examined."""

    bounds: Bounds = Bounds()
    checks: tuple[ThingCheck, ...] = ()  # the operator's rules: each sees every thing


class OutOfRoom(ValueError):
    """A reader ends what it unpacks at a bound of its own: the octets are not wrong."""


class TooMuchEffort(OutOfRoom):
    """All that one mail may cost was spent: what is left of the thing is not looked into."""


# Effort for each thing: what it is called, and, where it is looked into, what it is and its digests.
_OF_NAME, _OF_CHARACTER, _OF_THING, _OF_OCTET = 15_000, 100, 45_000, 4
_OF_NAMES = 1.5  # times the effort of readers may be spent until no more names are looked at, either
_MUCH = 40  # octets out of one of the whole mail: when nothing more may be unpacked, it was made for that
_LAST_OCTETS = 8 << 16
_LOOKED_OF_BOMB = 2 << 20  # octets: it is dangerous already, and its beginning tells what else it is


class Admission(Enum):
    """How far one more thing may be looked into."""

    WHOLE = auto()
    NAME = auto()  # what it is and how it is called, not what is in it
    NONE = auto()  # and nothing behind it, either


class _End(Enum):
    """Why no more of a thing was unpacked."""

    RATIO = auto()
    ROOM = auto()


class Inspection:
    """What was spent on one mail."""

    __slots__ = (
        "_effort",
        "_is_told",
        "_looked",
        "_mail_octets",
        "_octets",
        "_opened",
        "_things",
        "bounds",
        "held_octets",
    )

    def __init__(self, bounds: Bounds, mail_octets: int) -> None:
        self.bounds = bounds
        self._mail_octets = mail_octets
        self.held_octets = 0  # of the unpacked things that are open now
        self._octets = 0
        self._is_told = False  # that nothing more is unpacked
        self._things = 0
        self._opened = 0
        self._looked = 0
        self._effort = 0

    @property
    def room_octets(self) -> int:
        """How large the next thing that is unpacked may become."""
        bounds = self.bounds
        # Halved: its pieces and the whole of it are there at once.
        left = (bounds.held_octets - self.held_octets) // 2
        return max(0, min(bounds.thing_octets, bounds.octets - self._octets, left))

    @property
    def effort_left(self) -> int:
        """What may still be spent."""
        return max(0, self.bounds.effort - self._effort)

    def spend(self, effort: int) -> None:
        """Count work that is done: about a nanosecond of a slow machine each, so that all of it ends within a second.

        It is counted and not timed, as the same mail has the same findings on each machine. Raises `TooMuchEffort`.
        """
        self._effort += effort
        if self._effort > self.bounds.effort:
            raise TooMuchEffort("more work than is done for one mail")

    def counted(self, pieces: Iterable[bytes], effort: int) -> Iterator[bytes]:
        """Yield pieces, each octet of which costs so much to be had."""
        for piece in pieces:
            self.spend(effort * len(piece))
            yield piece

    def admit(self, thing: Thing) -> Admission:
        """Count one more thing, and tell how far it may be looked into."""
        self._things += 1
        self._looked += len(thing.octets)
        self._effort += _OF_NAME + _OF_CHARACTER * len(thing.name)
        if self._looked > self.bounds.looked_octets or self._things > max(self.bounds.names, self.bounds.things):
            return Admission.NONE
        if self._effort > _OF_NAMES * self.bounds.effort:
            return Admission.NONE
        if self._things > self.bounds.things or self._effort > self.bounds.effort:
            return Admission.NAME
        self._effort += _OF_THING + _OF_OCTET * len(thing.octets)
        return Admission.WHOLE

    def may_open(self) -> bool:
        """Count one more thing that holds others, and tell whether it may be opened."""
        self._opened += 1
        return self._opened <= self.bounds.opened and self.effort_left > 0

    def unpack(self, outer: Thing, name: str, pieces: Iterable[bytes], packed_octets: int) -> Iterator[Found]:
        """Yield the thing called `name` in `outer`, put together from `pieces` as far as the bounds go.

        `packed_octets` is what it takes in `outer`. The pieces should be small (some 64 KiB): one too many is made.
        Pieces that break off with one of `BROKEN` leave what came before them, and a finding. Where no more things
        are looked into, none are unpacked: their names are left.
        """
        if self._things >= self.bounds.things or not self.effort_left:
            yield outer.only_named(name)
            return
        taken = io.BytesIO()  # which gives its octets without another copy of them
        end: _End | None = None
        is_broken = False
        try:
            end = self._take(pieces, packed_octets, taken)
        except BROKEN as fault:
            is_broken = not _is_out_of_room(fault)
            end = None if is_broken else _End.ROOM
        if end is _End.RATIO:
            taken.truncate(_LOOKED_OF_BOMB)
        octets = taken.getvalue()
        taken.close()
        thing = outer.inside(octets, name, is_whole=end is None and not is_broken)
        del octets
        yield thing
        if is_broken:
            yield broken(thing)
        if end is not None and not self._is_told:
            self._is_told = self._octets >= self.bounds.octets
            yield _beyond(thing, end)

    def _take(self, pieces: Iterable[bytes], packed_octets: int, taken: io.BytesIO) -> _End | None:
        room, size = self.room_octets, 0
        for piece in pieces if room else ():
            size += len(piece)
            self._octets += len(piece)
            taken.write(piece if size <= room else piece[: len(piece) - (size - room)])
            if self._is_bomb(size, packed_octets) or self._is_bomb(self._octets, self._mail_octets):
                return _End.RATIO
            if size > room:
                return _End.RATIO if self._is_hollow(taken) else _End.ROOM
        return None if room else self._end_of_all()

    def _end_of_all(self) -> _End:
        """Say why nothing is unpacked any more, where that is so: what is deeper may only lack memory."""
        grown = self._octets > _MUCH * self._mail_octets
        return _End.RATIO if grown and self._octets >= self.bounds.octets else _End.ROOM

    def _is_hollow(self, taken: io.BytesIO) -> bool:
        """Tell whether what came last would be packed again to nearly nothing: how much more comes is not known."""
        last = bytes(taken.getbuffer()[-_LAST_OCTETS:])
        return len(zlib.compress(last, level=1)) * self.bounds.ratio < len(last)

    def _is_bomb(self, octets: int, packed_octets: int) -> bool:
        return octets > self.bounds.free_octets and octets > self.bounds.ratio * max(packed_octets, 1)


def _is_out_of_room(fault: Exception) -> bool:
    """Tell whether a bound ended what was unpacked, as the memory that a decoder may have: that is no damage."""
    return isinstance(fault, OutOfRoom) or (isinstance(fault, lzma.LZMAError) and "emory" in str(fault))


def broken(thing: Thing) -> Finding:
    """Return that a thing is not what its format asks for."""
    reason = f"{thing.where} is damaged, or made so that only some programs can open it."
    return thing.finding(Kind.BROKEN, Severity.SUSPICIOUS, reason)


def _beyond(thing: Thing, end: _End) -> Finding:
    if end is _End.RATIO:
        reason = f"{thing.shown_name} grows without end when it is unpacked: it is made to fill up whoever opens it."
        return thing.finding(Kind.BOMB, Severity.DANGEROUS, reason)
    reason = f"{thing.shown_name} is larger than what is looked into; only its beginning was."
    severity = Severity.NOTE if is_harmless(thing) else Severity.SUSPICIOUS
    return thing.finding(Kind.UNSCANNABLE, severity, reason)
