"""Rolling keys: whatever caches hold, in every step they can follow from the parent's DS to every signature."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.signed_zones import NOW, ORIGIN, zone_of
from scop.dns.dnssec.digests import ds_of, names_key
from scop.dns.dnssec.keys import SigningKey
from scop.dns.dnssec.signatures import Verdict, verify
from scop.dns.rdata import CDS, DNSKEY, DS, RRSIG
from scop.dns.rrset import RRset
from scop.dns.zone.cds import named_keys
from scop.dns.zone.rollover import (
    STEPS,
    Facts,
    KeyState,
    Kind,
    Parent,
    RollRefused,
    Step,
    Timing,
    advance,
    awaits_parent,
    begin,
    due_kind,
    duties,
    hastened,
    incoming_roles,
    resumed,
    signing_set,
    starting,
)
from scop.dns.zone.signing import Signed, SigningPolicy, max_ttl, sign_zone
from scop.dns.zone.signing_keys import KeyRecord, KeyScheme, Role, new_key
from scop.dns.zone.zone import Zone

_T = TypeVar("_T")

DAY = 86_400
P256, ED25519 = 13, 15
TIMING = Timing(propagation_seconds=60, parent_propagation_seconds=120, parent_ds_ttl_seconds=600, key_ttl_seconds=300)
POLICY = SigningPolicy(key_ttl_seconds=300)


@dataclass
class World:
    """A zone with keys, its parent, and a clock; `shown` and `vouched` are all versions with their times."""

    scheme: KeyScheme = KeyScheme.COMBINED
    algorithm: int = P256
    now: int = NOW
    state: KeyState = field(default_factory=KeyState)
    private: dict[str, SigningKey] = field(default_factory=dict)
    signed: Signed | None = None
    shown: list[tuple[int, Zone]] = field(default_factory=list)
    vouched: list[tuple[int, tuple[DS, ...]]] = field(default_factory=list)

    def new_keys(self, roles: tuple[Role, ...]) -> tuple[KeyRecord, ...]:
        made: tuple[KeyRecord, ...] = ()
        for role in roles:
            record, key = new_key(role, self.algorithm, self.now, (*self.state.keys, *made))
            self.private[record.name] = key
            made = (*made, record)
        return made

    def facts(self) -> Facts:
        ttl = 300 if self.signed is None else max_ttl(self.signed.zone)
        return Facts(self.now, ttl, self.parent() if awaits_parent(self.state) else None)

    def parent(self) -> Parent:
        seen = self.vouched[-1][1] if self.vouched else ()
        named = named_keys(ORIGIN, seen, self.state.keys)
        return Parent(named, any(not named_keys(ORIGIN, (ds,), self.state.keys) for ds in seen), 600)

    def start(self) -> None:
        self.state = starting(self.new_keys(self.scheme.roles), self.facts(), TIMING)
        self.show()

    def roll(self, kind: Kind) -> None:
        keys = self.new_keys(incoming_roles(kind, self.state, self.scheme))
        self.state = begin(self.state, kind, keys, self.facts(), TIMING)
        self.show()

    def show(self) -> None:
        # A new version each time, so that the serial moves and the zone is signed again.
        keys = signing_set(self.state, self.private)
        self.signed = sign_zone(zone_of(serial=len(self.shown) + 1), keys, POLICY, self.now, self.signed)
        self.shown.append((self.now, self.signed.zone))

    def tick(self, seconds: int) -> None:
        """Let time pass and take what steps there are; the state is kept and read back, as over a restart."""
        self.now += seconds
        self.state = msgspec.json.decode(msgspec.json.encode(self.state), type=KeyState)
        moved = advance(self.state, self.facts(), TIMING)
        if moved != self.state:
            self.state = moved
            self.show()

    def obey(self) -> None:
        """Let the parent do what CDS asks for (RFC 7344 §6, RFC 8078 §4)."""
        assert self.signed is not None
        wishes = self.signed.zone.get(ORIGIN, "CDS")
        asked = [cds for cds in (wishes.rdatas if wishes else ()) if isinstance(cds, CDS)]
        if asked:
            found = tuple(DS(c.key_tag, c.algorithm, c.digest_type, c.digest) for c in asked if c.algorithm)
            if not self.vouched or self.vouched[-1][1] != found:
                self.vouched.append((self.now, found))

    def settle(self, seconds: int = 30, limit: int = 1000) -> None:
        """Go on until no roll is left."""
        for _ in range(limit):
            if not self.state.rolls:
                return
            self.tick(seconds)
            self.obey()
        raise AssertionError(f"still rolling: {self.state.rolls}")

    def run(self, seconds: int) -> None:
        """Let time pass in small pieces."""
        for _ in range(seconds // 30):
            self.tick(30)
            self.obey()

    def faults(self, since: int) -> list[str]:
        """Return what some cache could not follow, at any moment from `since` on."""
        return [fault for moment in range(since, self.now, 30) for fault in self._faults_at(moment)]

    def _faults_at(self, moment: int) -> list[str]:
        """Try every DS, DNSKEY RRset and SOA-like RRset that a cache may hold at a moment against one another."""
        all_ds = _in_caches(self.vouched, moment, 600 + 120)
        keys = _in_caches(self.shown, moment, 300 + 60)
        found = []
        for ds in filter(None, all_ds):
            for zone in keys:
                apex = zone.get(ORIGIN, "DNSKEY")
                if not _vouches(ds, apex, moment):
                    found.append(f"{moment - NOW}: DS leads to no DNSKEY RRset")
                if not all(_signs(apex, other.get(ORIGIN, "NS"), moment) for other in keys):
                    found.append(f"{moment - NOW}: the keys fit no signature of the zone")
        return found


def _in_caches(versions: list[tuple[int, _T]], moment: int, seconds: int) -> list[_T]:
    """Return what may still be seen: whatever was shown until no longer ago than caches and secondaries keep it."""
    ends = [start for start, _ in versions[1:]] + [moment + 1]
    return [value for (start, value), end in zip(versions, ends, strict=True) if start <= moment < end + seconds]


def _vouches(ds: tuple[DS, ...], apex: RRset | None, now: int) -> bool:
    """Say whether a DS set leads to keys, by every algorithm that it names (RFC 4035 §2.2)."""
    keys = _keys(apex)
    entries = [key for key in keys for one in ds if names_key(one, ORIGIN, key)]
    good = {key.algorithm for key in entries if _holds(apex, [key], now)}
    return bool(good) and {one.algorithm for one in ds} <= good


def _signs(apex: RRset | None, rrset: RRset | None, now: int) -> bool:
    """Say whether every algorithm of the keys has a signature that holds (RFC 4035 §2.2)."""
    keys = _keys(apex)
    algorithms = {key.algorithm for key in keys}
    return bool(keys) and all(
        _holds(rrset, [key for key in keys if key.algorithm == algorithm], now) for algorithm in algorithms
    )


def _keys(apex: RRset | None) -> list[DNSKEY]:
    return [key for key in (apex.rdatas if apex else ()) if isinstance(key, DNSKEY)]


def _holds(rrset: RRset | None, keys: list[DNSKEY], now: int) -> bool:
    if rrset is None:
        return False
    signatures = [signature for signature in rrset.signatures if isinstance(signature, RRSIG)]
    return any(verify(rrset, s, key, now) is Verdict.GOOD for s in signatures for key in keys)


def settled_world(scheme: KeyScheme = KeyScheme.COMBINED) -> World:
    """Return a zone whose first keys the parent vouches for since long ago."""
    world = World(scheme)
    world.start()
    world.settle()
    world.run(1500)
    return world


@pytest.mark.parametrize(
    ("scheme", "kind"),
    [
        (KeyScheme.COMBINED, Kind.KEYS),
        (KeyScheme.COMBINED, Kind.ALL),
        (KeyScheme.SPLIT, Kind.ZONE),
        (KeyScheme.SPLIT, Kind.KEYS),
        (KeyScheme.SPLIT, Kind.ALL),
    ],
)
def test_roll_leaves_no_gap(scheme: KeyScheme, kind: Kind) -> None:
    """RFC 7583 §3: every DS, DNSKEY RRset and record that a cache may hold fit one another at every moment."""
    world = settled_world(scheme)
    before = {key.name for key in world.state.keys}
    began = world.now
    world.roll(kind)
    world.settle()
    world.run(1500)
    assert world.faults(began) == []
    left = {key.name for key in world.state.keys}
    assert len(left) == len(scheme.roles)
    assert len(left - before) == len(incoming_roles(kind, world.state, scheme))


@pytest.mark.parametrize(
    ("algorithm", "scheme"),
    [(ED25519, KeyScheme.COMBINED), (ED25519, KeyScheme.SPLIT), (P256, KeyScheme.SPLIT)],
)
def test_roll_of_algorithm_and_scheme_leaves_no_gap(algorithm: int, scheme: KeyScheme) -> None:
    """RFC 6781 §4.1.4: with two algorithms each of DS and DNSKEY is backed by signatures of its own, all the time."""
    world = settled_world()
    began, world.algorithm, world.scheme = world.now, algorithm, scheme
    world.roll(Kind.ALL)
    world.settle()
    world.run(1500)
    assert world.faults(began) == []
    assert {(role, algorithm) for role in scheme.roles} == {(key.role, key.algorithm) for key in world.state.keys}


def test_first_keys_wait_for_unsigned_records() -> None:
    """RFC 6781 §4.3: the parent is asked only after caches have forgotten what was unsigned."""
    world = World()
    world.start()
    world.tick(359)
    assert _wish(world) is None
    world.tick(1)
    assert _wish(world) is not None
    assert world.state.rolls[0].step is Step.AWAITING


def _wish(world: World) -> RRset | None:
    assert world.signed is not None
    return world.signed.zone.get(ORIGIN, "CDS")


def test_last_roll_ends_unsigned_without_a_gap() -> None:
    """RFC 8078 §4: signatures stay until the parent vouches for none and caches have forgotten that it did."""
    world = settled_world()
    began = world.now
    world.roll(Kind.LAST)
    world.settle()
    assert world.state == KeyState()
    assert [fault for fault in world.faults(began) if "DS leads" in fault] == []


def test_last_roll_can_be_taken_back() -> None:
    """A zone that was to become unsigned asks its parent again and stays signed."""
    world = settled_world()
    world.roll(Kind.LAST)
    world.state = resumed(world.state, world.facts(), TIMING)
    world.show()
    wish = _wish(world)
    assert wish is not None
    assert [cds.algorithm for cds in wish.rdatas if isinstance(cds, CDS)] == [P256]
    assert resumed(world.state, world.facts(), TIMING) is world.state


def test_roll_of_keys_waits_for_the_parent() -> None:
    """RFC 7583 §3.3.1: without the parent's new DS the old key stays, however long that takes."""
    world = settled_world()
    (old,) = world.state.keys
    world.roll(Kind.KEYS)
    for _ in range(50):
        world.tick(DAY)
    assert world.state.rolls[0].step is Step.AWAITING
    assert old in world.state.keys


