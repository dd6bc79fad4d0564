"""What a sync makes of rooms and of who is in them."""

from __future__ import annotations

import pytest

from fakes.synced_world import World, bodies, state_of
from scop.matrix.api.client_server.rooms import GetMembersByRoom
from scop.matrix.api.client_server.sync import Sync
from scop.matrix.client.happenings import (
    InvitedTo,
    JoinedRoom,
    KnockedOn,
    LeftRoom,
    MembershipChanged,
    Redacted,
)
from scop.matrix.steps import Shelf


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
