"""Changing the keys of a zone without a gap: which key does what, and when the next step may come.

Theory of operation. A zone has keys, and rolls that are under way. A roll goes through the steps of its kind; at each
step a table says what its incoming and its outgoing keys do: stand in the DNSKEY RRset, sign the keys, sign the zone,
be what the parent shall vouch for. A step lasts until every cache has learned of it, or until the parent has followed.
All of it is one small value: whoever keeps it can stop anywhere and go on.

    first  an unsigned zone got keys: the parent is asked to vouch for them once no cache holds unsigned records
    zsk    pre-publication (RFC 7583 §3.2.1): shown, then signing, then the old one goes
    ksk    double signature (RFC 7583 §3.3.1), of a combined key too: its zone signatures change hands while the
           parent's DS is awaited, when every cache has both keys
    all    another algorithm or another scheme (RFC 6781 §4.1.4): new signatures come first and old ones go last
    last   no keys any more: the parent is asked to vouch for none (RFC 8078 §4), and signatures stay until it does

Standards: RFC 7583, RFC 6781 §4.1, RFC 7344, RFC 8078.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Flag, StrEnum, auto
from typing import Final

from scop.dns.dnssec.keys import SigningKey
from scop.dns.zone.signing_keys import KeyRecord, KeyScheme, Role, SigningSet

__all__ = [
    "STEPS",
    "Facts",
    "KeyState",
    "Kind",
    "Parent",
    "Roll",
    "RollRefused",
    "RollUnderWay",
    "Step",
    "Timing",
    "advance",
    "awaits_parent",
    "begin",
    "corrected",
    "due_kind",
    "duties",
    "hastened",
    "incoming_roles",
    "restarted",
    "resumed",
    "signing_set",
    "starting",
]

_DAY = 86_400


class Kind(StrEnum):
    """What is rolled."""

    FIRST = "first"
    ZONE = "zsk"
    KEYS = "ksk"
    ALL = "all"
    LAST = "last"


class Step(StrEnum):
    """Where a roll is."""

    SIGNING = "signing"  # the new keys' signatures come into caches
    PUBLISHING = "publishing"  # the new keys come into caches
    SWAPPED = "swapped"  # the new key signs, the old one's signatures leave the caches
    AWAITING = "awaiting-ds"  # the parent is asked to vouch for the new keys
    SETTLING = "settling"  # the parent does, its old DS leaves the caches
    RETIRING = "retiring"  # the old keys leave the caches


STEPS: Final[Mapping[Kind, tuple[Step, ...]]] = {
    Kind.FIRST: (Step.PUBLISHING, Step.AWAITING),
    Kind.ZONE: (Step.PUBLISHING, Step.SWAPPED),
    Kind.KEYS: (Step.PUBLISHING, Step.AWAITING, Step.SETTLING),
    Kind.ALL: (Step.SIGNING, Step.PUBLISHING, Step.AWAITING, Step.SETTLING, Step.RETIRING),
    Kind.LAST: (Step.AWAITING, Step.SETTLING),
}


class _Duty(Flag):
    """What a key does."""

    NONE = 0
    SHOWN = auto()
    SIGNS_KEYS = auto()
    SIGNS_ZONE = auto()
    WANTED = auto()


_KEYS, _ZONE = _Duty.SHOWN | _Duty.SIGNS_KEYS, _Duty.SHOWN | _Duty.SIGNS_ZONE
_BOTH = _KEYS | _ZONE
_FULL = _BOTH | _Duty.WANTED
# What a key of each role can do at all; the duties of a step are cut down to it.
_POWERS: Final[Mapping[Role, _Duty]] = {
    Role.COMBINED: _FULL,
    Role.KEYS: _KEYS | _Duty.WANTED,
    Role.ZONE: _ZONE,
}
_WORDS: Final[Mapping[_Duty, str]] = {
    _Duty.SHOWN: "shown",
    _Duty.SIGNS_KEYS: "signs the keys",
    _Duty.SIGNS_ZONE: "signs the zone",
    _Duty.WANTED: "wanted at the parent",
}
# By kind and step: what the incoming keys do, what the outgoing keys do. Keys in no roll do everything.
_DUTIES: Final[Mapping[tuple[Kind, Step], tuple[_Duty, _Duty]]] = {
    # A DS before caches have forgotten unsigned records would make them bogus.
    (Kind.FIRST, Step.PUBLISHING): (_BOTH, _Duty.NONE),
    (Kind.FIRST, Step.AWAITING): (_FULL, _Duty.NONE),
    (Kind.ZONE, Step.PUBLISHING): (_Duty.SHOWN, _ZONE),
    (Kind.ZONE, Step.SWAPPED): (_ZONE, _Duty.SHOWN),
    (Kind.KEYS, Step.PUBLISHING): (_KEYS, _FULL),
    (Kind.KEYS, Step.AWAITING): (_FULL, _KEYS),
    (Kind.KEYS, Step.SETTLING): (_FULL, _KEYS),
    # RFC 6840 §5.11, RFC 6781 §4.1.4: where a DNSKEY of an algorithm is seen, signatures of it must be there already.
    (Kind.ALL, Step.SIGNING): (_Duty.SIGNS_ZONE, _FULL),
    (Kind.ALL, Step.PUBLISHING): (_BOTH, _FULL),
    (Kind.ALL, Step.AWAITING): (_FULL, _BOTH),
    (Kind.ALL, Step.SETTLING): (_FULL, _BOTH),
    (Kind.ALL, Step.RETIRING): (_FULL, _Duty.SIGNS_ZONE),
    (Kind.LAST, Step.AWAITING): (_Duty.NONE, _BOTH),
    (Kind.LAST, Step.SETTLING): (_Duty.NONE, _BOTH),
}


@dataclass(frozen=True, slots=True)
class Roll:
    """One roll: keys by name, the step, and until when it lasts at least."""

    kind: Kind
    step: Step
    since_unix: int
    until_unix: int
    incoming: tuple[str, ...] = ()
    outgoing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyState:
    """The keys of a zone and what happens to them; without keys the zone is unsigned."""

    keys: tuple[KeyRecord, ...] = ()
    rolls: tuple[Roll, ...] = ()


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things take; a lifetime of 0 is endless."""

    propagation_seconds: int = 3600  # until the last secondary has a new version
    parent_propagation_seconds: int = 3600  # until the parent's last secondary has
    parent_ds_ttl_seconds: int = 1 * _DAY  # what a cache may hold, at least; a resolver's answer shows only the rest
    key_ttl_seconds: int = 3600
    zone_key_lifetime_seconds: int = 90 * _DAY
    entry_key_lifetime_seconds: int = 0  # only where the parent takes CDS does rolling by itself make sense