def test_roll_of_algorithm_waits_until_the_parent_has_dropped_the_old_one() -> None:
    """RFC 4035 §2.2: as long as a DS of the old algorithm stands, its keys and signatures do."""
    world = settled_world()
    (old,) = world.state.keys
    world.algorithm = ED25519
    world.roll(Kind.ALL)
    for _ in range(3):
        world.tick(DAY)
    new = next(key for key in world.state.keys if key != old)
    world.vouched.append((world.now, (ds_of(ORIGIN, old.dnskey), ds_of(ORIGIN, new.dnskey))))
    world.tick(DAY)
    assert [Step.AWAITING] == [roll.step for roll in world.state.rolls]
    world.vouched.append((world.now, (ds_of(ORIGIN, new.dnskey),)))
    world.tick(1)
    assert [Step.SETTLING] == [roll.step for roll in world.state.rolls]


@pytest.mark.parametrize("step", STEPS[Kind.ALL])
def test_state_survives_at_every_step(step: Step) -> None:
    """What is kept says all: read back, it is the same state, with keys that sign the same."""
    world = settled_world()
    world.roll(Kind.ALL)
    while world.state.rolls[0].step is not step:
        world.run(30)
    again = msgspec.json.decode(msgspec.json.encode(world.state), type=KeyState)
    assert again == world.state
    assert signing_set(again, world.private) == signing_set(world.state, world.private)


