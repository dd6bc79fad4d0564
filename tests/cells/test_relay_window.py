"""How much is carried to one hop at once."""

from hypothesis import given
from hypothesis import strategies as st

from scop.cells.relay.schedule import OUTSIDE
from scop.cells.relay.verdict import Fate, Trouble, Verdict
from scop.cells.relay.window import FIRST_LIMIT, MAX_LIMIT, Window

NOW = 1_800_000_000.0


def verdict(trouble: Trouble) -> Verdict:
    """Return what an attempt said of the hop."""
    return Verdict(Fate.LATER, "4.4.1", "no answer", trouble=trouble)


def noted(window: Window, *troubles: Trouble, now: float = NOW) -> Window:
    """Let a window learn."""
    for trouble in troubles:
        window.note(verdict(trouble), now, 0.5)
    return window


def test_window_grows_with_every_success_up_to_its_cap() -> None:
    """A hop that takes mail gets more at once."""
    assert FIRST_LIMIT + 3 == noted(Window(OUTSIDE), *[Trouble.NONE] * 3).limit
    assert MAX_LIMIT == noted(Window(OUTSIDE), *[Trouble.NONE] * 99).limit


def test_window_halves_when_the_hop_is_busy() -> None:
    """421 and its like: less at once, but not nothing."""
    assert [8, 4, 2, 1] == [noted(Window(OUTSIDE, limit=16), *[Trouble.BUSY] * times).limit for times in (1, 2, 3, 4)]
    assert not noted(Window(OUTSIDE, limit=16), *[Trouble.BUSY] * 4).is_closed(NOW)


def test_window_closes_where_even_one_is_too_many() -> None:
    """A hop that answers 421 to a single connection is left alone for a while."""
    assert noted(Window(OUTSIDE, limit=2), Trouble.BUSY, Trouble.BUSY).is_closed(NOW)


def test_window_of_a_dead_hop_closes_for_longer_each_time() -> None:
    """RFC 5321 §4.5.4.1: 2, 4, 8 seconds and on; one load is the probe."""
    window = Window(OUTSIDE, limit=16)
    pauses = []
    now = NOW
    for _ in range(4):
        noted(window, Trouble.DOWN, now=now)
        pauses.append(window.closed_until_unix - now)
        now = window.closed_until_unix
    assert [2.0, 4.0, 8.0, 16.0] == pauses
    assert (1, False) == (window.limit, window.is_closed(now))


def test_window_counts_what_failed_together_once() -> None:
    """Sixteen attempts that were underway when the host died are one failure."""
    assert 1 == noted(Window(OUTSIDE, limit=16), *[Trouble.DOWN] * 16).failures


def test_window_opens_with_a_success() -> None:
    """The probe came through: more follow, and the next failure is the first again."""
    window = noted(Window(OUTSIDE), Trouble.DOWN)
    noted(window, Trouble.NONE, now=window.closed_until_unix)
    assert (2, 0, False) == (window.limit, window.failures, window.is_closed(NOW))


def test_window_opens_when_the_operator_wants() -> None:
    """`scop queue retry` is an attempt at once."""
    window = noted(Window(OUTSIDE), Trouble.DOWN)
    window.reopen()
    assert not window.is_closed(NOW)


@given(st.lists(st.tuples(st.sampled_from(Trouble), st.floats(0, 100), st.floats(0, 1))))
def test_window_stays_within_its_bounds(history: list[tuple[Trouble, float, float]]) -> None:
    """Whatever happens: at least one at once, never more than the cap, and never closed for more than 2.5 h."""
    window, now = Window(OUTSIDE), NOW
    for trouble, passed, chance in history:
        now += passed
        window.note(verdict(trouble), now, chance)
        assert 1 <= window.limit <= MAX_LIMIT
        assert window.closed_until_unix - now <= 9000