@dataclass(frozen=True, slots=True)
class Parent:
    """What the parent's DS RRset says: which of our keys it names, whether others too, and for how long."""

    named: frozenset[str] = frozenset()
    has_others: bool = False
    ttl_seconds: int = 0

    @property
    def is_silent(self) -> bool:
        """Whether there is no DS at all: the zone is unsigned for the world."""
        return not self.named and not self.has_others


@dataclass(frozen=True, slots=True)
class Facts:
    """What has to be known for the next step; `parent` is None where it was not asked or did not answer."""

    now_unix: int
    zone_ttl_seconds: int  # the largest of the zone that is shown
    parent: Parent | None = None


class RollRefused(ValueError):
    """A roll that cannot begin now; the message says why."""


class RollUnderWay(RollRefused):
    """One that has to wait for another, which goes on by itself and may be hastened."""


def starting(keys: tuple[KeyRecord, ...], facts: Facts, timing: Timing) -> KeyState:
    """Return the state of a zone that just got its first keys."""
    return KeyState(keys, (_at(Kind.FIRST, Step.PUBLISHING, _names(keys), (), facts, timing),))


def incoming_roles(kind: Kind, state: KeyState, scheme: KeyScheme) -> tuple[Role, ...]:
    """Return for which roles a roll needs new keys."""
    if kind is Kind.ZONE:
        return (Role.ZONE,)
    if kind is Kind.KEYS:
        return (Role.COMBINED if any(key.role is Role.COMBINED for key in state.keys) else Role.KEYS,)
    return scheme.roles if kind is Kind.ALL else ()


def begin(state: KeyState, kind: Kind, incoming: tuple[KeyRecord, ...], facts: Facts, timing: Timing) -> KeyState:
    """Begin a roll to keys that were made for it; raises `RollRefused`."""
    outgoing = _outgoing(state, kind)
    _check(state, kind, outgoing)
    # A roll of what the parent names makes the first wait for the parent pointless: it waits for the new keys.
    left = tuple(roll for roll in state.rolls if roll.kind is not Kind.FIRST or kind is Kind.ZONE)
    roll = _at(kind, STEPS[kind][0], _names(incoming), outgoing, facts, timing)
    return KeyState((*state.keys, *incoming), (*left, roll))


