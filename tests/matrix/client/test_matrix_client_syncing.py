"""A client knows what happened, once, whatever ends in between."""

from __future__ import annotations

import pytest

from fakes.homeserver import Broken, Counting, Desk, refusal
from fakes.synced_world import SMALL, World, bodies
from scop.matrix.api.client_server.sync import Sync
from scop.matrix.api.errors import MatrixError
from scop.matrix.client import ClientOptions
from scop.matrix.client.happenings import (
    AccountDataChanged,
    Happening,
    InvitedTo,
    PresenceChanged,
    ReceiptsMoved,
    RoomEvent,
    TypingChanged,
)
from scop.matrix.steps import Shelf, Steps


def test_sync_tells_what_was_said_in_order() -> None:
    """What was said comes as it was said."""
    world = World()
    world.sync()
    world.say("one", "two", "three")
    assert world.heard() == ["one", "two", "three"]


def test_sync_goes_on_after_a_restart_where_it_was() -> None:
    """A new client of what was kept tells nothing twice and leaves nothing out."""
    world = World()
    world.sync()
    world.say("one")
    assert world.heard() == ["one"]
    world.say("two")
    world.restart()
    assert world.heard() == ["two"]
    assert isinstance(world.server.asked[-1], Sync)
    assert world.client.rooms[world.room].membership == "join"


def test_sync_keeps_what_changed_and_how_far_was_read_together() -> None:
    """What a sync changes and its next_batch are one change of what is durable."""
    world = World()
    world.sync()
    world.say("one")
    before = len(world.desk.keeps)
    world.sync()
    kept = world.desk.keeps[before:]
    assert len(kept) == 1
    assert {Shelf.ROOM, Shelf.SYNC} == {change.shelf for change in kept[0]}


def test_sync_that_brings_nothing_writes_nothing() -> None:
    """Processes that share an account load it again when another wrote: what stays as it is is no reason for that."""
    world = World()
    world.sync()
    world.sync()
    before = len(world.desk.keeps)
    world.sync()
    assert before == len(world.desk.keeps)


def test_sync_hides_the_words_of_those_we_ignore() -> None:
    """What an ignored user says is not told; what they change is."""
    world = World()
    world.sync()
    world.desk.run(world.client.notes.ignore(world.bob))
    world.sync()
    world.say("hello")
    world.rooms.put_state(world.room, world.bob, "m.room.topic", {"topic": "sea"})
    assert world.heard() == []
    assert world.client.rooms[world.room].topic == "sea"
    world.desk.run(world.client.notes.heed(world.bob))
    world.sync()
    world.say("hello again")
    assert world.heard() == ["hello again"]


def test_sync_keeps_account_data() -> None:
    """What we keep at our homeserver is told of, and known after a restart, of rooms too."""
    world = World()
    world.sync()
    world.desk.run(world.client.notes.put("org.example", {"a": 1}))
    world.desk.run(world.client.notes.put("m.tag", {"tags": {"u.sea": {"order": 0.5}}}, world.room))
    told = world.sync()
    assert AccountDataChanged(None, "org.example", {"a": 1}) in told
    world.restart()
    assert world.client.notes.known("org.example") == {"a": 1}
    assert world.client.rooms[world.room].tags == {"u.sea": {"order": 0.5}}


def test_sync_tells_who_types_and_who_has_read() -> None:
    """Ephemeral events become happenings and are known of the room."""
    world = World()
    world.sync()
    answer = world.server.answers[Sync]

    def with_ephemeral(device: object, request: object) -> dict[str, object]:
        said = answer(device, request)
        assert isinstance(said, dict)
        ephemeral = [
            {"type": "m.typing", "content": {"user_ids": [world.bob, 7]}},
            {"type": "m.receipt", "content": {"$event1": {"m.read": {world.bob: {"ts": 5, "thread_id": "main"}}}}},
            {"type": "m.receipt", "content": {"$event1": 3}},
        ]
        said["rooms"] = {"join": {world.room: {"ephemeral": {"events": ephemeral}}}}
        return said

    world.server.answers[Sync] = with_ephemeral
    told = world.sync()
    assert [TypingChanged(world.room, (world.bob,))] == [one for one in told if isinstance(one, TypingChanged)]
    moved = next(one for one in told if isinstance(one, ReceiptsMoved))
    assert ("$event1", "m.read", "main", 5) == (
        moved.receipts[0].event_id,
        moved.receipts[0].kind,
        moved.receipts[0].thread_id,
        moved.receipts[0].unix_ms,
    )
    assert world.client.rooms[world.room].typing == (world.bob,)


def test_sync_makes_its_filter_once() -> None:
    """The filter is uploaded once, and again when our options change or the server knows it no longer."""
    world = World()
    world.sync()
    world.sync()
    world.restart()
    world.sync()
    assert len(world.server.filters) == 1
    other = ClientOptions(encrypts=False, timeline_limit=9)
    world.restart(other)
    world.sync()
    assert len(world.server.filters) == 2
    for options in (SMALL, other, SMALL, other):  # programs that take turns
        world.restart(options)
        world.sync()
    assert len(world.server.filters) == 2
    answer = world.server.answers[Sync]

    def forgot(_device: object, _request: object) -> dict[str, object]:
        raise refusal(400, "M_INVALID_PARAM")

    world.server.answers[Sync] = forgot
    with pytest.raises(MatrixError):
        world.sync()
    world.server.answers[Sync] = answer
    world.sync()
    assert len(world.server.filters) == 3


