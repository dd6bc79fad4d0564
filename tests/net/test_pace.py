"""The bucket of octets."""

from scop.net.pace import Pace


def test_burst_is_free_and_more_has_to_wait() -> None:
    """What exceeds the bucket costs the time in which it is filled again."""
    pace = Pace(1000.0, 5000.0)
    assert [0.0, 0.0, 2.0] == [pace.taken(2500, 10.0), pace.taken(2500, 10.0), pace.taken(2000, 10.0)]


def test_time_fills_the_bucket_up_to_its_burst() -> None:
    """A long rest earns a burst and no more."""
    pace = Pace(1000.0, 5000.0)
    pace.taken(5000, 0.0)
    assert [0.0, 1.0] == [pace.taken(5000, 3600.0), pace.taken(1000, 3600.0)]


def test_debt_is_worked_off_by_waiting() -> None:
    """Who waited as told may send on at the rate."""
    pace = Pace(1000.0, 1000.0)
    assert [1.0, 0.5] == [pace.taken(2000, 0.0), pace.taken(500, 1.0)]
