"""Power levels: how they are written, what holds where nothing is, and creators above them."""

from __future__ import annotations

import pytest

from fakes.auth_rule_cases import room_of
from scop.matrix.json_values import JsonObject
from scop.matrix.power_levels import ABOVE_ALL, NAMED_LEVELS, PowerLevels, creators_of, read_level
from scop.matrix.room_versions import ROOM_VERSIONS

V1, V6, V9, V10, V11, V12 = (ROOM_VERSIONS[version] for version in ("1", "6", "9", "10", "11", "12"))
ALICE, BOB = "@alice:one.test", "@bob:one.test"


@pytest.mark.parametrize("written", ["100", "000100", "+100", " 100 ", " +00100\t"])
def test_levels_may_be_strings_until_version_9(written: str) -> None:
    """Rooms v1 §m.room.power_levels events accept values as strings: zeroes, one sign, white space around."""
    assert read_level(written, V1) == read_level(written, V9) == 100
    assert read_level("-7", V9) == -7
    assert read_level(written, V10) is None


@pytest.mark.parametrize("written", ["", " ", "+", "++1", "1.0", "1e2", "1_0", "١", "ten", "1 0", "9" * 4001])
def test_levels_that_are_none_are_not_guessed(written: str) -> None:
    """Strings that are no integer in base 10 are no level, nor are those that no integer is made of."""
    assert read_level(written, V1) is None
    assert read_level("0" * 3999 + "7", V1) == 7


def test_levels_may_be_floats_until_version_5() -> None:
    """Rooms v1 §… accept values as floats: cut at the point; infinities and what is no number are no levels."""
    assert [51146, 50, -50] == [read_level(level, V1) for level in (5.114698e4, 50.57, -50.9)]
    assert [None] * 3 == [read_level(float(level), V1) for level in ("inf", "-inf", "nan")]
    assert read_level(50.57, V6) is None
    others: tuple[object, ...] = (True, None, [], {})
    assert [None] * 4 == [read_level(value, V1) for value in others]


def test_levels_have_their_defaults() -> None:
    """CS §m.room.power_levels: without a level in the event, or without the event, what it says by itself holds."""
    create = room_of(V11, "alice creates").named["e0"]
    for content in (None, {}, dict.fromkeys(NAMED_LEVELS, "fifty")):
        levels = PowerLevels(V11, content, create)
        assert {name: levels.named(name) for name in NAMED_LEVELS} == NAMED_LEVELS
        assert (50, 0, 50) == (levels.to_send("m.x", ""), levels.to_send("m.x", None), levels.to_notify("room"))


def test_the_creator_has_100_until_there_are_power_levels() -> None:
    """CS §m.room.power_levels: "the room's creator has a power level of 100, and all other users … 0"."""
    for rules in (V1, V10, V11):
        create = room_of(rules, "alice creates").named["e0"]
        assert (100, 0) == tuple(PowerLevels(rules, None, create).of_user(user) for user in (ALICE, BOB))
        assert PowerLevels(rules, {}, create).of_user(ALICE) == 0
        assert PowerLevels(rules, {"users_default": 7}, create).of_user(BOB) == 7


def test_creators_are_above_all_from_version_12() -> None:
    """Rooms v12: the sender of m.room.create and additional_creators, whatever m.room.power_levels says."""
    create = room_of(V12, 'alice creates {"additional_creators": ["<bob>", 5]}').named["e0"]
    content: JsonObject = {"users": {ALICE: 0, "@carol:one.test": 2**53 - 1}}
    levels = PowerLevels(V12, content, create)
    assert {ALICE, BOB} == creators_of(create)
    assert levels.of_user(ALICE) == levels.of_user(BOB) == ABOVE_ALL > levels.of_user("@carol:one.test")


def test_the_creator_is_who_the_version_says() -> None:
    """Rooms v11: until version 10 the creator is a field of the content, then the sender."""
    for rules, creator in ((V10, BOB), (V11, ALICE)):
        create = room_of(rules, 'alice creates {"creator": "<bob>"}').named["e0"]
        assert {creator} == creators_of(create)
    assert not PowerLevels(V12, None, None).is_creator(ALICE)


def test_levels_by_event_and_notification() -> None:
    """A type that `events` names needs that level, as state or not; `notifications` name theirs."""
    content: JsonObject = {"events": {"m.x": "30"}, "events_default": 5, "notifications": {"room": 20}}
    levels = PowerLevels(V9, content, None)
    assert (30, 30, 5, 20) == (
        levels.to_send("m.x", None),
        levels.to_send("m.x", ""),
        levels.to_send("m.y", None),
        levels.to_notify("room"),
    )