def test_two_clients_of_one_account_do_not_disturb_each_other() -> None:
    """Each device reads for itself, and knows its own transactions alone."""
    world = World()
    other = Desk(world.server, Counting(1 << 32))
    client = other.client(SMALL)
    other.run(client.login_with_password(world.server.url, "alice", "secret"))
    world.sync()
    other.run(client.sync())
    world.desk.run(world.client.send_text(world.room, "from one"))
    assert world.heard() == ["from one"]
    assert bodies(other.run(client.sync())) == ["from one"]


def test_sync_says_what_our_push_rules_want() -> None:
    """Events are judged by the rules that the last sync brought, from the first event after them on."""
    world = World()
    world.sync()
    world.say("one")
    assert [True] == [one.notifies for one in world.sync() if isinstance(one, RoomEvent)]
    rule = {"rule_id": "mine", "pattern": "sea", "enabled": True, "default": False}
    actions = ["notify", {"set_tweak": "highlight"}]
    world.server.put_account_data(
        world.alice, "", "m.push_rules", {"global": {"content": [{**rule, "actions": actions}]}}
    )
    world.say("the sea", "the land")
    told = [one for one in world.sync() if isinstance(one, RoomEvent)]
    assert [(True, True), (False, False)] == [(one.notifies, one.is_highlight) for one in told]
    world.restart()
    world.say("sea again")
    assert [True] == [one.is_highlight for one in world.sync() if isinstance(one, RoomEvent)]
    world.desk.run(world.client.send_text(world.room, "sea"))
    assert [False] == [one.notifies for one in world.sync() if isinstance(one, RoomEvent)]


def test_sync_tells_who_is_there() -> None:
    """Presence is told and known; what is none is passed over."""
    world = World()
    world.server.answers[Sync] = lambda _device, _request: {
        "next_batch": "s1",
        "presence": {
            "events": [
                {
                    "type": "m.presence",
                    "sender": world.bob,
                    "content": {
                        "presence": "online",
                        "last_active_ago": 5,
                        "currently_active": True,
                        "status_msg": "hi",
                    },
                },
                {"type": "m.presence", "content": {"presence": "online"}},
                {"type": "m.presence", "sender": world.bob, "content": {}},
            ]
        },
    }
    told = world.sync()
    assert (PresenceChanged(world.bob, "online", "hi", True, 5),) == told
    assert told[0] == world.client.presence.known(world.bob)


class _Follower:
    """Counts what it is shown, and breaks off when it is told to."""

    def __init__(self, *, breaks_at_once: bool = False) -> None:
        self.seen: list[str] = []
        self.breaks = [True] if breaks_at_once else [False, True]

    def follow(self, happening: Happening) -> Steps[tuple[str, ...]]:
        yield from ()
        if self.breaks and self.breaks.pop(0):
            raise Broken
        words = bodies((happening,))
        self.seen += words
        return tuple(words)

    def upkeep(self) -> Steps[tuple[str, ...]]:
        yield from ()
        if len(self.seen) == 3:
            self.seen.append("upkeep")
            raise Broken
        return ("kept up",)


def test_sync_goes_on_where_a_follower_broke_off() -> None:
    """Each happening is followed once to its end and told once, whatever breaks off in between."""
    world = World()
    world.sync()
    world.say("one", "two", "three")
    follower = _Follower()
    for _ in range(2):
        with pytest.raises(Broken):
            world.desk.run(world.client.sync_with(follower))
    told = world.desk.run(world.client.sync_with(follower))
    assert ["one", "two", "three", "upkeep"] == follower.seen
    assert ["one", "two", "three", "kept up"] == [one for one in told if isinstance(one, str)]
    assert ["one", "two", "three"] == bodies(tuple(one for one in told if not isinstance(one, str)))
    assert 2 == sum(isinstance(one, Sync) for one in world.server.asked)


def test_sync_that_ends_while_it_is_followed_is_told_by_the_next_process() -> None:
    """Nothing is durable as read before it was followed: a new process follows and tells all of it."""
    world = World()
    world.sync()
    other = world.rooms.make(world.bob)
    world.rooms.set_membership(other, world.bob, world.alice, "invite")
    world.say("one", "two")
    with pytest.raises(Broken):
        world.desk.run(world.client.sync_with(_Follower()))
    world.restart()
    told = world.sync()
    assert ["one", "two"] == bodies(told)
    assert InvitedTo(other, world.bob) in told


def test_members_that_are_fetched_while_a_sync_is_taken_in_lose_nothing() -> None:
    """What is kept of a room in between is durable with the sync and not before it."""
    world = World()
    world.sync()
    world.say("one")
    with pytest.raises(Broken):
        world.desk.run(world.client.sync_with(_Follower(breaks_at_once=True)))
    world.desk.run(world.client.loading.members(world.room))
    world.restart()
    assert ["one"] == world.heard()
