"""Room versions: what each turned of the one before it."""

from __future__ import annotations

from dataclasses import fields

import pytest

from scop.base import RemoteProtocolError
from scop.matrix.room_versions import ROOM_VERSIONS, EventIdFormat, RoomVersion, StateResolution, room_version

# What each version changed, as its page in the specification says; `kept_…` is held by the tests of redaction.
_TURNED: dict[str, dict[str, object]] = {
    "2": {"state_resolution": StateResolution.V2},
    "3": {"event_id_format": EventIdFormat.HASH, "redaction_needs_power": False},
    "4": {"event_id_format": EventIdFormat.URL_SAFE_HASH},
    "5": {"enforces_key_validity": True},
    "6": {
        "is_canonical_json_strict": True,
        "max_depth": 2**53 - 1,
        "takes_levels_as_floats": False,
        "has_aliases_rule": False,
        "checks_notification_levels": True,
    },
    "7": {"allows_knocking": True},
    "8": {"allows_restricted_joins": True},
    "9": {},
    "10": {"allows_knock_restricted": True, "takes_levels_as_strings": False},
    "11": {"has_creator_in_content": False, "has_redacts_in_content": True},
    "12": {
        "state_resolution": StateResolution.V2_1,
        "is_room_id_of_create": True,
        "are_creators_above_all": True,
    },
}


def switches_of(rules: RoomVersion) -> dict[str, object]:
    """Return all that a version is, but its name and its tables of redaction."""
    names = [one.name for one in fields(rules) if one.name != "id" and not one.name.startswith("kept_")]
    return {name: getattr(rules, name) for name in names}


@pytest.mark.parametrize("version", _TURNED)
def test_room_version_is_the_one_before_with_its_switches(version: str) -> None:
    """Matrix v1.19 rooms: each page's changes, and no other."""
    before = switches_of(room_version(str(int(version) - 1)))
    after = switches_of(room_version(version))
    assert _TURNED[version] == {name: value for name, value in after.items() if value != before[name]}


def test_room_versions_are_twelve() -> None:
    """Matrix v1.19 rooms §Complete list of room versions; a version is known by its name alone."""
    assert [str(number) for number in range(1, 13)] == list(ROOM_VERSIONS)
    assert all(name == rules.id for name, rules in ROOM_VERSIONS.items())
    assert 12 == len(set(ROOM_VERSIONS.values()))


@pytest.mark.parametrize("version", ["", "0", "13", "01", " 1", "org.matrix.msc3757.10"])
def test_room_version_that_nobody_knows_is_refused(version: str) -> None:
    """What is not in the list has no rules."""
    with pytest.raises(RemoteProtocolError):
        room_version(version)


def test_room_version_of_many_characters_is_not_repeated_whole() -> None:
    """The version is another server's text: the log gets as much of it as it shows of any."""
    with pytest.raises(RemoteProtocolError) as raised:
        room_version("\x1b" * 60_000)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 1000
