"""How a room should be, and what brings it there."""

from __future__ import annotations

import pytest

from scop.matrix.notifier import Room, creation, upkeep
from scop.matrix.notifier.rooms import StateOfRoom, Upkeep

BOT = "@bot:example.org"
ROOM = Room(room="#ci:example.org", name="CI", topic="What builds say", admins=("@ops:example.org",))


def after(state: StateOfRoom, changes: tuple[Upkeep, ...]) -> StateOfRoom:
    """Return the state of a room once changes are set."""
    return {**state, **{(each.kind, ""): each.content for each in changes}}


def test_room_is_created_so_that_only_the_bot_posts() -> None:
    """The level to post is above that of those who come, in every version of rooms."""
    body = creation(ROOM)
    assert {"events_default": 50} == body["power_level_content_override"]
    assert ("ci", "CI", ["@ops:example.org"]) == (body["room_alias_name"], body["name"], body["invite"])


def test_room_is_encrypted_from_its_first_event_if_wanted() -> None:
    """Encryption is part of the initial state."""
    body = creation(Room(room="#ci:example.org", encrypted=True))
    initial = body["initial_state"]
    assert isinstance(initial, list)
    assert "m.room.encryption" in [event["type"] for event in initial]


def test_upkeep_keeps_name_and_topic_and_levels_in_step_and_then_rests() -> None:
    """What differs is set once; in step nothing is done, in rooms with creators among the users and without."""
    for users in ({BOT: 100}, {}):  # rooms/v12 lists no creator
        levels = {"users": users, "events": {"m.room.name": 50}, "events_default": 0}
        state: StateOfRoom = {("m.room.power_levels", ""): levels, ("m.room.name", ""): {"name": "Old"}}
        changes = upkeep(ROOM, state)
        assert ["m.room.name", "m.room.topic", "m.room.power_levels"] == [each.kind for each in changes]
        settled = after(state, changes)
        assert {
            "users": {**users, "@ops:example.org": 100},
            "events": {"m.room.name": 50, "m.reaction": 0, "m.room.redaction": 0},
            "events_default": 50,
        } == settled["m.room.power_levels", ""]
        assert () == upkeep(ROOM, settled)


def test_upkeep_leaves_alone_what_nothing_is_said_of() -> None:
    """Without a name and a topic in the configuration people may call the room as they like."""
    kinds = [each.kind for each in upkeep(Room(room="!a:example.org"), {})]
    assert ["m.room.power_levels"] == kinds


def test_upkeep_encrypts_a_room_that_is_not() -> None:
    """It can be turned on later, and is never turned off."""
    assert "m.room.encryption" in [each.kind for each in upkeep(Room(room="#a:b", encrypted=True), {})]
    state: StateOfRoom = {("m.room.encryption", ""): {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_ms": 1}}
    assert ["m.room.power_levels"] == [each.kind for each in upkeep(Room(room="#a:b"), state)]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"room": "ci"}, "room: "),
        ({"room": "#ci"}, "room: "),
        ({"invite": ("alice",)}, "invite: "),
        ({"admins": ("@alice",)}, "admins: "),
        ({"mention": ("everybody",)}, "mention: "),
    ],
)
def test_room_names_the_key_that_is_wrong(wrong: dict[str, object], named: str) -> None:
    """A slip is found when it is read, not when somebody should have been called."""
    with pytest.raises(ValueError, match=named):
        Room(**{"room": "#ci:example.org", **wrong})  # type: ignore[arg-type]  # of each its own
