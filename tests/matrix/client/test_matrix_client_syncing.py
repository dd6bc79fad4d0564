"""A client knows what happened, once, whatever ends in between."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from fakes.homeserver import Broken, Counting, Desk, FakeHomeserver, refusal
from scop.matrix.api.client_server.message_pagination import GetRoomEvents
from scop.matrix.api.client_server.rooms import GetMembersByRoom
from scop.matrix.api.client_server.sync import Sync
from scop.matrix.api.errors import MatrixError
from scop.matrix.client import Client, ClientOptions
from scop.matrix.client.happenings import (
    AccountDataChanged,
    Happening,
    InvitedTo,
    JoinedRoom,
    KnockedOn,
    LeftRoom,
    MembershipChanged,
    PresenceChanged,
    ReceiptsMoved,
    Redacted,
    RoomEvent,
    StateChanged,
    TimelineGap,
    TypingChanged,
)
from scop.matrix.client.room import Room
from scop.matrix.steps import Keep, Needed, Shelf, Steps

_SMALL = ClientOptions(encrypts=False, timeline_limit=5, fill_page=4)


class World:
    """Alice's client, and Bob, who talks."""

    def __init__(self) -> None:
        self.server = FakeHomeserver()
        self.alice, self.bob = self.server.register("alice"), self.server.register("bob")
        self.rooms = self.server.rooms
        self.room = self.rooms.make(self.bob)
        self.rooms.set_membership(self.room, self.bob, self.alice, "join")
        self.desk = Desk(self.server)
        self.client = self.desk.client(_SMALL)
        self.desk.run(self.client.login_with_password(self.server.url, "alice", "secret"))

    def restart(self, options: ClientOptions = _SMALL) -> Client:
        """Begin anew with what was kept."""
        self.client = self.desk.client(options)
        return self.client

    def sync(self) -> tuple[Happening, ...]:
        """Return what is new."""
        return self.desk.run(self.client.sync())

    def say(self, *bodies: str) -> None:
        """Let Bob talk."""
        for body in bodies:
            self.rooms.say(self.room, self.bob, body)

    def heard(self) -> list[str]:
        """Return what a sync says that Bob said."""
        return bodies(self.sync())


def bodies(happenings: tuple[Happening, ...]) -> list[str]:
    """Return the words of messages."""
    events = [one.event for one in happenings if isinstance(one, RoomEvent)]
    return [event.body for event in events if event.type == "m.room.message"]


def state_of(room: Room) -> set[tuple[str, str, str]]:
    """Return which events a room's state is."""
    return {(event.type, event.state_key or "", event.event_id) for event in room.all_state()}


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


def test_sync_keeps_an_invitation_that_came_again() -> None:
    """Who said no and was asked in again between two syncs finds the room in two places of one, and is asked in."""
    world = World()
    other = world.rooms.make(world.bob)
    world.rooms.set_membership(other, world.bob, world.alice, "invite")
    world.sync()
    world.rooms.set_membership(other, world.alice, world.alice, "leave")
    world.rooms.set_membership(other, world.bob, world.alice, "invite")
    assert InvitedTo(other, world.bob) in world.sync()
    assert "invite" == world.client.rooms[other].membership


def test_sync_tells_of_rooms_that_come_and_go() -> None:
    """Being asked in, coming in, being thrown out and asking in are happenings of their own."""
    world = World()
    world.sync()
    other = world.rooms.make(world.bob)
    world.rooms.put_state(other, world.bob, "m.room.name", {"name": "Lagoon"})
    world.rooms.set_membership(other, world.bob, world.alice, "invite", is_direct=True)
    assert InvitedTo(other, world.bob, True) in world.sync()
    assert world.client.rooms[other].name == "Lagoon"
    assert world.client.rooms[other].membership == "invite"
    world.desk.run(world.client.joining.join(other))
    world.say()
    assert JoinedRoom(other) in world.sync()
    assert world.client.rooms[other].powers.of(world.bob) == 100
    world.rooms.set_membership(other, world.bob, world.alice, "ban", reason="storm")
    assert LeftRoom(other, world.bob, "storm", was_banned=True) in world.sync()
    world.rooms.set_membership(other, world.bob, world.alice, "leave")
    world.rooms.set_membership(other, world.alice, world.alice, "knock")
    assert KnockedOn(other) in world.sync()
    world.restart()
    assert world.client.rooms[other].membership == "knock"
    assert world.sync() == ()


def test_sync_discards_stripped_state_when_we_come_in() -> None:
    """What an invite showed is forgotten once the state itself is there."""
    world = World()
    world.sync()
    other = world.rooms.make(world.bob)
    world.rooms.set_membership(other, world.bob, world.alice, "invite")
    world.sync()
    assert world.client.rooms[other].head.is_stripped
    world.desk.run(world.client.joining.join(other))
    world.sync()
    room = world.client.rooms[other]
    assert not room.head.is_stripped
    assert all(event.event_id for event in room.all_state())


