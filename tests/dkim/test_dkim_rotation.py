"""The rotation of keys as a pure machine: no seal ever fails, whatever happens in between."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scop.dkim import Algorithm
from scop.dkim.rotation import (
    MAX_GENERATIONS,
    Duty,
    Facts,
    Generation,
    KnownKey,
    Rotation,
    RotationRefused,
    Step,
    Timing,
    adopted,
    advance,
    begin,
    corrected,
    hastened,
    incoming,
    is_due,
    keys_with,
    keys_without,
    next_stamp,
    selector_of,
    until_unix,
    without,
)

NOW = 1_800_000_000  # 2027-01-15
TIMING = Timing(lifetime_seconds=1000, grace_seconds=100, propagation_seconds=10)
NEGATIVE = 5
BOTH = ("rsa-{}", "ed25519-{}")


def keys_of(stamp: str) -> tuple[KnownKey, ...]:
    """Make keys as whoever keeps them does."""
    return tuple(KnownKey(selector_of(algorithm, stamp), algorithm, f"p={stamp}") for algorithm in Algorithm)


def begun(rotation: Rotation, now_unix: int = NOW) -> Rotation:
    """Begin with new keys."""
    stamp = next_stamp(rotation, now_unix)
    return begin(rotation, stamp, keys_of(stamp), now_unix)


def all_well(rotation: Rotation, now_unix: int) -> Facts:
    """Return the facts of a world in which everything works."""
    shown, gone = (frozenset(key.selector for key in keys(rotation, Duty.SHOWN)) for keys in (keys_with, keys_without))
    return Facts(now_unix, shown, gone, shown, NEGATIVE)


def stepped(rotation: Rotation, now_unix: int = NOW) -> Rotation:
    """Take one step where everything works."""
    return advance(rotation, all_well(rotation, now_unix), TIMING)


def settled(rotation: Rotation, now_unix: int) -> Rotation:
    """Take all steps that the time allows."""
    while (following := stepped(rotation, now_unix)) != rotation:
        rotation = following
    return rotation


def stamps(rotation: Rotation, duty: Duty) -> list[str]:
    """Return of which generations the keys do something."""
    return sorted({key.record.removeprefix("p=") for key in keys_with(rotation, duty)})


def steps(rotation: Rotation) -> list[Step]:
    """Return where each generation is."""
    return [one.step for one in rotation.generations]


FIRST = settled(begun(Rotation()), NOW)


def test_rotation_first_keys_wait_for_nothing_but_being_seen() -> None:
    """Nobody had a reason to ask for them before, so nobody remembers that they were not there."""
    rotation, found = begun(Rotation()), []
    while steps(rotation) != [Step.IN_USE]:
        found += steps(rotation)
        assert [] == stamps(rotation, Duty.SEALS)
        rotation = stepped(rotation)
    assert [Step.MADE, Step.PUBLISHED, Step.SEEN] == found
    assert ["20270115"] == stamps(rotation, Duty.SEALS)
    assert ["rsa-20270115", "ed25519-20270115"] == [key.selector for key in keys_with(rotation, Duty.SEALS)]


@pytest.mark.parametrize(
    ("after_seconds", "expected", "sealing", "shown", "kept"),
    [
        (0, [Step.IN_USE, Step.SEEN], ["20270115"], ["20270115", "20270115-2"], ["20270115", "20270115-2"]),
        (14, [Step.IN_USE, Step.SEEN], ["20270115"], ["20270115", "20270115-2"], ["20270115", "20270115-2"]),
        (15, [Step.RETIRED, Step.IN_USE], ["20270115-2"], ["20270115", "20270115-2"], ["20270115-2"]),
        (114, [Step.RETIRED, Step.IN_USE], ["20270115-2"], ["20270115", "20270115-2"], ["20270115-2"]),
        (115, [Step.IN_USE], ["20270115-2"], ["20270115-2"], ["20270115-2"]),
    ],
)
def test_rotation_takes_each_step_when_its_time_has_come(
    after_seconds: int, expected: list[Step], sealing: list[str], shown: list[str], kept: list[str]
) -> None:
    """The old keys seal until caches know the new ones, and stand in the DNS until their mail has arrived."""
    rotation = settled(begun(FIRST), NOW)
    for seconds in (15, 115):
        if seconds <= after_seconds:
            rotation = settled(rotation, NOW + seconds)
    rotation = settled(rotation, NOW + after_seconds)
    assert expected == steps(rotation)
    assert (sealing, shown, kept) == tuple(stamps(rotation, duty) for duty in (Duty.SEALS, Duty.SHOWN, Duty.KEPT))


@pytest.mark.parametrize("missing", ["published", "seen", "seen again", "withdrawn"])
def test_rotation_waits_for_each_fact(missing: str) -> None:
    """As long as a fact is missing, for as long as it may be, its step does not come."""
    rotation = begun(FIRST)
    if missing != "published":
        rotation = stepped(rotation)
    if missing in ("seen again", "withdrawn"):
        rotation = stepped(rotation)
    if missing == "withdrawn":
        rotation = settled(settled(rotation, NOW + 15), NOW + 20)
        rotation = advance(rotation, replace(all_well(rotation, NOW + 900), withdrawn=frozenset()), TIMING)
        assert [Step.WITHDRAWN, Step.IN_USE] == steps(rotation)
    facts, none = all_well(rotation, NOW + 900), frozenset[str]()
    without_it = {
        "published": replace(facts, published=none),
        "seen": replace(facts, seen=none),
        "withdrawn": replace(facts, withdrawn=none),
    }
    assert rotation == advance(rotation, without_it[missing.partition(" ")[0]], TIMING)
    assert rotation != advance(rotation, facts, TIMING)


def test_rotation_that_has_haste_waits_for_no_cache_and_grants_no_grace() -> None:
    """A stolen key is out of use and out of the DNS as soon as its successor is seen."""
    rotation = settled(hastened(begun(FIRST), NOW), NOW)
    assert [Step.IN_USE] == steps(rotation)
    assert ["20270115-2"] == stamps(rotation, Duty.SHOWN)
    late = settled(hastened(settled(begun(FIRST), NOW), NOW), NOW)
    assert rotation == late
    assert [False] == [one.in_haste for one in rotation.generations]


def test_rotation_in_haste_ends_the_grace_of_former_keys() -> None:
    """What is retired may have been stolen, too."""
    rotation = settled(settled(begun(FIRST), NOW), NOW + 15)
    assert [Step.RETIRED, Step.IN_USE] == steps(rotation)
    assert [Step.IN_USE] == steps(settled(hastened(rotation, NOW + 16), NOW + 16))


def test_rotation_refuses_a_second_one_at_a_time() -> None:
    """Who begins while another is under way is told which, and where it is."""
    with pytest.raises(RotationRefused, match="under way already, to ed25519-20270115-2, rsa-20270115-2: made"):
        begun(begun(FIRST))


def test_rotation_keeps_a_bounded_number_of_generations() -> None:
    """At the limit none begins, by itself or by wish, until one is withdrawn; below it one may."""
    rotation, now_unix = FIRST, NOW
    timing = replace(TIMING, grace_seconds=10**6)
    while len(rotation.generations) < MAX_GENERATIONS:
        assert is_due(rotation, now_unix + 1000, timing)
        rotation, now_unix = begun(rotation, now_unix), now_unix + 1000
        for _ in range(4):
            rotation = advance(rotation, all_well(rotation, now_unix), timing)
            now_unix += 20
    assert not is_due(rotation, now_unix + 1000, timing)
    with pytest.raises(RotationRefused, match="there are 16 generations of keys"):
        begun(rotation, now_unix)


@pytest.mark.parametrize(
    ("after_seconds", "lifetime_seconds", "due"),
    [(999, 1000, False), (1000, 1000, True), (10**9, 0, False)],
)
def test_rotation_is_due_when_keys_are_old(after_seconds: int, lifetime_seconds: int, due: bool) -> None:
    """A key seals for its lifetime; without one, for ever."""
    timing = replace(TIMING, lifetime_seconds=lifetime_seconds)
    assert due == is_due(FIRST, NOW + after_seconds, timing)
    assert (NOW + 1000 if lifetime_seconds else 0) == until_unix(FIRST.generations[0], timing)


def test_rotation_is_due_where_there_is_nothing_to_seal_with() -> None:
    """At first, and for an algorithm that has no key; never while keys are on their way."""
    one_lost = without(FIRST, frozenset({"rsa-20270115"}), Facts(NOW), TIMING)
    assert [Step.RETIRED, Step.IN_USE] == steps(one_lost)
    assert [True, True] == [is_due(rotation, NOW, TIMING) for rotation in (Rotation(), one_lost)]
    assert [False, False] == [is_due(begun(rotation), NOW, TIMING) for rotation in (Rotation(), one_lost)]


def test_rotation_of_lost_keys_leaves_their_records() -> None:
    """What lost keys sealed is under way; those that sealed nothing yet are withdrawn at once."""
    lost = frozenset(form.format("20270115") for form in BOTH)
    assert [Step.RETIRED] == steps(without(FIRST, lost, Facts(NOW), TIMING))
    early = without(begun(Rotation()), lost, Facts(NOW), TIMING)
    assert [Step.WITHDRAWN] == steps(early)
    assert [] == steps(stepped(early))
    assert FIRST == without(FIRST, frozenset({"rsa-other"}), Facts(NOW), TIMING)


def test_rotation_whose_keys_in_use_are_lost_lets_those_seal_that_are_seen() -> None:
    """Without them there is no mail at all: hours of patience for caches would be hours of silence."""
    seen = settled(begun(FIRST), NOW)
    assert [Step.IN_USE, Step.SEEN] == steps(seen)
    both, one = (frozenset(form.format("20270115") for form in forms) for forms in (BOTH, BOTH[:1]))
    assert [Step.RETIRED, Step.IN_USE] == steps(settled(without(seen, both, Facts(NOW), TIMING), NOW))
    assert [Step.RETIRED, Step.IN_USE, Step.SEEN] == steps(settled(without(seen, one, Facts(NOW), TIMING), NOW))


@pytest.mark.parametrize(
    ("latest", "now_unix", "expected"),
    [
        ("", NOW, "20270115"),
        ("20270114", NOW, "20270115"),
        ("20270114-7", NOW, "20270115"),
        ("20270115", NOW, "20270115-2"),
        ("20270115-2", NOW, "20270115-3"),
        ("20270115-9", NOW, "20270115-10"),
        ("20270116-4", NOW, "20270116-5"),  # the clock was set back
    ],
)
def test_rotation_never_uses_a_selector_again(latest: str, now_unix: int, expected: str) -> None:
    """The second of a day bears a number, and no clock brings an earlier one back."""
    assert expected == next_stamp(Rotation((), latest), now_unix)


def test_rotation_takes_over_keys_that_were_made_before() -> None:
    """Of former keys it is not known whether anybody sees them; the next selectors are other ones."""
    rotation = adopted(keys_of("20270115-9"), NOW)
    assert [Step.MADE] == steps(rotation)
    assert "20270115-10" == next_stamp(rotation, NOW)
    strange = adopted((KnownKey("mail", Algorithm.RSA_SHA256, "p="),), NOW)
    assert "20270115" == next_stamp(strange, NOW)
    assert Rotation() == adopted((), NOW)


def test_rotation_state_with_another_stamp_is_none() -> None:
    """What a state file says is checked."""
    with pytest.raises(ValueError, match="'yesterday' is no day"):
        Rotation((), "yesterday")


def test_rotation_after_a_clock_went_back_begins_its_waits_anew() -> None:
    """A time in the future was a wrong clock's: neither grace nor patience lasts until then."""
    future = NOW + 10**9
    rotation = settled(begun(FIRST, future), future)
    assert [NOW, future] == [one.since_unix for one in rotation.generations]
    mended = corrected(rotation, all_well(rotation, NOW + 50), TIMING)
    assert [(NOW, 0), (NOW + 50, NOW + 65)] == [(one.since_unix, one.until_unix) for one in mended.generations]
    assert mended == corrected(mended, all_well(mended, NOW + 50), TIMING)