def test_rolls_of_both_keys_may_run_together() -> None:
    """A roll that waits for the parent holds up no roll of the zone's own key, and neither leaves a gap."""
    world = settled_world(KeyScheme.SPLIT)
    began = world.now
    world.roll(Kind.KEYS)
    world.run(600)
    world.roll(Kind.ZONE)
    world.settle()
    world.run(1500)
    assert world.faults(began) == []
    assert len(world.state.keys) == 2


@pytest.mark.parametrize(
    ("first", "second"), [(Kind.ZONE, Kind.ZONE), (Kind.KEYS, Kind.ALL), (Kind.ALL, Kind.ZONE), (Kind.ALL, Kind.LAST)]
)
def test_begin_refuses_what_would_meet(first: Kind, second: Kind) -> None:
    """Two rolls of the same keys do not run at once."""
    world = settled_world(KeyScheme.SPLIT)
    world.roll(first)
    with pytest.raises(RollRefused, match=f"{first} is under way"):
        world.roll(second)


def test_begin_refuses_before_the_first_keys_are_seen() -> None:
    """As long as the first keys are on their way into caches, nothing is rolled."""
    world = World()
    world.start()
    with pytest.raises(RollRefused, match="first keys"):
        world.roll(Kind.KEYS)


def test_begin_refuses_a_key_that_is_not_there() -> None:
    """A zone with one combined key has no ZSK to roll."""
    with pytest.raises(RollRefused, match="no zsk"):
        settled_world().roll(Kind.ZONE)


