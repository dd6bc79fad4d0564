"""What other people, servers and years do to a client: nothing of it may mislead it, or end it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from fakes.homeserver import Counting, Desk, FakeHomeserver, refusal
from fakes.homeserver_keys import FakeDevice
from scop.matrix.api.client_server.keys import UploadKeys
from scop.matrix.api.client_server.message_pagination import GetRoomEvents
from scop.matrix.api.client_server.sync import Sync
from scop.matrix.client import Client, ClientOptions
from scop.matrix.client.happenings import Happening, Redacted, RoomEvent, TimelineGap
from scop.matrix.client.room import Room
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Shelf

_PLAIN = ClientOptions(encrypts=False, timeline_limit=5, fill_page=4)


class World:
    """Alice's client, and Bob, who is in a room with her."""

    def __init__(self, options: ClientOptions = _PLAIN, version: str = "11") -> None:
        self.server = FakeHomeserver()
        self.alice, self.bob = self.server.register("alice"), self.server.register("bob")
        self.rooms = self.server.rooms
        self.room = self.new_room(version)
        self.desk = Desk(self.server, Counting(1 << 60), encrypts=options.encrypts)
        self.options = options
        self.client = self.desk.client(options)
        self.desk.run(self.client.login_with_password(self.server.url, "alice", "secret"))

    def new_room(self, version: str = "11", *, is_encrypted: bool = False) -> str:
        """Make a room of the two."""
        room = self.rooms.make(self.bob, version=version, is_encrypted=is_encrypted)
        self.rooms.set_membership(room, self.bob, self.alice, "join")
        return room

    def restart(self) -> Client:
        """Begin anew with what was kept."""
        self.client = self.desk.client(self.options)
        return self.client

    def sync(self) -> tuple[Happening, ...]:
        """Return what is new."""
        return self.desk.run(self.client.sync())

    @property
    def shown(self) -> Room:
        """The room as Alice's client knows it."""
        return self.client.rooms[self.room]


@pytest.mark.parametrize(("version", "is_taken"), [("10", False), ("11", True)])
def test_redaction_takes_away_what_its_version_says(version: str, is_taken: bool) -> None:
    """Only from version 11 on does the content name what is redacted: the server checked the other place before."""
    world = World(version=version)
    topic = world.rooms.put_state(world.room, world.bob, "m.room.topic", {"topic": "sea"})
    word = world.rooms.say(world.room, world.bob, "hello")
    world.sync()
    world.rooms.put(world.room, world.bob, "m.room.redaction", {"redacts": topic}, redacts=word)
    told = [one.event_id for one in world.sync() if isinstance(one, Redacted)]
    assert ([topic if is_taken else word], None if is_taken else "sea") == (told, world.shown.topic)


def test_redaction_by_those_we_ignore_counts_for_state() -> None:
    """The state of a room is what it is, whomever we ignore (§Ignoring users)."""
    world = World()
    topic = world.rooms.put_state(world.room, world.bob, "m.room.topic", {"topic": "sea"})
    world.desk.run(world.client.notes.ignore(world.bob))
    world.sync()
    world.rooms.put(world.room, world.bob, "m.room.redaction", {"redacts": topic})
    assert ([], None) == ([one for one in world.sync() if isinstance(one, Redacted)], world.shown.topic)


def test_login_after_the_homeserver_moved_keeps_the_device() -> None:
    """It is the user who says whose keys these are, not where the homeserver was."""
    world = World(ClientOptions())
    world.sync()
    before = world.client.session
    assert before is not None
    account = world.desk.kept[Shelf.ACCOUNT]
    session = world.desk.run(world.client.login_with_password("https://new.example.org", world.alice, "secret"))
    assert (before.device_id, "https://new.example.org") == (session.device_id, session.homeserver_url)
    assert account == world.desk.kept[Shelf.ACCOUNT]


