"""When a mail is tried again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.cells.relay.schedule import INSIDE, OUTSIDE, Pace, pause_seconds

paces = st.sampled_from([INSIDE, OUTSIDE])


def test_schedule_pauses_double_up_to_the_longest() -> None:
    """A short absence costs seconds, a long one does not cost a try each minute."""
    pace = Pace(2.0, 60.0)
    assert [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0] == [pause_seconds(pace, attempts, 0.5) for attempts in range(1, 8)]


@given(paces, st.integers(1, 10_000), st.floats(0, 1))
def test_schedule_pauses_are_bounded_and_spread(pace: Pace, attempts: int, chance: float) -> None:
    """A quarter to either side of the steady pause, whatever the number of attempts."""
    steady = pause_seconds(pace, attempts, 0.5)
    assert 0.75 * steady <= pause_seconds(pace, attempts, chance) <= 1.25 * steady <= 1.25 * pace.longest_seconds


@pytest.mark.parametrize(("attempts", "chance"), [(0, 0.5), (1, -0.1), (1, 1.1)])
def test_schedule_refuses_what_makes_no_sense(attempts: int, chance: float) -> None:
    """There is no pause before the first failure, and chance is from 0 to 1."""
    with pytest.raises(ValueError, match="no pause"):
        pause_seconds(OUTSIDE, attempts, chance)