def due_kind(state: KeyState, scheme: KeyScheme, algorithm: int, now_unix: int, timing: Timing) -> Kind | None:
    """Return which roll is to begin by itself: keys are not as configured, or too old. None if none, or not now."""
    if any(map(_bars_all, state.rolls)):
        return None
    settled = _settled(state)
    configured = {(role, algorithm) for role in scheme.roles}
    if {(key.role, key.algorithm) for key in state.keys if key.name in settled} != configured:
        return Kind.ALL if all(roll.kind is Kind.FIRST for roll in state.rolls) else None
    lifetimes = {Role.ZONE: timing.zone_key_lifetime_seconds}
    for key in state.keys:
        kind = Kind.ZONE if key.role is Role.ZONE else Kind.KEYS
        lifetime = lifetimes.get(key.role, timing.entry_key_lifetime_seconds)
        is_rolling = any(roll.kind is kind for roll in state.rolls)
        if lifetime and not is_rolling and key.made_unix + lifetime <= now_unix:
            return kind
    return None


def advance(state: KeyState, facts: Facts, timing: Timing) -> KeyState:
    """Take every step whose time has come; returns the same state where there is none."""
    for roll in state.rolls:
        if not _is_over(roll, facts):
            continue
        steps = STEPS[roll.kind]
        place = steps.index(roll.step) + 1
        if place == len(steps):
            state = _ended(state, roll)
        else:
            following = _at(roll.kind, steps[place], roll.incoming, roll.outgoing, facts, timing)
            state = replace(state, rolls=tuple(following if one is roll else one for one in state.rolls))
    return state


def hastened(state: KeyState, now_unix: int) -> KeyState:
    """Return the state as if every cache had learned what it has to: for a key that was stolen, and for tests."""
    return replace(state, rolls=tuple(replace(roll, until_unix=min(roll.until_unix, now_unix)) for roll in state.rolls))


def restarted(state: KeyState, facts: Facts, timing: Timing) -> KeyState:
    """Return the state with each step begun now, since it is shown only now; none ends sooner than before."""
    return replace(state, rolls=tuple(_begun_now(roll, facts, timing) for roll in state.rolls))


def corrected(state: KeyState, facts: Facts, timing: Timing) -> KeyState:
    """Return the state with those steps begun now that begin in the future, as a clock said that was wrong."""
    rolls = (_begun_now(roll, facts, timing) if roll.since_unix > facts.now_unix else roll for roll in state.rolls)
    return replace(state, rolls=tuple(rolls))


def resumed(state: KeyState, facts: Facts, timing: Timing) -> KeyState:
    """Return the state of a zone that was to become unsigned and shall stay signed: the parent is asked again."""
    if all(roll.kind is not Kind.LAST for roll in state.rolls):
        return state
    return KeyState(state.keys, (_at(Kind.FIRST, Step.AWAITING, _names(state.keys), (), facts, timing),))


def awaits_parent(state: KeyState) -> bool:
    """Say whether the parent's DS has to be looked at."""
    return any(roll.step is Step.AWAITING for roll in state.rolls)


def signing_set(state: KeyState, private: Mapping[str, SigningKey]) -> SigningSet:
    """Return what the keys do now; `private` has each by its name."""
    duties = [(key, _duty(state, key)) for key in state.keys]

    def signers(duty: _Duty) -> tuple[SigningKey, ...]:
        return tuple(private[key.name] for key, has in duties if duty in has)

    return SigningSet(
        shown=tuple(key.dnskey for key, has in duties if _Duty.SHOWN in has),
        key_signers=signers(_Duty.SIGNS_KEYS),
        zone_signers=signers(_Duty.SIGNS_ZONE),
        wanted=tuple(key.dnskey for key, has in duties if _Duty.WANTED in has),
        is_ending=any(roll.kind is Kind.LAST for roll in state.rolls),
    )


def duties(state: KeyState, key: KeyRecord) -> tuple[str, ...]:
    """Return what a key does now, in words."""
    duty = _duty(state, key)
    return tuple(words for one, words in _WORDS.items() if one in duty)


def _names(keys: tuple[KeyRecord, ...]) -> tuple[str, ...]:
    return tuple(key.name for key in keys)