def test_login_on_another_homeserver_by_a_name_is_somebody_else() -> None:
    """A name without a server is another user elsewhere."""
    world = World()
    before = world.client.session
    session = world.desk.run(world.client.login_with_password("https://new.example.org", "alice", "secret"))
    assert before is not None
    assert before.device_id != session.device_id


def test_login_publishes_the_keys_of_a_device_that_was_ended() -> None:
    """A device that another of ours logged out, and that logs in again, has its keys at the server again."""
    world = World(ClientOptions())
    world.sync()
    session = world.client.session
    assert session is not None
    del world.server.keys.devices[world.alice, session.device_id]
    world.desk.run(world.client.login_with_password(world.server.url, "alice", "secret"))
    world.server.asked.clear()
    world.sync()
    assert [True] == [one.device_keys is not None for one in world.server.asked if isinstance(one, UploadKeys)]


def test_sync_makes_a_filter_anew_that_the_server_lost() -> None:
    """A server that knows our filter no longer is told it again at once: nobody who listens hears of it."""
    world = World()
    world.sync()
    known = world.server.answers[Sync]
    lost = [refusal(400, "M_INVALID_PARAM")]

    def forgetful(device: object, request: Sync) -> object:
        if lost:
            raise lost.pop()
        return known(device, request)

    world.server.answers[Sync] = forgetful  # type: ignore[assignment]
    world.rooms.say(world.room, world.bob, "hello")
    assert ["hello"] == [one.event.body for one in world.sync() if isinstance(one, RoomEvent)]
    assert 2 == len(world.server.filters)


def test_sync_tells_a_refusal_that_another_filter_does_not_mend() -> None:
    """What the server refuses twice is told, and not asked for ever."""
    world = World()
    world.desk.before.append(_refuses_sync)
    with pytest.raises(Exception, match="M_INVALID_PARAM"):
        world.sync()


def _refuses_sync(needed: object) -> None:
    if isinstance(needed, Sync):
        raise refusal(400, "M_INVALID_PARAM")


def test_sync_fetches_no_more_of_all_gaps_than_it_may() -> None:
    """After weeks away all rooms together bring what the limit allows, and each says what it leaves out."""
    world = World(ClientOptions(encrypts=False, timeline_limit=5, fill_page=4, fill_limit=20, fill_limit_of_sync=30))
    rooms = [world.room, *(world.new_room() for _ in range(3))]
    world.sync()
    for room in rooms:
        for number in range(40):
            world.rooms.say(room, world.bob, f"{number}")
    world.server.asked.clear()
    told = world.sync()
    assert 30 + 4 * 5 == len([one for one in told if isinstance(one, RoomEvent)])
    assert set(rooms) == {one.room_id for one in told if isinstance(one, TimelineGap) and one.from_token is not None}
    assert 5 + 3 == len([one for one in world.server.asked if isinstance(one, GetRoomEvents)])


def test_sync_says_that_something_is_missing_where_the_server_does_not_say_from_where() -> None:
    """A limited timeline without a place to ask from is a gap all the same."""
    world = World()
    world.sync()
    known = world.server.answers[Sync]

    def without_token(device: FakeDevice | None, request: Sync) -> object:
        answer: Any = known(device, request)
        del answer["rooms"]["join"][world.room]["timeline"]["prev_batch"]
        return answer

    world.server.answers[Sync] = without_token  # type: ignore[assignment]
    for number in range(10):
        world.rooms.say(world.room, world.bob, f"{number}")
    told = world.sync()
    assert [None] == [one.from_token for one in told if isinstance(one, TimelineGap)]
    assert 5 == len([one for one in told if isinstance(one, RoomEvent)])


def test_news_do_not_wait_for_a_server_that_answers_nonsense_about_keys() -> None:
    """What a server says of our keys that is no answer holds no news up."""
    world = World(ClientOptions())
    world.server.answers[UploadKeys] = lambda _device, _request: {"one_time_key_counts": "many"}
    world.rooms.say(world.room, world.bob, "hello")
    assert ["hello"] == [one.event.body for one in world.sync() if isinstance(one, RoomEvent) and one.event.body]


