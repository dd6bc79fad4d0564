"""Forked rooms as text (tests/scenarios/matrix), each resolved in all versions that it names."""

from __future__ import annotations

import pytest

from fakes.matrix_scenarios import Scenario, scenarios
from scop.matrix.room_versions import ROOM_VERSIONS, RoomVersion

_ALL = [*scenarios()]


@pytest.mark.parametrize(("scenario", "rules"), _ALL, ids=[f"{one.name}-{rules.id}" for one, rules in _ALL])
def test_a_forked_room_resolves_as_written(scenario: Scenario, rules: RoomVersion) -> None:
    """Rooms v1, v2 and v12 §State resolution: the states that meet resolve to the events that the file names."""
    built = scenario.build(rules)
    assert built.expected == built.room.names_of(built.room.resolved(built.states))


def test_forked_rooms_are_thirty_and_say_what_they_show() -> None:
    """Each file says what it shows; all versions have some, and the three algorithms differ where they should."""
    rooms = {scenario.name: scenario for scenario, _ in _ALL}
    assert len(rooms) >= 30
    assert all(scenario.shows for scenario in rooms.values())
    assert set(ROOM_VERSIONS) == {version for scenario in rooms.values() for version in scenario.versions}
    differing = {name for name, one in rooms.items() if one.resolved.get("11") != one.resolved.get("12")}
    assert differing >= {"reset-of-a-member", "reset-of-power-levels", "creator-against-equal"}