def _bars_all(roll: Roll) -> bool:
    """Say whether nothing else begins as long as this roll is where it is."""
    return roll.kind in (Kind.ALL, Kind.LAST) or (roll.kind is Kind.FIRST and roll.step is Step.PUBLISHING)


def _settled(state: KeyState) -> frozenset[str]:
    """Return the keys that no roll takes away."""
    return frozenset(key.name for key in state.keys) - {name for roll in state.rolls for name in roll.outgoing}


def _outgoing(state: KeyState, kind: Kind) -> tuple[str, ...]:
    if kind is Kind.ZONE:
        return tuple(key.name for key in state.keys if key.role is Role.ZONE)
    if kind is Kind.KEYS:
        return tuple(key.name for key in state.keys if key.role is not Role.ZONE)
    return _names(state.keys)


def _check(state: KeyState, kind: Kind, outgoing: tuple[str, ...]) -> None:
    if kind is Kind.FIRST or not outgoing:
        raise RollRefused(f"there is no {kind} to roll")
    for roll in state.rolls:
        if roll.kind is Kind.FIRST and roll.step is Step.PUBLISHING:
            raise RollUnderWay("the first keys are still on their way into caches")
        if roll.kind is not Kind.FIRST and {roll.kind, kind} != {Kind.ZONE, Kind.KEYS}:
            raise RollUnderWay(f"a roll of kind {roll.kind} is under way, at step {roll.step}")


def _at(
    kind: Kind, step: Step, incoming: tuple[str, ...], outgoing: tuple[str, ...], facts: Facts, timing: Timing
) -> Roll:
    return Roll(kind, step, facts.now_unix, facts.now_unix + _wait(kind, step, facts, timing), incoming, outgoing)


def _begun_now(roll: Roll, facts: Facts, timing: Timing) -> Roll:
    begun = _at(roll.kind, roll.step, roll.incoming, roll.outgoing, facts, timing)
    earlier = roll.until_unix if roll.since_unix <= facts.now_unix else 0
    return replace(begun, until_unix=max(begun.until_unix, earlier))


def _wait(kind: Kind, step: Step, facts: Facts, timing: Timing) -> int:
    """Return how long a step lasts at least; beside each what leaves or enters the caches meanwhile."""
    keys = timing.key_ttl_seconds + timing.propagation_seconds  # RFC 7583: Ipub = Dprp + TTLkey
    records = facts.zone_ttl_seconds + timing.propagation_seconds  # RFC 7583: Iret = Dprp + TTLsig; signing is at once
    parents = max(timing.parent_ds_ttl_seconds, 0 if facts.parent is None else facts.parent.ttl_seconds)
    delegation = parents + timing.parent_propagation_seconds  # RFC 7583: IretKSK = DprpP + TTLds
    match step:
        case Step.AWAITING:
            return 0
        case Step.PUBLISHING:
            return max(keys, records) if kind is Kind.FIRST else keys
        case Step.RETIRING:
            return keys
        case Step.SETTLING:
            return delegation if kind is Kind.LAST else max(delegation, records)
        case Step.SIGNING | Step.SWAPPED:
            return records


def _is_over(roll: Roll, facts: Facts) -> bool:
    if facts.now_unix < roll.until_unix:
        return False
    return roll.step is not Step.AWAITING or (facts.parent is not None and _has_followed(roll, facts.parent))


def _has_followed(roll: Roll, parent: Parent) -> bool:
    """Say whether the parent's DS is as the roll needs it."""
    if roll.kind is Kind.LAST:
        return parent.is_silent
    entries = {name for name in roll.incoming if not name.startswith(f"{Role.ZONE}-")}
    # RFC 6840 §5.11: the DS of an algorithm promises signatures of it, so the old one must be gone there before ours.
    is_old_gone = roll.kind is not Kind.ALL or not parent.named & set(roll.outgoing)
    return entries <= parent.named and is_old_gone


def _ended(state: KeyState, roll: Roll) -> KeyState:
    keys = tuple(key for key in state.keys if key.name not in roll.outgoing)
    return KeyState(keys, tuple(one for one in state.rolls if one is not roll))


def _duty(state: KeyState, key: KeyRecord) -> _Duty:
    duty = _FULL
    for roll in state.rolls:
        incoming, outgoing = _DUTIES[roll.kind, roll.step]
        if key.name in roll.incoming:
            duty &= incoming
        if key.name in roll.outgoing:
            duty &= outgoing
    return duty & _POWERS[key.role]