def test_due_kind_by_age_and_configuration() -> None:
    """A key past its lifetime is rolled, a set that is not as configured is rolled whole, all else is left alone."""
    world = settled_world(KeyScheme.SPLIT)
    made = world.state.keys[0].made_unix

    def due(now: int, scheme: KeyScheme = KeyScheme.SPLIT, algorithm: int = P256) -> Kind | None:
        return due_kind(world.state, scheme, algorithm, now, TIMING)

    assert due(made + 90 * DAY - 1) is None
    assert due(made + 90 * DAY) is Kind.ZONE
    assert due(made, algorithm=ED25519) is Kind.ALL
    assert due(made, scheme=KeyScheme.COMBINED) is Kind.ALL
    world.roll(Kind.ZONE)
    assert due(made + 90 * DAY) is None
    assert due(made, algorithm=ED25519) is None  # one after the other


def test_hastened_ends_waiting_for_caches_only() -> None:
    """Waiting is cut short; the parent is still waited for."""
    world = settled_world()
    world.roll(Kind.KEYS)
    for _ in range(3):
        world.state = hastened(world.state, world.now)
        world.tick(0)
    assert world.state.rolls[0].step is Step.AWAITING


def test_duties_in_words() -> None:
    """While a key is rolled in, the operator reads what each of the two does."""
    world = settled_world()
    world.roll(Kind.KEYS)
    old, new = world.state.keys
    assert duties(world.state, old) == ("shown", "signs the keys", "signs the zone", "wanted at the parent")
    assert duties(world.state, new) == ("shown", "signs the keys")


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.sampled_from([Kind.ZONE, Kind.KEYS, Kind.ALL]), st.integers(0, 100)), max_size=5))
def test_any_rolls_at_any_time_leave_no_gap(rolls: list[tuple[Kind, int]]) -> None:
    """Whichever rolls are begun whenever they are let, no cache ever loses the way."""
    world = settled_world(KeyScheme.SPLIT)
    began = world.now
    for kind, pieces in rolls:
        try:
            world.roll(kind)
        except RollRefused:
            world.private = {key.name: world.private[key.name] for key in world.state.keys}
        world.run(30 * pieces)
    assert world.faults(began) == []
