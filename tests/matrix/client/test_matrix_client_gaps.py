"""However much was said while nobody listened, a client knows it in the end."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from fakes.homeserver import Broken, refusal
from fakes.synced_world import World, bodies
from scop.matrix.api.client_server.message_pagination import GetRoomEvents
from scop.matrix.api.errors import MatrixError
from scop.matrix.client import ClientOptions
from scop.matrix.client.happenings import (
    StateChanged,
    TimelineGap,
)
from scop.matrix.steps import Keep, Needed


@pytest.mark.parametrize("missed", [1, 5, 6, 9, 10, 13, 40])
def test_sync_fills_a_limited_timeline(missed: int) -> None:
    """However much was said while nobody listened, all of it comes, in order, once."""
    world = World()
    world.sync()
    said = [f"message {number}" for number in range(missed)]
    world.say(*said)
    assert world.heard() == said
    world.say("after")
    assert world.heard() == ["after"]


def test_sync_fills_across_a_restart() -> None:
    """What is known to end the filling of a gap is known after a restart too."""
    world = World()
    world.sync()
    world.say("before")
    world.sync()
    said = [f"message {number}" for number in range(20)]
    world.say(*said)
    world.restart()
    assert world.heard() == said


def test_sync_fills_where_no_event_of_the_room_is_known() -> None:
    """A room whose timeline was empty is filled up to where the last sync ended."""
    world = World()
    world.sync()
    room = world.client.rooms[world.room]
    object.__setattr__(room, "head", type(room.head)(membership="join"))
    world.say(*[f"message {number}" for number in range(12)])
    assert world.heard() == [f"message {number}" for number in range(12)]


def test_sync_says_where_more_is_missing_than_it_fetches() -> None:
    """A gap beyond the limit is told of, before the newest of it, with the token for the rest."""
    world = World()
    world.sync()
    said = [f"message {number}" for number in range(30)]
    world.say(*said)
    world.restart(ClientOptions(encrypts=False, timeline_limit=5, fill_page=4, fill_limit=8))
    told = world.sync()
    gap = next(one for one in told if isinstance(one, TimelineGap))
    assert bodies(told) == said[-13:]
    page = world.desk.run(world.client.history.page(world.room, gap.from_token, 100))
    older = [one.event.body for one in page.events if one.event.type == "m.room.message"]
    assert list(reversed(older)) == said[:-13]


def test_sync_tells_of_a_gap_that_the_server_does_not_show() -> None:
    """A gap that may not be read is a TimelineGap, and no end of syncing."""
    world = World()
    world.sync()

    def refuse(_device: object, _request: object) -> dict[str, object]:
        raise refusal(403, "M_FORBIDDEN")

    world.server.answers[GetRoomEvents] = refuse
    world.say(*[f"message {number}" for number in range(9)])
    told = world.sync()
    assert [TimelineGap(world.room, next(one.from_token for one in told if isinstance(one, TimelineGap)))] == [
        one for one in told if isinstance(one, TimelineGap)
    ]
    assert bodies(told) == [f"message {number}" for number in range(4, 9)]


def test_sync_that_breaks_off_while_it_fills_is_asked_for_again() -> None:
    """A fault between a sync and the rest of its timeline changes nothing."""
    world = World()
    world.sync()
    said = [f"message {number}" for number in range(12)]
    world.say(*said)
    faults = [Broken(), refusal(502, "M_UNKNOWN")]

    def break_off(needed: Needed) -> None:
        if isinstance(needed, GetRoomEvents) and faults:
            raise faults.pop()

    world.desk.before.append(break_off)
    for fault in (MatrixError, Broken):
        with pytest.raises(fault):
            world.sync()
    assert world.heard() == said


def test_sync_whose_changes_cannot_be_kept_keeps_them_before_it_goes_on() -> None:
    """When the disk fails nothing is told, and later all of it, once."""
    world = World()
    world.sync()
    world.rooms.put_state(world.room, world.bob, "m.room.name", {"name": "Harbour"})
    world.say("one")
    faults = [Broken()]

    def full(needed: Needed) -> None:
        if isinstance(needed, Keep) and faults:
            raise faults.pop()

    world.desk.before.append(full)
    with pytest.raises(Broken):
        world.sync()
    assert world.heard() == ["one"]
    world.say("two")
    world.restart()
    assert world.heard() == ["two"]
    assert world.client.rooms[world.room].name == "Harbour"


@pytest.mark.parametrize("has_state_after", [True, False])
def test_sync_knows_the_state_of_a_gap(has_state_after: bool) -> None:
    """State that changed within a gap is known, by servers with and without state_after."""
    world = World()
    world.server.has_state_after = has_state_after
    world.sync()
    world.rooms.put_state(world.room, world.bob, "m.room.topic", {"topic": "old"})
    world.rooms.put_state(world.room, world.bob, "m.room.name", {"name": "Harbour"})
    world.say(*[f"message {number}" for number in range(10)])
    world.rooms.put_state(world.room, world.bob, "m.room.topic", {"topic": "new"})
    changes = [one for one in world.sync() if isinstance(one, StateChanged)]
    assert world.client.rooms[world.room].name == "Harbour"
    assert world.client.rooms[world.room].topic == "new"
    assert [one.event.content for one in changes if one.event.type == "m.room.topic"][-1] == {"topic": "new"}


_ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(1, 9)),
        st.tuples(st.just("topic"), st.text(max_size=5)),
        st.tuples(st.just("member"), st.sampled_from(["join", "leave", "invite", "ban"])),
        st.just(("sync",)),
        st.just(("restart",)),
    ),
    max_size=14,
)


@drawn(25)
@given(acts=_ACTS, has_state_after=st.booleans())
def test_sync_ends_with_the_state_of_the_server(acts: list[tuple[object, ...]], has_state_after: bool) -> None:
    """Whatever happens between syncs and restarts: each message is told once, and the state is the server's."""
    world = World()
    world.server.has_state_after = has_state_after
    world.sync()
    told: list[str] = []
    for number, act in enumerate(acts):
        if act[0] == "say":
            world.say(*[f"{number}.{one}" for one in range(int(str(act[1])))])
        elif act[0] == "topic":
            world.rooms.put_state(world.room, world.bob, "m.room.topic", {"topic": act[1]})
        elif act[0] == "member":
            world.rooms.set_membership(world.room, world.bob, "@carol:example.org", str(act[1]))
        elif act[0] == "sync":
            told += world.heard()
        else:
            world.restart()
    told += world.heard()
    world.restart()
    assert told == world.rooms.bodies(world.room)
    wanted = world.rooms.rooms[world.room].state_at(world.rooms.position)
    known = {(event.type, event.state_key): event.content for event in world.client.rooms[world.room].all_state()}
    lazy = {("m.room.member", "@carol:example.org"), ("m.room.member", world.bob)}
    assert {key: event["content"] for key, event in wanted.items() if key not in lazy} == {
        key: content for key, content in known.items() if key not in lazy
    }


