"""Whose mail is looked into next."""

from __future__ import annotations

import pytest

from scop.cells.examiner.lanes import KNOWN_FROM, MAX_OF_CLIENT, SLOW_SECONDS, SUSPECT_SECONDS, Lane, Lanes, Work

NOW = 1000.0


def lanes_of(processors: int = 1) -> Lanes[str]:
    """Return lanes that know `friend` and suspect `foe`."""
    lanes: Lanes[str] = Lanes(processors)
    for _ in range(KNOWN_FROM):
        run(lanes, "friend")
    run(lanes, "foe", is_trouble=True)
    return lanes


def run(lanes: Lanes[str], client: str, *, seconds: float = 0.1, is_trouble: bool = False) -> None:
    """Have one mail of a client wait, run and end."""
    assert lanes.put(client, "mail", NOW)
    work = taken(lanes)
    lanes.done(work, seconds, NOW, is_trouble=is_trouble)


def taken(lanes: Lanes[str]) -> Work:
    """Return the next turn."""
    called = lanes.take()
    assert called is not None
    return called[0]


def order(lanes: Lanes[str]) -> list[str]:
    """Run everything that waits, one at a time; return the items in their order."""
    items = []
    while (called := lanes.take()) is not None:
        items.append(called[1])
        lanes.done(called[0], 0.1, NOW, is_trouble=False)
    return items


def test_known_clients_go_before_strangers_and_those_before_suspects() -> None:
    """Whoever came first."""
    lanes = lanes_of()
    for client in ("foe", "stranger", "friend"):
        lanes.put(client, client, NOW)
    assert ["friend", "stranger", "foe"] == order(lanes)


def test_clients_of_a_lane_are_served_in_rounds() -> None:
    """One with many mails is not before one with few."""
    lanes = lanes_of()
    for item in ("a1", "a2", "a3", "b1", "c1", "b2"):
        lanes.put(item[0], item, NOW)
    assert ["a1", "b1", "c1", "a2", "b2", "a3"] == order(lanes)


def test_trouble_makes_a_suspect_and_moves_what_waits_of_it() -> None:
    """A friend whose mail breaks or stalls what looks is none for a while."""
    for seconds, is_trouble in ((0.1, True), (SLOW_SECONDS + 1, False)):
        lanes = lanes_of()
        lanes.put("friend", "bad", NOW)
        lanes.put("friend", "next", NOW)
        lanes.put("stranger", "other", NOW)
        lanes.done(taken(lanes), seconds, NOW, is_trouble=is_trouble)
        assert Lane.SUSPECT is lanes.lane_of("friend", NOW + SUSPECT_SECONDS - 1)
        assert ["other", "next"] == order(lanes)
        assert Lane.SUSPECT is not lanes.lane_of("friend", NOW + SUSPECT_SECONDS)


def test_known_have_their_processors_and_of_two_more_suspects_have_one() -> None:
    """However many others wait."""
    lanes = lanes_of(processors=2)
    for number in range(4):
        lanes.put(f"stranger{number}", "mail", NOW)
        run_foe = lanes.put("foe", f"bad{number}", NOW)
        assert run_foe
    running = [taken(lanes) for _ in range(2)]
    assert lanes.take() is None
    for _ in range(3):
        lanes.put("friend", "mail", NOW)
    assert ["friend"] * 2 == [taken(lanes).client for _ in range(2)]
    assert lanes.take() is None
    for work in running:
        lanes.done(work, 0.1, NOW, is_trouble=False)
    assert ["friend", "stranger2"] == [taken(lanes).client for _ in range(2)]
    assert lanes.take() is None


def test_what_waits_is_bounded_for_each_client_and_each_lane() -> None:
    """Beyond it there is no room, and a known client still has some."""
    lanes = lanes_of()
    assert [True] * MAX_OF_CLIENT + [False] == [lanes.put("one", "mail", NOW) for _ in range(MAX_OF_CLIENT + 1)]
    room = [lanes.put(f"client{number}", "mail", NOW) for number in range(Lane.STRANGER.room)]
    assert Lane.STRANGER.room - MAX_OF_CLIENT == sum(room)
    assert lanes.put("friend", "mail", NOW)


def test_withdrawn_item_has_no_turn() -> None:
    """Who lost patience is not called."""
    lanes = lanes_of()
    lanes.put("one", "first", NOW)
    lanes.put("one", "second", NOW)
    for _ in range(2):
        lanes.withdraw("one", "first")
    assert ["second"] == order(lanes)


def test_flood_of_strangers_makes_no_stranger_of_the_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is remembered is bounded; those of whom nothing is known are forgotten first."""
    monkeypatch.setattr("scop.cells.examiner.lanes.MAX_CLIENTS", 10)
    monkeypatch.setattr("scop.cells.examiner.lanes.MAX_OLDEST", 5)
    lanes = lanes_of()
    for number in range(30):
        run(lanes, f"stranger {number}")
    assert [Lane.KNOWN, Lane.STRANGER] == [lanes.lane_of(name, NOW) for name in ("friend", "foe")]
    for number in range(20):
        for _ in range(KNOWN_FROM):
            run(lanes, f"new friend {number}")
    assert Lane.STRANGER is lanes.lane_of("friend", NOW)
