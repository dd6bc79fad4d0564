"""Laws of state resolution, over rooms made from numbers in which people fight."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from fakes.matrix_rooms import Entry, RoomBuilder, user_id
from fakes.random_rooms import random_room, random_states
from scop.matrix.auth_rules import Authorisation, StateKey, authorise
from scop.matrix.events import Pdu
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import ROOM_VERSIONS, RoomVersion
from scop.matrix.state_resolution import resolve, version_1

_SEEDS = st.integers(0, 2**32)
_VERSIONS = st.sampled_from([*ROOM_VERSIONS.values()])


@drawn(60)
@given(_SEEDS, _VERSIONS)
def test_resolution_does_not_depend_on_the_order_of_states(seed: int, rules: RoomVersion) -> None:
    """Rooms v2 §Algorithm: the resolution is of a set of states; their order and repetition change nothing."""
    room = random_room(seed, rules)
    states = random_states(seed, room)
    resolved = room.resolved(states)
    Random(seed).shuffle(states)
    assert resolved == room.resolved(states)
    assert resolved == room.resolved([*states, states[0]])


@drawn(30)
@given(_SEEDS, _VERSIONS)
def test_states_do_not_depend_on_the_order_of_arrival(seed: int, rules: RoomVersion) -> None:
    """Servers that hear of a room's events in different orders know the same state after each of them."""
    room = random_room(seed, rules)
    assert {event_id: room.state_after[name] for event_id, name in room.names.items()} == _heard(room, Random(seed))


def _heard(room: RoomBuilder, random: Random) -> dict[str, dict[StateKey, str]]:
    """Return the states that a server computes that hears of the events in an order of its own."""
    known: dict[str, Pdu] = {}
    states: dict[str, dict[StateKey, str]] = {}

    def fetch(event_ids: Collection[str]) -> dict[str, Pdu]:
        return {one: known[one] for one in event_ids}  # what was not heard of is not asked for either

    while len(known) < len(room.events):
        free = [
            event
            for event in room.events.values()
            if event.event_id not in known and known.keys() >= {*event.prev_event_ids, *event.auth_event_ids}
        ]
        event = known.setdefault((chosen := random.choice(free)).event_id, chosen)
        previous = [states[one] for one in event.prev_event_ids]
        random.shuffle(previous)
        state = resolve(previous, room.rules, fetch)
        if event.state_key is not None:
            state[event.type, event.state_key] = event.event_id
        states[event.event_id] = state
    return states


@drawn(30)
@given(_SEEDS, _VERSIONS)
def test_resolution_of_equal_states_is_that_state(seed: int, rules: RoomVersion) -> None:
    """Resolution is the identity on states that agree, and so on what it returned itself."""
    room = random_room(seed, rules)
    states = random_states(seed, room)
    for state in [*states, room.resolved(states)]:
        assert state == room.resolved([state]) == room.resolved([state, dict(state), state])


@drawn(30)
@given(_SEEDS, _VERSIONS)
def test_resolution_invents_nothing(seed: int, rules: RoomVersion) -> None:
    """Each event of the result is of the states or their auth chains, at its own key; what all agree on stays."""
    room = random_room(seed, rules)
    states = random_states(seed, room)
    known = {event_id for state in states for event_id in state.values()}
    pending = list(known)
    while pending:
        further = [one for one in room.events[pending.pop()].auth_event_ids if one not in known]
        known.update(further)
        pending.extend(further)
    resolved = room.resolved(states)
    assert known >= set(resolved.values())
    assert all(key == (event.type, event.state_key) for key, event in room.pdus(resolved).items())
    agreed = set.intersection(*(set(state.items()) for state in states))
    assert agreed <= set(resolved.items())


def test_resolution_of_nothing_is_nothing() -> None:
    """A room without any state has none."""
    assert resolve([], ROOM_VERSIONS["12"], lambda _: {}) == {}


def test_resolution_fetches_only_what_conflicts_stand_on() -> None:
    """Members on whom all states agree are not fetched where a topic is in conflict."""
    room = RoomBuilder(ROOM_VERSIONS["12"])
    room.add(Entry("create", "m.room.create", user_id("alice"), {}, ""))
    room.add(Entry("ja", "m.room.member", user_id("alice"), {"membership": "join"}, user_id("alice"), ("create",)))
    room.add(Entry("jr", "m.room.join_rules", user_id("alice"), {"join_rule": "public"}, "", ("ja",)))
    last = "jr"
    for number in range(20):
        member = user_id(f"user{number}")
        room.add(Entry(f"j{number}", "m.room.member", member, {"membership": "join"}, member, (last,)))
        last = f"j{number}"
    for name in ("one", "two"):
        room.add(Entry(name, "m.room.topic", user_id("alice"), {"topic": name}, "", (last,)))
    fetched: set[str] = set()

    def fetch(event_ids: Collection[str]) -> dict[str, Pdu]:
        fetched.update(event_ids)
        return room.fetch(event_ids)

    states = [room.state_after["one"], room.state_after["two"]]
    assert room.named["two"].event_id == resolve(states, room.rules, fetch)["m.room.topic", ""]
    assert fetched == {"$create", "$ja", "$one", "$two"}


