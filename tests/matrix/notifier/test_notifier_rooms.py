"""How a room should be, and what brings it there."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import pytest

from scop.base import LocalProtocolError
from scop.matrix.api.client_server.create_room import CreateRoom, CreateRoomResponse
from scop.matrix.api.client_server.directory import GetRoomIdByAlias, GetRoomIdByAliasResponse
from scop.matrix.api.client_server.events import ClientEvent
from scop.matrix.api.client_server.joining import JoinRoom, JoinRoomResponse
from scop.matrix.api.client_server.room_state import SetRoomStateWithKey, SetRoomStateWithKeyResponse
from scop.matrix.api.client_server.rooms import GetRoomState, GetRoomStateResponse
from scop.matrix.api.errors import MatrixError
from scop.matrix.json_values import JsonObject
from scop.matrix.notifier import Room, creation, upkeep
from scop.matrix.notifier.preparing import prepare_room
from scop.matrix.notifier.rooms import StateOfRoom, Upkeep
from scop.matrix.steps import Needed, run

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


@dataclass
class FakeRoomServer:
    """Answers the steps that prepare a room; `made` are the rooms by alias."""

    aliases: dict[str, str] = field(default_factory=dict)
    state: dict[str, JsonObject] = field(default_factory=dict)
    creator: str = BOT
    forbidden: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)

    def answer(self, needed: Needed) -> object:
        """Answer one request."""
        self.asked.append(type(needed).__name__)
        if isinstance(needed, GetRoomIdByAlias):
            if needed.room_alias not in self.aliases:
                raise MatrixError(404, "M_NOT_FOUND", "no such alias", {}, None)
            return GetRoomIdByAliasResponse(room_id=self.aliases[needed.room_alias])
        if isinstance(needed, CreateRoom):
            self.aliases[f"#{needed.room_alias_name}:example.org"] = "!made:example.org"
            return CreateRoomResponse(room_id="!made:example.org")
        if isinstance(needed, JoinRoom):
            return JoinRoomResponse(room_id=needed.room_id_or_alias)
        if isinstance(needed, GetRoomState):
            kept: dict[str, JsonObject] = {"m.room.create": {}, **self.state}
            return GetRoomStateResponse(events=tuple(self._event(*each) for each in kept.items()))
        assert isinstance(needed, SetRoomStateWithKey)
        if needed.event_type in self.forbidden:
            raise MatrixError(403, "M_FORBIDDEN", "no power", {}, None)
        self.state[needed.event_type] = needed.content
        return SetRoomStateWithKeyResponse(event_id="$s")

    def _event(self, kind: str, content: JsonObject) -> ClientEvent:
        json = {"type": kind, "state_key": "", "sender": self.creator, "content": content, "event_id": "$1",
                "origin_server_ts": 1, "room_id": "!made:example.org"}  # fmt: skip
        return msgspec.convert(json, ClientEvent)


def test_room_is_made_once_and_found_again() -> None:
    """The first time it is made, later it is found by its alias, and its state is in step at once."""
    server = FakeRoomServer()
    for _ in range(2):
        assert "!made:example.org" == run(prepare_room(ROOM, BOT), server.answer)
    assert 1 == server.asked.count("CreateRoom")
    assert 3 == server.asked.count("SetRoomStateWithKey")
    assert 50 == server.state["m.room.power_levels"]["events_default"]


def test_room_whose_making_lost_its_answer_is_found() -> None:
    """An alias that is in use by the time it is asked for is looked up again."""
    server = FakeRoomServer()

    def answer(needed: Needed) -> object:
        made = server.answer(needed)
        if isinstance(needed, CreateRoom):
            raise MatrixError(400, "M_ROOM_IN_USE", "taken", {}, None)
        return made

    assert "!made:example.org" == run(prepare_room(ROOM, BOT), answer)


def test_room_of_another_server_is_never_made_here() -> None:
    """An alias of another server that leads nowhere is a mistake, not a room with a like name."""
    with pytest.raises(LocalProtocolError, match="only its own server"):
        run(prepare_room(Room(room="#ci:elsewhere.example"), BOT), FakeRoomServer().answer)


def test_room_of_others_is_posted_to_without_power() -> None:
    """Who may not set the name posts all the same; who may not encrypt where that is wanted does not."""
    server = FakeRoomServer({"#ci:example.org": "!team:example.org"}, creator="@other:example.org")
    server.forbidden = ("m.room.name", "m.room.topic", "m.room.encryption")
    assert "!team:example.org" == run(prepare_room(ROOM, BOT), server.answer)
    assert {} == server.state
    with pytest.raises(MatrixError):
        run(prepare_room(Room(room="#ci:example.org", encrypted=True), BOT), server.answer)


def test_upkeep_keeps_name_and_topic_and_levels_in_step_and_then_rests() -> None:
    """What differs is set once; in step nothing is done, in rooms with creators among the users and without."""
    for users in ({BOT: 100}, {}):  # rooms/v12 lists no creator
        levels = {"users": users, "events": {"m.room.name": 50}, "events_default": 0}
        state: StateOfRoom = {("m.room.power_levels", ""): levels, ("m.room.name", ""): {"name": "Old"}}
        changes = upkeep(ROOM, state, is_ours=True)
        assert ["m.room.name", "m.room.topic", "m.room.power_levels"] == [each.kind for each in changes]
        settled = after(state, changes)
        assert {
            "users": {**users, "@ops:example.org": 100},
            "events": {"m.room.name": 50, "m.reaction": 0, "m.room.redaction": 0},
            "events_default": 50,
        } == settled["m.room.power_levels", ""]
        assert () == upkeep(ROOM, settled, is_ours=True)


def test_upkeep_leaves_alone_what_nothing_is_said_of() -> None:
    """Without a name and a topic in the configuration people may call the room as they like."""
    kinds = [each.kind for each in upkeep(Room(room="!a:example.org"), {}, is_ours=True)]
    assert ["m.room.power_levels"] == kinds


def test_upkeep_encrypts_a_room_that_is_not() -> None:
    """It can be turned on later, and is never turned off."""
    assert "m.room.encryption" in [each.kind for each in upkeep(Room(room="#a:b", encrypted=True), {}, is_ours=False)]
    state: StateOfRoom = {("m.room.encryption", ""): {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_ms": 1}}
    assert () == upkeep(Room(room="#a:b"), state, is_ours=False)


def test_upkeep_lets_people_write_in_their_own_room() -> None:
    """In a room that others have made, and in one that is open, nobody is silenced."""
    assert () == upkeep(Room(room="#team:example.org"), {}, is_ours=False)
    (levels,) = upkeep(Room(room="#a:b", open=True), {}, is_ours=True)
    assert 0 == levels.content["events_default"]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"room": "ci"}, "room: "),
        ({"room": "#ci"}, "room: "),
        ({"room": "#ci:exa mple"}, "room: "),
        ({"room": "!"}, "room: "),
        ({"invite": ("alice",)}, "invite: "),
        ({"admins": ("@alice",)}, "admins: "),
        ({"admins": ("@alice:",)}, "admins: "),
        ({"mention": ("@alice:exa/mple",)}, "mention: "),
        ({"mention": ("everybody",)}, "mention: "),
    ],
)
def test_room_names_the_key_that_is_wrong(wrong: dict[str, object], named: str) -> None:
    """A slip is found when it is read, not when somebody should have been called."""
    with pytest.raises(ValueError, match=named):
        Room(**{"room": "#ci:example.org", **wrong})  # type: ignore[arg-type]  # of each its own
