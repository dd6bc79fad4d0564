"""Changing the keys that seal mail without a seal that fails: which key does what, and when its next step may come.

Theory of operation. Keys are made together, one for each algorithm: a generation. Each generation goes through the
same steps, and a table says what its keys do at each: stand in the DNS, seal, have their private half kept. What a
step waits for is a fact that whoever keeps the keys brings: an UPDATE was taken, the resolver shows the record, time
has passed. The old generation seals until the new one does. All of it is one small value: whoever keeps it can stop
anywhere and go on.

    made       the private halves are on the disk; waits for the zone to take the records
    published  waits until the resolver shows them
    seen       waits until nobody remembers that they were not there, and is looked for once more
    in-use     seals, until the next generation does
    retired    seals nothing more, its private halves are gone; the records stay for mail that is under way
    withdrawn  waits for the zone to let the records go, and is forgotten

Selectors are never used again: a cache could still hold the old record of one.

Standards: RFC 6376 §3.1 (selectors), §3.6.1; RFC 7583 §3.2.1 (the like for zones); RFC 2308 §5, RFC 8198 (what is
remembered of absence).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Flag, StrEnum, auto
from typing import Final

from scop.base.days import DAY_SECONDS
from scop.dkim.signature import Algorithm, record_name_of

__all__ = [
    "MAX_GENERATIONS",
    "Duty",
    "Facts",
    "Generation",
    "KnownKey",
    "Rotation",
    "RotationRefused",
    "Step",
    "Timing",
    "adopted",
    "advance",
    "begin",
    "corrected",
    "hastened",
    "incoming",
    "is_due",
    "keys_with",
    "keys_without",
    "next_stamp",
    "order_of",
    "selector_of",
    "until_unix",
    "without",
]

# All records go in one UPDATE of less than 64 KB; an RSA key is half a KB. Only a lifetime much shorter than the grace
# time comes near.
MAX_GENERATIONS = 16
_PREFIXES: Final[Mapping[Algorithm, str]] = {Algorithm.RSA_SHA256: "rsa", Algorithm.ED25519_SHA256: "ed25519"}
_STAMP = re.compile(r"([0-9]{8})(?:-([1-9][0-9]{0,8}))?")  # a day, and which of that day: the second is -2
_SELECTOR = re.compile(rf"(?:{'|'.join(_PREFIXES.values())})-({_STAMP.pattern})")


class Step(StrEnum):
    """Where a generation is."""

    MADE = "made"
    PUBLISHED = "published"
    SEEN = "seen"
    IN_USE = "in-use"
    RETIRED = "retired"
    WITHDRAWN = "withdrawn"


class Duty(Flag):
    """What a key does."""

    NONE = 0
    SHOWN = auto()  # its record stands in the DNS
    KEPT = auto()  # its private half does on the disk
    SEALS = auto()


_DUTIES: Final[Mapping[Step, Duty]] = {
    Step.MADE: Duty.SHOWN | Duty.KEPT,
    Step.PUBLISHED: Duty.SHOWN | Duty.KEPT,
    Step.SEEN: Duty.SHOWN | Duty.KEPT,
    Step.IN_USE: Duty.SHOWN | Duty.KEPT | Duty.SEALS,
    # What seals nothing more is of use to nobody but thieves, while its record still vouches for it.
    Step.RETIRED: Duty.SHOWN,
    Step.WITHDRAWN: Duty.NONE,
}
_INCOMING = (Step.MADE, Step.PUBLISHED, Step.SEEN)


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key as everybody may know it: where its record stands, and what the record says."""

    selector: str
    algorithm: Algorithm
    record: str

    def record_name(self, domain: str) -> str:
        """Return where the record stands."""
        return record_name_of(self.selector, domain)


@dataclass(frozen=True, slots=True)
class Generation:
    """Keys that were made together; `until_unix` is the time before which the step does not end."""

    keys: tuple[KnownKey, ...]
    step: Step
    since_unix: int
    until_unix: int = 0
    in_haste: bool = False  # takes over without waiting for caches, and grants the former no time of grace

    @property
    def selectors(self) -> frozenset[str]:
        """The names of its keys."""
        return frozenset(key.selector for key in self.keys)


