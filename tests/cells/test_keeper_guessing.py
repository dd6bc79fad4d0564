"""Guessing gets slower."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.jumping_clock import JumpingClock
from scop.cells.keeper.guessing import Guard, Guesses, GuessLimits, Patience

LIMITS = GuessLimits(free=3, first_pause_seconds=1.0, longest_pause_seconds=8.0, forget_seconds=60.0, max_remembered=2)


@pytest.fixture
def clock() -> JumpingClock:
    """Let a test pass the time."""
    return JumpingClock()


@pytest.fixture
def guesses(clock: JumpingClock) -> Guesses:
    """Count with small limits."""
    return Guesses(LIMITS, clock)


def guess_wrong(guesses: Guesses, login: str, times: int) -> None:
    """Guess wrong that many times."""
    for _ in range(times):
        guesses.wrong(login)


def test_keeper_the_first_wrong_guesses_cost_nothing(guesses: Guesses) -> None:
    """People mistype: the pause begins with the last free guess."""
    guess_wrong(guesses, "alice", LIMITS.free - 1)
    assert guesses.may_try("alice")
    guess_wrong(guesses, "alice", 1)
    assert not guesses.may_try("alice")
    assert guesses.may_try("bob")


@pytest.mark.parametrize(("wrong", "pause"), [(3, 1.0), (4, 2.0), (5, 4.0), (6, 8.0), (7, 8.0), (5000, 8.0)])
def test_keeper_each_further_wrong_guess_doubles_the_pause(
    guesses: Guesses, clock: JumpingClock, wrong: int, pause: float
) -> None:
    """Up to the longest; the pause is over to the second."""
    guess_wrong(guesses, "alice", wrong)
    clock.jump(pause - 0.5)
    assert not guesses.may_try("alice")
    clock.jump(0.5)
    assert guesses.may_try("alice")


def test_keeper_a_right_password_clears_the_count(guesses: Guesses) -> None:
    """The owner starts anew."""
    guess_wrong(guesses, "alice", 3)
    guesses.right("alice")
    guess_wrong(guesses, "alice", 1)
    assert guesses.may_try("alice")


def test_keeper_old_guesses_are_forgotten(guesses: Guesses, clock: JumpingClock) -> None:
    """In the time of `forget_seconds` without one the highest count melts away."""
    guess_wrong(guesses, "alice", 6)
    clock.jump(LIMITS.forget_seconds)
    guess_wrong(guesses, "alice", 1)
    assert guesses.may_try("alice")


def test_keeper_remembers_a_bounded_number_of_logins(guesses: Guesses) -> None:
    """The login not tried for the longest is forgotten first."""
    for login in ("a", "b", "a", "c"):
        guess_wrong(guesses, login, 3)
    assert [False, True, False] == [guesses.may_try(login) for login in ("a", "b", "c")]


def test_keeper_guesses_melt_evenly(guesses: Guesses, clock: JumpingClock) -> None:
    """Who mistypes now and then, for ever, never waits: six in a minute are forgotten, so one in ten seconds."""
    for _ in range(50):
        assert guesses.may_try("alice")
        guess_wrong(guesses, "alice", 1)
        clock.jump(LIMITS.forget_seconds / LIMITS.most)


HARSH = Patience(login=LIMITS, address=GuessLimits(free=4), network=GuessLimits(free=6))


@pytest.mark.parametrize(
    ("guessing", "locked", "free"),
    [
        (["192.0.2.1"] * 4, "192.0.2.1", "192.0.2.2"),
        ([f"192.0.2.{host}" for host in range(6)], "192.0.2.77", "192.0.3.1"),
        (["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"], "2001:db8::5", "2001:db8:0:1::1"),
        ([f"2001:db8:0:{net}::1" for net in range(6)], "2001:db8:0:77::1", "2001:db8:1::1"),
    ],
)
def test_keeper_an_address_and_its_network_are_locked_out(
    clock: JumpingClock, guessing: list[str], locked: str, free: str
) -> None:
    """Guesses at ever other logins are counted where they come from: by address (IPv6: /64) and by /24 or /48."""
    guard = Guard(HARSH, clock)
    for number, address in enumerate(guessing):
        assert guard.admits_address(locked)
        guard.wrong(f"login{number}", address)
    assert (False, True) == (guard.admits_address(locked), guard.admits_address(free))
    guard.right("login0")
    assert not guard.admits_address(locked)
    clock.jump(1.0)
    assert guard.admits_address(locked)


def test_keeper_a_right_password_excuses_guesses_at_its_own_login(clock: JumpingClock) -> None:
    """Who mistypes, or whose program tries SCRAM first, locks nobody else out; guesses at others stay counted."""
    guard = Guard(HARSH, clock)
    for _ in range(20):
        guard.wrong("alice", "192.0.2.1")
        guard.right("alice", "192.0.2.1")
    assert guard.admits_address("192.0.2.1")
    for login in ("bob", "carol", "dave", "erin"):
        guard.wrong("alice", "192.0.2.1")
        guard.right("alice", "192.0.2.1")
        guard.wrong(login, "192.0.2.1")
    assert not guard.admits_address("192.0.2.1")


@pytest.mark.parametrize("address", ["192.0.2.1", "", "/run/socket"])
def test_keeper_own_networks_are_counted_by_login_only(clock: JumpingClock, address: str) -> None:
    """An old password in a printer must not lock the office out; nor can what has no address."""
    guard = Guard(HARSH, clock, ["192.0.2.0/24"])
    for _ in range(50):
        guard.wrong("printer", address)
    assert (True, False) == (guard.admits_address(address), guard.admits_login("printer"))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 100), st.booleans()), max_size=60))
def test_keeper_no_series_of_guesses_gains_more_than_its_share(steps: list[tuple[str, float, bool]]) -> None:
    """However guesses are spread: between two that are let through, a full pause of the count has passed."""
    clock = JumpingClock()
    guesses = Guesses(replace(LIMITS, max_remembered=10), clock)
    tried: dict[str, list[float]] = {}
    for login, seconds, right in steps:
        clock.jump(seconds)
        if guesses.may_try(login):
            guesses.right(login) if right else guesses.wrong(login)
            tried[login] = [] if right else [*tried.get(login, []), clock.monotonic()]
    for times in tried.values():
        for first, last in zip(times, times[LIMITS.most :], strict=False):
            assert last - first >= LIMITS.first_pause_seconds