_WORDS = ("", "@bob:example.org", "!sea:example.org", "$x", "org.example", "m.replace", "m.thread", "5", "join", "ban")
_KEYS = st.sampled_from(
    [
        *("alias", "alt_aliases", "body", "displayname", "event_id", "events", "is_direct", "join_rule", "key"),
        *("m.in_reply_to", "m.mentions", "m.new_content", "m.relates_to", "membership", "name", "notifications"),
        *("order", "predecessor", "redacts", "rel_type", "replacement_room", "room", "room_id", "room_version"),
        *("topic", "type", "users", "users_default", "user_ids", "via", "ignored_users", "global", "override"),
        *("conditions", "kind", "rule_id", "actions", "m.room.message", "tags", "creator", "additional_creators"),
    ]
)
_SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.sampled_from(_WORDS)
)
_JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=12
)
_CONTENT = st.dictionaries(_KEYS, _JSON, max_size=6)
_STATE = st.sampled_from(
    [
        *("m.room.create", "m.room.member", "m.room.power_levels", "m.room.name", "m.room.topic", "m.room.avatar"),
        *("m.room.canonical_alias", "m.room.encryption", "m.room.history_visibility", "m.room.join_rules"),
        *("m.room.tombstone", "m.space.child", "m.space.parent", "m.room.pinned_events", "org.example"),
    ]
)
_SAID = st.sampled_from(["m.room.message", "m.reaction", "m.room.redaction", "m.room.encrypted", "m.sticker", "m.call"])
_NOTES = st.sampled_from(["m.push_rules", "m.ignored_user_list", "m.direct", "m.tag", "m.fully_read"])
_ACTS = st.lists(
    st.tuples(st.just("state"), _STATE, _CONTENT, st.sampled_from(_WORDS))
    | st.tuples(st.just("said"), _SAID, _CONTENT, st.none())
    | st.tuples(st.just("note"), _NOTES, _CONTENT, st.booleans()),
    max_size=8,
)


def _look_at(room: Room) -> None:
    """Read all that a room tells of itself."""
    for name in dir(type(room)):
        if isinstance(getattr(type(room), name), property):
            getattr(room, name)
    for user_id in (*room.members, room.own_user_id):
        room.members.shown_name(user_id)
        assert room.powers.may_send(user_id) in (True, False)
        assert room.powers.may_kick(user_id, "@bob:example.org") in (True, False)
        assert room.powers.may_notify_room(user_id) in (True, False)


@given(acts=_ACTS, is_asked=st.booleans())
@drawn(100)
def test_sync_takes_whatever_others_write(
    acts: list[tuple[str, str, JsonObject, str | bool | None]], is_asked: bool
) -> None:
    """No content of any event, whatever its type, ends a sync, and what is known can be read after it and a restart."""
    world = World()
    world.sync()
    for kind, event_type, content, key in acts:
        if kind == "state":
            if event_type == "m.room.member":
                content.setdefault("membership", "join")  # servers see to that
            world.rooms.put_state(world.room, world.bob, event_type, content, str(key))
        elif kind == "said":
            world.rooms.put(world.room, world.bob, event_type, content)
        else:
            world.server.put_account_data(world.alice, world.room if key else "", event_type, content)
    if is_asked:
        asked = world.rooms.make(world.bob)
        world.rooms.set_membership(asked, world.bob, world.alice, "invite")
    world.rooms.say(world.room, "@carol:example.org", "still here")
    told = [one.event.body for one in world.sync() if isinstance(one, RoomEvent)]
    assert "still here" in told
    for client in (world.client, world.restart()):
        for room in client.rooms.values():
            _look_at(room)
        assert isinstance(client.notes.direct_rooms(), dict)
