"""Days and moments of UTC."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base.days import DAY_SECONDS, day_of, moment_of


@pytest.mark.parametrize(
    ("unix", "day"), [(0.0, "1970-01-01"), (DAY_SECONDS - 0.001, "1970-01-01"), (DAY_SECONDS, "1970-01-02")]
)
def test_day_changes_at_midnight(unix: float, day: str) -> None:
    """The last moment of a day is of that day (RFC 8460 §4.1: whole UTC days)."""
    assert day == day_of(unix)


@given(st.integers(0, 4_000_000_000))
def test_moment_begins_with_its_day_and_can_be_read(unix: int) -> None:
    """Both texts tell of the same moment, to the second."""
    moment = moment_of(unix)
    assert day_of(unix) == moment[:10]
    assert unix == datetime.datetime.fromisoformat(moment.replace(" UTC", "+00:00")).timestamp()
