"""Guessing gets slower."""

from __future__ import annotations

import pytest

from fakes.jumping_clock import JumpingClock
from scop.cells.keeper.guessing import Guesses, GuessLimits

LIMITS = GuessLimits(free=3, first_pause_seconds=1.0, longest_pause_seconds=8.0, forget_seconds=60.0, max_logins=2)


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
    """After an hour without one the count begins anew."""
    guess_wrong(guesses, "alice", 6)
    clock.jump(LIMITS.forget_seconds)
    guess_wrong(guesses, "alice", 1)
    assert guesses.may_try("alice")


def test_keeper_remembers_a_bounded_number_of_logins(guesses: Guesses) -> None:
    """The login not tried for the longest is forgotten first."""
    for login in ("a", "b", "a", "c"):
        guess_wrong(guesses, login, 3)
    assert [False, True, False] == [guesses.may_try(login) for login in ("a", "b", "c")]
