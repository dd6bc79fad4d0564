"""The format of events, version by version."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from fakes.matrix_events import event_of
from scop.base import LimitExceeded, RemoteProtocolError
from scop.matrix import canonical_json
from scop.matrix.events import MAX_EVENT_OCTETS, Edu, event_id_of, parse_pdu
from scop.matrix.room_versions import ROOM_VERSIONS, RoomVersion, room_version

_ALL = list(ROOM_VERSIONS.values())
_OLD = [rules for rules in _ALL if rules.id in ("1", "2")]
_NEW = [rules for rules in _ALL if rules.id not in ("1", "2")]
_ids = [f"v{rules.id}" for rules in _ALL]
_each_version = pytest.mark.parametrize("rules", _ALL, ids=_ids)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@_each_version
def test_event_of_each_version_is_taken(rules: RoomVersion) -> None:
    """Room versions §Event format: one that has all it needs, and what is read of it."""
    event = event_of(rules, state_key="x")
    pdu = parse_pdu(event, rules)
    assert event_id_of(event, rules) == pdu.event_id
    assert (event["room_id"], "m.room.message", "@ann:sea.test", "x", 3) == (
        pdu.room_id,
        pdu.type,
        pdu.sender,
        pdu.state_key,
        pdu.depth,
    )
    assert event is pdu.json
    assert 1 == len(pdu.auth_event_ids) == len(pdu.prev_event_ids)
    assert all(one.startswith("$") for one in pdu.auth_event_ids)
    assert parse_pdu(event_of(rules), rules).state_key is None


@_each_version
@pytest.mark.parametrize(
    "key",
    [
        "type",
        "sender",
        "origin_server_ts",
        "content",
        "depth",
        "room_id",
        "auth_events",
        "prev_events",
        "hashes",
        "signatures",
    ],
)
@pytest.mark.parametrize("value", [None, 1.5, True, "\0", [1], [["$a", 1]], {"a": []}])
def test_event_without_a_needed_key_is_dropped(rules: RoomVersion, key: str, value: object) -> None:
    """Ibid.: each key is there and is of its kind; a boolean is no integer."""
    event = event_of(rules)
    if value is None:
        del event[key]
    elif (key, value) in (("type", "\0"), ("content", {"a": []})):
        return  # these are types and contents like others
    else:
        event[key] = value
    with pytest.raises(RemoteProtocolError):
        parse_pdu(event, rules)


@pytest.mark.parametrize("rules", _OLD, ids=_ids[:2])
def test_event_of_the_first_versions_bears_its_id(rules: RoomVersion) -> None:
    """Matrix v1.19 rooms/v1 §Event IDs: made by its server, with its name."""
    assert "$this:sea.test" == parse_pdu(event_of(rules), rules).event_id
    for event_id in ("$this", "this:sea.test", "$this:sea test", 1):
        with pytest.raises(RemoteProtocolError):
            parse_pdu({**event_of(rules), "event_id": event_id}, rules)
    with pytest.raises(RemoteProtocolError):
        parse_pdu({**event_of(rules), "prev_events": ["$before:sea.test"]}, rules)


@pytest.mark.parametrize("rules", _NEW, ids=_ids[2:])
def test_event_of_later_versions_is_its_hash(rules: RoomVersion) -> None:
    """Matrix v1.19 rooms/v3, v4 §Event IDs: 43 characters, another for each content; references are bare ids."""
    event, other = parse_pdu(event_of(rules), rules), parse_pdu(event_of(rules, depth=4), rules)
    assert 44 == len(event.event_id)
    assert event != other
    assert event == parse_pdu({**event_of(rules), "unsigned": {"age": 1}}, rules)
    with pytest.raises(RemoteProtocolError):
        parse_pdu({**event_of(rules), "prev_events": [["$a:b", {"sha256": ""}]]}, rules)


def test_event_id_is_url_safe_from_version_4_on() -> None:
    """Matrix v1.19 rooms/v4: "/" and "+" were trouble in paths."""
    depths = range(40)
    of_v3 = "".join(parse_pdu(event_of(room_version("3"), depth=depth), room_version("3")).event_id for depth in depths)
    of_v4 = "".join(parse_pdu(event_of(room_version("4"), depth=depth), room_version("4")).event_id for depth in depths)
    assert of_v4 == of_v3.replace("/", "_").replace("+", "-") != of_v3


def test_event_that_creates_a_room_of_version_12_is_its_id() -> None:
    """Matrix v1.19 rooms/v12 §Event format: no room_id; the room is the create event's id with another sigil."""
    rules = room_version("12")
    create = {"type": "m.room.create", "state_key": "", "content": {"room_version": "12"}}
    pdu = parse_pdu(event_of(rules, **create, room_id=None, prev_events=[], auth_events=[]), rules)
    assert pdu.room_id == "!" + pdu.event_id[1:]
    with pytest.raises(RemoteProtocolError):
        parse_pdu(event_of(rules, room_id=None), rules)
    for older in _ALL[:-1]:
        with pytest.raises(RemoteProtocolError):
            parse_pdu(event_of(older, **create, room_id=None), older)