def test_resolution_ends_where_auth_events_go_in_circles() -> None:
    """Servers make up the ids of version 2 themselves, and so may have power levels authorise each other."""
    room = RoomBuilder(ROOM_VERSIONS["2"])
    alice = user_id("alice")
    room.add(Entry("create", "m.room.create", alice, {}, ""))
    room.add(Entry("ja", "m.room.member", alice, {"membership": "join"}, alice, ("create",)))
    for name in ("pl", "other"):
        room.add(Entry(name, "m.room.power_levels", alice, {"users": {alice: 100}}, "", ("ja",)))
    for name in ("one", "two"):
        room.add(Entry(name, "m.room.topic", alice, {"topic": name}, "", ("other",)))
    pl, other = room.named["pl"], room.named["other"]
    room.events[pl.event_id] = replace(pl, auth_event_ids=(*pl.auth_event_ids, other.event_id))
    room.events[other.event_id] = replace(other, auth_event_ids=(*other.auth_event_ids, pl.event_id))
    states = [{**room.state_after["ja"], ("m.room.topic", ""): room.named[name].event_id} for name in ("one", "two")]
    assert room.named["two"].event_id == room.resolved(states)["m.room.topic", ""]
    assert room.resolved([room.state_after["pl"], room.state_after["other"]])


def test_resolution_fetches_the_mainline_an_event_at_a_time() -> None:
    """Who stores events is asked once for all that an m.room.power_levels refers to."""
    room = RoomBuilder(ROOM_VERSIONS["11"])
    alice, length = user_id("alice"), 20
    room.add(Entry("create", "m.room.create", alice, {}, ""))
    room.add(Entry("j0", "m.room.member", alice, {"membership": "join"}, alice, ("create",)))
    for number in range(1, length):
        room.add(
            Entry(
                f"p{number}",
                "m.room.power_levels",
                alice,
                {"ban": number, "users": {alice: 100}},
                "",
                (f"j{number - 1}",),
            )
        )
        room.add(Entry(f"j{number}", "m.room.member", alice, {"membership": "join"}, alice, (f"p{number}",)))
    asked = 0

    def fetch(event_ids: Collection[str]) -> dict[str, Pdu]:
        nonlocal asked
        asked += 1
        return room.fetch(event_ids)

    states = []
    for name in ("one", "two"):
        cited = ("create", "j1", "p1")
        room.add(Entry(name, "m.room.topic", alice, {"topic": name}, "", (f"j{length - 1}",), auth=cited))
        states.append(room.state_after[name])
    assert room.named["two"].event_id == resolve(states, room.rules, fetch)["m.room.topic", ""]
    assert length + 5 > asked


def test_resolution_of_version_1_shows_rules_only_what_they_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each conflict is decided by a handful of events; by copies of all the state the work would be its square."""
    room, alice = RoomBuilder(ROOM_VERSIONS["1"]), user_id("alice")
    room.add(Entry("create", "m.room.create", alice, {}, ""))
    room.add(Entry("ja", "m.room.member", alice, {"membership": "join"}, alice, ("create",)))
    room.add(Entry("jr", "m.room.join_rules", alice, {"join_rule": "public"}, "", ("ja",)))
    members = [user_id(f"user{number}") for number in range(30)]
    last = "jr"
    for member in members:
        room.add(Entry(member, "m.room.member", member, {"membership": "join"}, member, (last,)))
        last = member
    forks = {"one": last, "two": last}
    for number, member in enumerate(members):
        for fork, after in forks.items():
            content: JsonObject = {"membership": "invite", "reason": fork}
            name = forks[fork] = f"{fork}{number}"
            room.add(Entry(name, "m.room.member", member, content, user_id(f"guest{number}"), (after,)))
    sizes: list[int] = []

    def authorise_small(event: Pdu, state: Mapping[StateKey, Pdu]) -> Authorisation:
        sizes.append(len(state))
        return authorise(event, state)

    monkeypatch.setattr(version_1, "authorise", authorise_small)
    assert len(room.state_after[forks["one"]]) == len(room.resolved([room.state_after[one] for one in forks.values()]))
    assert 30 == len(sizes)
    assert max(sizes) < 8