def test_sync_tells_of_members() -> None:
    """Who comes and goes is told with what they were before."""
    world = World()
    world.sync()
    world.rooms.set_membership(world.room, world.bob, "@carol:example.org", "join", displayname="Carol")
    world.sync()
    world.rooms.set_membership(world.room, world.bob, "@carol:example.org", "leave")
    told = [one for one in world.sync() if isinstance(one, MembershipChanged)]
    assert [("@carol:example.org", "leave", "join")] == [(one.user_id, one.membership, one.before) for one in told]


def test_sync_does_not_call_old_members_new() -> None:
    """With lazy members, a member's event that comes because they speak is no change."""
    world = World()
    for number in range(10):
        world.rooms.set_membership(world.room, world.bob, f"@guest{number}:example.org", "join")
    world.say(*[f"message {number}" for number in range(10)])
    world.sync()
    world.rooms.say(world.room, "@guest3:example.org", "hello")
    told = world.sync()
    assert not [one for one in told if isinstance(one, MembershipChanged)]
    assert "@guest3:example.org" in world.client.rooms[world.room].members


def test_loading_members_asks_once_for_all_of_them() -> None:
    """All members of a room are fetched when they are needed, and known from then on, after restarts too."""
    world = World()
    for number in range(10):
        world.rooms.set_membership(world.room, world.bob, f"@guest{number}:example.org", "join")
    world.say(*[f"message {number}" for number in range(10)])
    world.sync()
    room = world.desk.run(world.client.loading.members(world.room))
    assert len(room.members.of("join")) == 12
    world.restart()
    assert len(world.desk.run(world.client.loading.members(world.room)).members.of("join")) == 12
    assert sum(isinstance(one, GetMembersByRoom) for one in world.server.asked) == 1


def test_sync_redacts_state() -> None:
    """A redaction takes its content from what is known of the state, and is told of."""
    world = World()
    topic = world.rooms.put_state(world.room, world.bob, "m.room.topic", {"topic": "secret"})
    world.sync()
    world.rooms.put(world.room, world.bob, "m.room.redaction", {"redacts": topic})
    told = world.sync()
    assert [topic] == [one.event_id for one in told if isinstance(one, Redacted)]
    assert world.client.rooms[world.room].topic is None
    world.restart()
    assert world.client.rooms[world.room].topic is None


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
    world.restart(ClientOptions(encrypts=False, timeline_limit=9))
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


def test_sync_passes_over_rooms_whose_ids_are_none() -> None:
    """A room id that cannot be one is not taken in."""
    world = World()
    world.server.answers[Sync] = lambda _device, _request: {
        "next_batch": "s1",
        "rooms": {"join": {"no room": {}, "! blank": {}}, "invite": {"#alias": {}}},
    }
    assert world.sync() == ()
    assert list(world.client.rooms) == []


def test_sync_keeps_a_busy_room_small() -> None:
    """A room is written whole again when its changes are many, and is the same after it."""
    world = World()
    for number in range(80):
        world.rooms.put_state(world.room, world.bob, "m.room.topic", {"topic": str(number)})
        world.sync()
        assert len(world.desk.kept[Shelf.ROOM]) <= 33
    before = state_of(world.client.rooms[world.room])
    world.restart()
    assert state_of(world.client.rooms[world.room]) == before
    assert world.client.rooms[world.room].topic == "79"


def test_two_clients_of_one_account_do_not_disturb_each_other() -> None:
    """Each device reads for itself, and knows its own transactions alone."""
    world = World()
    other = Desk(world.server, Counting(1 << 32))
    client = other.client(_SMALL)
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


@pytest.mark.parametrize("has_state_after", [True, False])
def test_sync_knows_a_room_anew_when_we_come_back(has_state_after: bool) -> None:
    """After leaving and coming back nothing is told twice, and the state is what it is now."""
    world = World()
    world.server.has_state_after = has_state_after
    world.say("one")
    world.rooms.put_state(world.room, world.bob, "m.room.topic", {"topic": "old"})
    assert world.heard() == ["one"]
    world.rooms.set_membership(world.room, world.bob, world.alice, "leave")
    world.sync()
    world.rooms.set_membership(world.room, world.bob, world.alice, "join")
    told = world.sync()
    assert [JoinedRoom(world.room)] == [one for one in told if isinstance(one, JoinedRoom)]
    assert bodies(told) == []
    assert world.client.rooms[world.room].topic == "old"
    world.say(*[f"message {number}" for number in range(9)])
    assert world.heard() == [f"message {number}" for number in range(9)]


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
