"""What a room is called, who is in it, and who may do what there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.matrix.client.event import Event
from scop.matrix.client.powers import read_powers
from scop.matrix.client.room import Room, RoomHead
from scop.matrix.client.room_names import RoomSummary
from scop.matrix.client.rooms import Rooms
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Shelf

_ME = "@me:example.org"


def _state(kind: str, content: JsonObject, state_key: str = "", sender: str = _ME, sent: int = 0) -> Event:
    return Event(f"${kind}{state_key}{sent}", kind, sender, content, state_key, sent)


def _member(localpart: str, membership: str = "join", name: str | None = None) -> Event:
    content: JsonObject = {"membership": membership}
    if name is not None:
        content["displayname"] = name
    return _state("m.room.member", content, f"@{localpart}:example.org")


def _room(*events: Event, summary: RoomSummary | None = None, has_all: bool = False) -> Room:
    head = RoomHead("join", summary or RoomSummary(), has_all_members=has_all)
    return Room("!sea:example.org", _ME, head, events)


@pytest.mark.parametrize(
    ("room", "name"),
    [
        (
            _room(_state("m.room.name", {"name": "Harbour"}), _state("m.room.canonical_alias", {"alias": "#a:b"})),
            "Harbour",
        ),
        (_room(_state("m.room.name", {"name": ""}), _state("m.room.canonical_alias", {"alias": "#a:b"})), "#a:b"),
        (
            _room(_state("m.room.name", {"name": 3}), _state("m.room.canonical_alias", {"alt_aliases": ["#a:b"]})),
            "Empty Room",
        ),
        (_room(_member("me"), _member("al", name="Al")), "Al"),
        (_room(_member("me"), _member("al", name="Al"), _member("bo", name="Bo")), "Al and Bo"),
        (_room(_member("me"), *[_member(one, name=one) for one in "abc"]), "a, b and c"),
        (
            _room(_member("me"), _member("a", name="Al"), _member("b", name="Al")),
            "Al (@a:example.org) and Al (@b:example.org)",
        ),
        (
            _room(_member("me"), _member("a", name="Al"), summary=RoomSummary(("@a:example.org",), 1200, 34)),
            "Al and 1232 others",
        ),
        (
            _room(_member("me"), _member("a", name="Al"), summary=RoomSummary(("@a:example.org",), 2, 1)),
            "Al and 1 other",
        ),
        (
            _room(_member("me"), _member("a", "leave", "Al"), summary=RoomSummary(("@a:example.org",), 1, 0)),
            "Empty Room (was Al)",
        ),
        (
            _room(_member("me"), *[_member(f"u{one}", "leave") for one in range(7)], has_all=True),
            "Empty Room (was @u0:x, @u1:x, @u2:x, @u3:x, @u4:x and 2 others)".replace(":x", ":example.org"),
        ),
        (_room(_member("me"), summary=RoomSummary((), 5, 0)), "5 people"),
        (_room(), "Empty Room"),
    ],
)
def test_room_name_follows_the_calculation(room: Room, name: str) -> None:
    """A room is called by its name, its main alias, or its members (§Calculating the display name for a room)."""
    assert name == room.name


def test_member_names_are_told_apart_as_members_change() -> None:
    """A name that another has too is shown with the id, as long as that is so (§… display name for a user)."""
    room = _room(_member("a", name="Al"), _member("b", name="Bo"), _member("c"))
    assert ["Al", "Bo", "@c:example.org"] == [room.members.shown_name(f"@{one}:example.org") for one in "abc"]
    room.put(_member("b", name="Al"))
    assert "Al (@a:example.org)" == room.members.shown_name("@a:example.org")
    room.put(_member("b", "leave", "Al"))
    assert "Al" == room.members.shown_name("@a:example.org")
    room.put(_member("d", "invite", "Al"))
    assert "Al (@a:example.org)" == room.members.shown_name("@a:example.org")
    assert "@nobody:example.org" == room.members.shown_name("@nobody:example.org")
    room.put(_state("m.room.member", {"membership": "join", "displayname": None}, "@a:example.org"))
    assert "@a:example.org" == room.members.shown_name("@a:example.org")


_MEMBERS = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.sampled_from(["join", "leave", "invite", "ban"]),
        st.sampled_from([None, "Al", "Bo"]),
    ),
    max_size=12,
)


@given(changes=_MEMBERS)
def test_member_names_are_those_of_a_room_that_was_read_anew(
    changes: list[tuple[str, str, str | None]],
) -> None:
    """The table of names that is kept up with changes says what a fresh one would."""
    room = _room(_member("a", name="Al"))
    room.members.shown_name("@a:example.org")
    for localpart, membership, name in changes:
        room.put(_member(localpart, membership, name))
    fresh = _room(*room.all_state())
    users = [f"@{one}:example.org" for one in "abcd"]
    assert [fresh.members.shown_name(user) for user in users] == [room.members.shown_name(user) for user in users]


def _create(version: str, **more: object) -> Event:
    return _state("m.room.create", {"room_version": version, **more}, sender="@maker:example.org")


@pytest.mark.parametrize(
    ("version", "levels", "user", "level"),
    [
        ("11", None, "@maker:example.org", 100),
        ("11", None, "@other:example.org", 0),
        ("11", {"users_default": 5}, "@maker:example.org", 5),
        ("11", {"users": {"@other:example.org": 30}}, "@other:example.org", 30),
        ("9", {"users": {"@other:example.org": " 30 "}}, "@other:example.org", 30),
        ("9", {"users": {"@other:example.org": 30.9}}, "@other:example.org", 30),
        ("10", {"users": {"@other:example.org": "30"}}, "@other:example.org", 0),
        ("10", {"users": {"@other:example.org": True}}, "@other:example.org", 0),
        ("12", {"users_default": 5}, "@maker:example.org", 2**53),
        ("12", {}, "@second:example.org", 2**53),
        ("11", {}, "@second:example.org", 0),
        ("13", {}, "@second:example.org", 2**53),  # newer than we are: more like the newest than like the first
    ],
)
def test_powers_are_those_of_the_version(version: str, levels: JsonObject | None, user: str, level: int) -> None:
    """Levels are read by the rules of the room's version; creators of version 12 are above all."""
    create = _create(version, additional_creators=["@second:example.org", 3])
    stated = None if levels is None else _state("m.room.power_levels", levels)
    assert level == read_powers(stated, create).of(user)