def _run_with_end_at(number: int, *, is_done: bool) -> tuple[World, list[str], bool]:
    """Listen twice, the process ending at the step of that number; return what was told, and whether it was a Keep."""
    world = World()
    told, steps, ended_at_keep = [], Counter[str](), False

    def end(needed: Needed) -> None:
        nonlocal ended_at_keep
        steps["all"] += 1
        if steps["all"] == number:
            ended_at_keep = isinstance(needed, Keep)
            raise Broken

    (world.desk.after if is_done else world.desk.before).append(end)
    for turn in range(3):
        world.say(*[f"{turn}.{one}" for one in range(8)])
        world.rooms.put_state(world.room, world.bob, "m.room.topic", {"topic": str(turn)})
        try:
            told += world.heard()
        except Broken:
            world.restart()
            told += world.heard()
    return world, told, ended_at_keep


@pytest.mark.parametrize("number", range(1, 14))
def test_sync_survives_an_end_before_any_step(number: int) -> None:
    """Wherever the process ends before something is done, the next one tells all that was not told, once."""
    world, told, _ = _run_with_end_at(number, is_done=False)
    first = told.index("1.0")
    assert told[first:] == [body for body in world.rooms.bodies(world.room) if body[0] != "0"]
    assert world.client.rooms[world.room].topic == "2"


@pytest.mark.parametrize("number", range(1, 14))
def test_sync_survives_an_end_after_any_step(number: int) -> None:
    """Wherever the process ends after something was done, nothing is told twice; lost is only what was just kept."""
    world, told, ended_at_keep = _run_with_end_at(number, is_done=True)
    assert max(Counter(told).values()) == 1
    if not ended_at_keep:
        assert told[-16:] == world.rooms.bodies(world.room)[-16:]
    assert world.client.rooms[world.room].topic == "2"