@dataclass
class Life:
    """A signer's life at the whim of hypothesis."""

    rotation: Rotation = field(default_factory=Rotation)
    now_unix: int = NOW
    made: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def make(self) -> None:
        """Begin a rotation, where that is possible."""
        try:
            self.rotation = begun(self.rotation, self.now_unix)
        except RotationRefused:
            return
        self.made += [key.selector for one in self.rotation.generations[-1:] for key in one.keys]

    def look(self, *, published: bool, seen: bool, withdrawn: bool) -> None:
        """Take what steps a world allows in which some things work."""
        well = all_well(self.rotation, self.now_unix)
        none: frozenset[str] = frozenset()
        facts = Facts(
            self.now_unix,
            well.published if published else none,
            well.withdrawn if withdrawn else none,
            well.seen if seen else none,
            NEGATIVE,
        )
        self.seen |= facts.seen
        self.rotation = advance(corrected(self.rotation, facts, TIMING), facts, TIMING)


EVENTS = st.one_of(
    st.tuples(st.just("look"), st.tuples(st.booleans(), st.booleans(), st.booleans())),
    st.tuples(st.just("pass"), st.integers(-200, 2000)),
    st.tuples(st.sampled_from(["make", "due", "haste"]), st.none()),
)


@settings(max_examples=60)
@given(st.lists(EVENTS, max_size=60))
def test_rotation_never_leaves_mail_without_a_key_that_is_seen(events: list[tuple[str, object]]) -> None:
    """Whatever works and fails, in any order, with clocks that go back: who seals was seen and stands in the DNS."""
    life = Life()
    for name, value in events:
        had = bool(keys_with(life.rotation, Duty.SEALS))
        if name == "look" and isinstance(value, tuple):
            life.look(published=value[0], seen=value[1], withdrawn=value[2])
        elif isinstance(value, int):
            life.now_unix += value
        elif name == "make" or (name == "due" and is_due(life.rotation, life.now_unix, TIMING)):
            life.make()
        elif name == "haste":
            life.rotation = hastened(life.rotation, life.now_unix)
        sealing = keys_with(life.rotation, Duty.SEALS)
        assert {key.selector for key in sealing} <= life.seen
        assert set(sealing) <= set(keys_with(life.rotation, Duty.SHOWN))
        assert bool(sealing) or not had
        assert len(life.made) == len(set(life.made))
        assert len(life.rotation.generations) <= MAX_GENERATIONS
    if not life.rotation.generations:
        life.make()
    for _ in range(8):  # once everything works, every rotation comes to its end
        life.now_unix += TIMING.grace_seconds
        life.look(published=True, seen=True, withdrawn=True)
    assert [Step.IN_USE] == steps(life.rotation)
    assert incoming(life.rotation) is None


def test_rotation_knows_where_a_record_stands() -> None:
    """RFC 6376 §3.6.2.1: below _domainkey."""
    assert "rsa-1._domainkey.lagoon.test" == KnownKey("rsa-1", Algorithm.RSA_SHA256, "p=").record_name("lagoon.test")
    assert frozenset({"rsa-1", "ed25519-1"}) == Generation(keys_of("1"), Step.MADE, NOW).selectors