def test_powers_of_old_rooms_are_those_of_the_named_creator() -> None:
    """Until version 10 the creator is the one that is named."""
    assert 100 == read_powers(None, _create("10", creator="@named:example.org")).of("@named:example.org")
    assert 0 == read_powers(None, _create("11", creator="@named:example.org")).of("@named:example.org")


def test_powers_say_who_may() -> None:
    """What takes which level, with what holds where nothing is said (§m.room.power_levels)."""
    levels = _state(
        "m.room.power_levels",
        {
            "users": {"@mod:x": 50, "@boss:x": 100},
            "events": {"m.room.name": 70, "m.reaction": 10},
            "notifications": {"room": 20},
        },
    )
    powers = read_powers(levels, _create("11"))
    assert powers.may_send("@any:x")
    assert not powers.may_send("@any:x", "m.reaction")
    assert powers.may_set("@mod:x", "m.room.topic")
    assert not powers.may_set("@mod:x", "m.room.name")
    assert not powers.may_set("@boss:x", "org.example", "@mod:x")
    assert powers.may_set("@boss:x", "org.example", "@boss:x")
    assert powers.may_invite("@any:x")
    assert powers.may_kick("@mod:x", "@any:x")
    assert not powers.may_kick("@mod:x", "@boss:x")
    assert not powers.may_ban("@mod:x", "@mod:x")
    assert powers.may_redact("@any:x", "@any:x")
    assert not powers.may_redact("@any:x", "@mod:x")
    assert powers.may_redact("@mod:x", "@boss:x")
    assert powers.may_notify_room("@mod:x")
    assert not powers.may_notify_room("@any:x")


def test_children_of_a_space_are_in_order() -> None:
    """Valid orders first, then by age, then by id; without `via` there is no child (§Ordering of children)."""
    space = _room(
        _state("m.room.create", {"type": "m.space"}),
        _state("m.space.child", {"via": ["x"]}, "!e:x", sent=2),
        _state("m.space.child", {"via": ["x"]}, "!d:x", sent=2),
        _state("m.space.child", {"via": ["x"]}, "!c:x", sent=1),
        _state("m.space.child", {"via": ["x"], "order": "b"}, "!b:x", sent=9),
        _state("m.space.child", {"via": ["x"], "order": "a"}, "!a:x", sent=9),
        _state("m.space.child", {"via": ["x"], "order": "\n"}, "!f:x", sent=3),
        _state("m.space.child", {}, "!gone:x"),
    )
    assert space.is_space
    assert ("!a:x", "!b:x", "!c:x", "!d:x", "!e:x", "!f:x") == space.children


def test_room_tells_what_its_state_says() -> None:
    """Aliases, topic, encryption, what it replaced and what replaced it are read from its state."""
    room = _room(
        _create("12", predecessor={"room_id": "!old:x"}),
        _state("m.room.canonical_alias", {"alias": "#main:x", "alt_aliases": ["#other:x", 3, "#main:x"]}),
        _state("m.room.tombstone", {"replacement_room": "!new:x"}),
        _state("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"}),
        _state("m.room.topic", {"topic": "sea"}),
        _state("m.space.parent", {"via": ["x"]}, "!space:x"),
        _state("m.space.parent", {}, "!none:x"),
    )
    assert ("#main:x", "#other:x") == room.aliases
    assert ("!old:x", "!new:x", "12") == (room.predecessor, room.successor, room.version)
    assert room.is_encrypted
    assert ("shared", "invite", "sea") == (room.history_visibility, room.join_rule, room.topic)
    assert ("!space:x",) == room.parents


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.text(max_size=4)), max_size=90))
def test_rooms_read_what_was_kept(changes: list[tuple[str, str]]) -> None:
    """A room read from its pages is the one that wrote them, however many there are."""
    rooms, kept = Rooms(_ME, {}), dict[str, bytes]()
    room = rooms.made("!sea:example.org")
    for number, (kind, topic) in enumerate(changes):
        event = _state(kind, {"topic": topic}, sent=number)
        room.put(event)
        for change in rooms.kept(room, (event,)):
            if change.octets is None:
                kept.pop(change.key, None)
            else:
                kept[change.key] = change.octets
    read = Rooms(_ME, {Shelf.ROOM: kept})
    if changes:
        assert sorted(room.all_state(), key=lambda event: event.type) == sorted(
            read["!sea:example.org"].all_state(), key=lambda event: event.type
        )
    assert len(rooms) - (not changes) == len(read)