@dataclass(frozen=True, slots=True)
class Rotation:
    """All generations, the oldest first; `latest_stamp` is what the newest selectors end with, '' before the first."""

    generations: tuple[Generation, ...] = ()
    latest_stamp: str = ""

    def __post_init__(self) -> None:
        if self.latest_stamp and not _STAMP.fullmatch(self.latest_stamp):
            raise ValueError(f"{self.latest_stamp!r} is no day with a number")


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things take; a lifetime of 0 is endless."""

    lifetime_seconds: int = 90 * DAY_SECONDS
    grace_seconds: int = 40 * DAY_SECONDS
    propagation_seconds: int = 3600  # until the last secondary has a new record


@dataclass(frozen=True, slots=True)
class Facts:
    """What has to be known for the next step; keys by their selectors."""

    now_unix: int
    published: frozenset[str] = frozenset()  # the zone took their records
    withdrawn: frozenset[str] = frozenset()  # the zone let their records go
    seen: frozenset[str] = frozenset()  # the resolver shows their records now
    negative_ttl_seconds: int = 0  # how long it is remembered of our zone that something is not there


class RotationRefused(ValueError):
    """A rotation that cannot begin now; the message says why."""


def keys_with(rotation: Rotation, duty: Duty) -> tuple[KnownKey, ...]:
    """Return the keys that have a duty now."""
    return tuple(key for one in rotation.generations if duty in _DUTIES[one.step] for key in one.keys)


def keys_without(rotation: Rotation, duty: Duty) -> tuple[KnownKey, ...]:
    """Return the keys that have a duty no more."""
    return tuple(key for one in rotation.generations if duty not in _DUTIES[one.step] for key in one.keys)


def incoming(rotation: Rotation) -> Generation | None:
    """Return the generation that is on its way into use."""
    return next((one for one in rotation.generations if one.step in _INCOMING), None)


def is_due(rotation: Rotation, now_unix: int, timing: Timing) -> bool:
    """Say whether new keys are to be made now: there are none, one of the algorithms has none, or they are too old."""
    if incoming(rotation) is not None:
        return False
    in_use = _in_use(rotation)
    if not in_use:
        return True
    if len(rotation.generations) >= MAX_GENERATIONS:
        return False
    if {key.algorithm for one in in_use for key in one.keys} != set(Algorithm):
        return True
    return any(0 < until_unix(one, timing) <= now_unix for one in in_use)


def until_unix(generation: Generation, timing: Timing) -> int:
    """Return when the time of a step is over; 0 where it waits for something else."""
    if generation.step is Step.IN_USE:
        return generation.since_unix + timing.lifetime_seconds if timing.lifetime_seconds else 0
    return generation.until_unix


def next_stamp(rotation: Rotation, now_unix: int) -> str:
    """Return what the next selectors end with: the day, with a number from the second of a day on.

    It is never one that was there before, also where the clock has been set back.
    """
    today = datetime.datetime.fromtimestamp(now_unix, datetime.UTC).strftime("%Y%m%d")
    if today > rotation.latest_stamp[: len(today)]:
        return today
    day, number = _parts(rotation.latest_stamp)
    return f"{day}-{number + 1}"


def selector_of(algorithm: Algorithm, stamp: str) -> str:
    """Return the selector of a new key."""
    return f"{_PREFIXES[algorithm]}-{stamp}"


def begin(rotation: Rotation, stamp: str, keys: tuple[KnownKey, ...], now_unix: int) -> Rotation:
    """Begin with keys that were made for it; raises `RotationRefused`."""
    under_way = incoming(rotation)
    if under_way is not None:
        names = ", ".join(sorted(under_way.selectors))
        raise RotationRefused(f"a rotation is under way already, to {names}: {under_way.step}")
    if _in_use(rotation) and len(rotation.generations) >= MAX_GENERATIONS:
        raise RotationRefused(
            f"there are {len(rotation.generations)} generations of keys: one has to be withdrawn first"
        )
    return Rotation((*rotation.generations, Generation(keys, Step.MADE, now_unix)), stamp)


def adopted(keys: Iterable[KnownKey], now_unix: int) -> Rotation:
    """Return the state of keys of which nothing else is known: whether anybody sees them is still to be learnt."""
    mine = tuple(keys)
    if not mine:
        return Rotation()
    stamps = (_stamp_of(key.selector) for key in mine)
    return Rotation((Generation(mine, Step.MADE, now_unix),), max(stamps, key=_parts, default=""))


def order_of(selector: str) -> tuple[str, int]:
    """Return what selectors are sorted by, the oldest first; those of other makers come before all."""
    return _parts(_stamp_of(selector))


def advance(rotation: Rotation, facts: Facts, timing: Timing) -> Rotation:
    """Take one step of each generation whose time has come; returns the same state where there is none."""
    successor = next((one for one in rotation.generations if one.step is Step.SEEN and _is_over(one, facts)), None)
    sealing = bool(_in_use(rotation))
    generations: list[Generation] = []
    for one in rotation.generations:
        if one.step is Step.IN_USE and successor is not None:
            generations.append(_at(Step.WITHDRAWN if successor.in_haste else Step.RETIRED, one, facts, timing))
        elif not _is_over(one, facts):
            generations.append(one)
        elif one.step is not Step.WITHDRAWN:
            # Of the first keys nobody can remember that they were not there: nobody had a reason to ask.
            one = one if sealing else replace(one, in_haste=True)
            generations.append(_at(_FOLLOWING[one.step], one, facts, timing))
    return rotation if tuple(generations) == rotation.generations else replace(rotation, generations=tuple(generations))


def hastened(rotation: Rotation, now_unix: int) -> Rotation:
    """Return the state in which nothing waits for caches or for mail under way: a key was stolen."""

    def faster(one: Generation) -> Generation:
        return replace(one, until_unix=min(one.until_unix, now_unix), in_haste=one.in_haste or one.step in _INCOMING)

    return replace(rotation, generations=tuple(map(faster, rotation.generations)))


def corrected(rotation: Rotation, facts: Facts, timing: Timing) -> Rotation:
    """Return the state with those steps begun now that begin in the future, as a clock said that was wrong."""
    return replace(
        rotation,
        generations=tuple(
            _at(one.step, one, facts, timing) if one.since_unix > facts.now_unix else one
            for one in rotation.generations
        ),
    )


def without(rotation: Rotation, selectors: frozenset[str], facts: Facts, timing: Timing) -> Rotation:
    """Return the state after the private halves of some keys were lost: they seal nothing more."""
    generations: list[Generation] = []
    for one in rotation.generations:
        lost = tuple(key for key in one.keys if key.selector in selectors)
        if not lost or Duty.KEPT not in _DUTIES[one.step]:
            generations.append(one)
            continue
        step = Step.RETIRED if one.step is Step.IN_USE else Step.WITHDRAWN
        generations.append(_at(step, replace(one, keys=lost), facts, timing))
        if left := tuple(key for key in one.keys if key not in lost):
            generations.append(replace(one, keys=left))
    return _unwaiting(replace(rotation, generations=tuple(generations)), facts.now_unix)


def _unwaiting(rotation: Rotation, now_unix: int) -> Rotation:
    """Return the state in which what is seen waits for no cache where nothing seals: some mail failing is not all."""
    if _in_use(rotation):
        return rotation
    generations = (
        replace(one, until_unix=min(one.until_unix, now_unix)) if one.step is Step.SEEN else one
        for one in rotation.generations
    )
    return replace(rotation, generations=tuple(generations))


_FOLLOWING: Final[Mapping[Step, Step]] = {
    Step.MADE: Step.PUBLISHED,
    Step.PUBLISHED: Step.SEEN,
    Step.SEEN: Step.IN_USE,
    Step.RETIRED: Step.WITHDRAWN,
}


def _in_use(rotation: Rotation) -> tuple[Generation, ...]:
    return tuple(one for one in rotation.generations if one.step is Step.IN_USE)


def _stamp_of(selector: str) -> str:
    found = _SELECTOR.fullmatch(selector)
    return found[1] if found else ""


def _parts(stamp: str) -> tuple[str, int]:
    day, _, number = stamp.partition("-")
    return day, int(number or 1)


def _at(step: Step, one: Generation, facts: Facts, timing: Timing) -> Generation:
    """Return a generation at the beginning of a step."""
    wait = 0
    if step is Step.SEEN and not one.in_haste:
        # RFC 7583 §3.2.1, of absence: until the last secondary has the record, any resolver may learn that there is
        # none; and one that proves names may say so of a selector nobody asked for (RFC 8198), from a neighbour's NSEC.
        wait = timing.propagation_seconds + facts.negative_ttl_seconds
    elif step is Step.RETIRED:
        wait = timing.grace_seconds
    until = facts.now_unix + wait if step in (Step.SEEN, Step.RETIRED) else 0
    in_haste = one.in_haste and step in _INCOMING
    return replace(one, step=step, since_unix=facts.now_unix, until_unix=until, in_haste=in_haste)


def _is_over(one: Generation, facts: Facts) -> bool:
    match one.step:
        case Step.MADE:
            return one.selectors <= facts.published
        case Step.PUBLISHED:
            return one.selectors <= facts.seen
        case Step.SEEN:
            return facts.now_unix >= one.until_unix and one.selectors <= facts.seen
        case Step.RETIRED:
            return facts.now_unix >= one.until_unix
        case Step.WITHDRAWN:
            return one.selectors <= facts.withdrawn
        case Step.IN_USE:
            return False