def test_event_of_a_room_is_of_a_room_of_its_version() -> None:
    """Appendices §Room IDs: with a domain before version 12, without one from then on."""
    hashed, named = "!Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg", "!sea:sea.test"
    for rules in _ALL:
        right, wrong = (hashed, named) if rules.id == "12" else (named, hashed)
        assert right == parse_pdu(event_of(rules, room_id=right), rules).room_id
        with pytest.raises(RemoteProtocolError):
            parse_pdu(event_of(rules, room_id=wrong), rules)


@_each_version
def test_event_has_its_limits(rules: RoomVersion) -> None:
    """Matrix v1.19 CS §Size limits, room versions: each holds at its number and not one further."""
    deepest = 2**63 - 1 if int(rules.id) <= 5 else 2**53 - 1
    reference = event_of(rules)["prev_events"][0]  # type: ignore[index]
    for key, at_limit, beyond in (
        ("type", "é" * 127 + "x", "é" * 128),
        ("state_key", "é" * 127 + "x", "é" * 128),
        ("depth", deepest, deepest + 1),
        ("depth", 0, -1),
        ("origin_server_ts", 0, -1),
        ("prev_events", [reference] * 20, [reference] * 21),
        ("auth_events", [reference] * 10, [reference] * 11),
        ("sender", "@" + "a" * 245 + ":sea.test", "@" + "a" * 246 + ":sea.test"),
    ):
        parse_pdu(event_of(rules, **{key: at_limit}), rules)
        with pytest.raises(RemoteProtocolError):
            parse_pdu({**event_of(rules), key: beyond}, rules)


@_each_version
def test_event_of_history_may_name_more_others(rules: RoomVersion) -> None:
    """Matrix v1.19 SS GET /backfill: its events "MUST NOT be validated on these specific restrictions"."""
    before = event_of(rules)["prev_events"]
    assert isinstance(before, list)
    event = event_of(rules, prev_events=before * 30, auth_events=before * 30)
    assert 30 == len(parse_pdu(event, rules, is_history=True).prev_event_ids)
    with pytest.raises(LimitExceeded):
        parse_pdu(event, rules)


@_each_version
def test_event_has_65536_octets_at_most(rules: RoomVersion) -> None:
    """Matrix v1.19 CS §Size limits: as canonical JSON, with its signatures."""
    room = MAX_EVENT_OCTETS - len(canonical_json.encode(event_of(rules, content={"body": ""})))
    parse_pdu(event_of(rules, content={"body": "x" * room}), rules)
    with pytest.raises(LimitExceeded):
        parse_pdu(event_of(rules, content={"body": "x" * (room + 1)}), rules)


@_each_version
@pytest.mark.parametrize("number", [0.5, 2**53, -(2**60)])
def test_event_with_loose_numbers_is_of_an_old_room(rules: RoomVersion, number: float) -> None:
    """Matrix v1.19 rooms/v6 §Canonical JSON: enforced from there on, and not before."""
    event = {**event_of(rules), "content": {"number": number}}
    if int(rules.id) <= 5:
        assert {"number": number} == parse_pdu(event, rules).content
    else:
        with pytest.raises(RemoteProtocolError):
            parse_pdu(event, rules)


@_each_version
def test_event_redacts_by_a_string_until_version_10(rules: RoomVersion) -> None:
    """Matrix v1.19 rooms/v11: `redacts` is a key of the content from there on, and any key of the event before."""
    event = {**event_of(rules), "redacts": 1}
    if rules.id in ("11", "12"):
        assert 1 == parse_pdu(event, rules).json["redacts"]
    else:
        with pytest.raises(RemoteProtocolError):
            parse_pdu(event, rules)


def test_event_is_by_users_of_any_age() -> None:
    """Appendices §Historical User IDs: servers MUST accept them in events."""
    rules = room_version("10")
    assert "@Ann Ö:sea.test" == parse_pdu(event_of(rules, sender="@Ann Ö:sea.test"), rules).sender


@drawn(100)
@given(
    st.sampled_from(_ALL),
    st.dictionaries(
        st.sampled_from(sorted({*event_of(_OLD[0]), "state_key", "redacts", "unsigned"})), _JSON, max_size=3
    ),
)
def test_event_format_raises_nothing_else(rules: RoomVersion, changes: dict[str, object]) -> None:
    """Any object is an event or a `RemoteProtocolError`."""
    with suppress(RemoteProtocolError):
        assert parse_pdu({**event_of(rules), **changes}, rules).event_id.startswith("$")


@pytest.mark.parametrize("event", [None, [], "event", 1])
def test_event_is_an_object(event: object) -> None:
    """Nothing else is one."""
    with pytest.raises(RemoteProtocolError):
        parse_pdu(event, room_version("12"))


def test_edu_keeps_what_it_does_not_know() -> None:
    """Matrix v1.19 SS §EDUs: a type and a content."""
    assert "m.typing" == Edu(edu_type="m.typing", content={"typing": True}).edu_type
