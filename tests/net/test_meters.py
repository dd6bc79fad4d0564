"""What comes from somewhere is counted exactly, and in bounded memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.jumping_clock import JumpingClock
from scop.base.sources import Source
from scop.net.meters import Meter, Rate, TwoMeters

TEN_A_MINUTE = Rate(10, 60)
HERE = Source("192.0.2.1", "192.0.2.0/24")
BESIDE = Source("192.0.2.2", "192.0.2.0/24")
ELSEWHERE = Source("192.0.3.1", "192.0.3.0/24")


def two_meters(clock: JumpingClock) -> TwoMeters:
    """Take ten a minute of a host and fifteen of a network."""
    return TwoMeters(Meter(TEN_A_MINUTE, clock), Meter(Rate(15, 60), clock))


def test_meter_holds_at_n_and_n_plus_1() -> None:
    """Ten at once are taken, the eleventh not; six seconds later one more is."""
    clock = JumpingClock()
    meters = two_meters(clock)
    assert [0.0] * 10 + [6.0, 6.0] == [meters.take(HERE) for _ in range(12)]
    clock.jump(6)
    assert [0.0, 6.0] == [meters.take(HERE) for _ in range(2)]


def test_meter_of_a_network_holds_for_all_of_its_hosts() -> None:
    """What is refused for the network is not counted for the host, and other networks feel nothing."""
    clock = JumpingClock()
    meters = two_meters(clock)
    assert [0.0] * 10 == [meters.take(HERE) for _ in range(10)]
    assert [0.0] * 5 + [4.0] * 20 == [meters.take(BESIDE) for _ in range(25)]
    assert 0.0 == meters.take(ELSEWHERE)
    clock.jump(60)
    assert [0.0] * 10 == [meters.take(BESIDE) for _ in range(10)]


def test_meter_slows_down_what_came_already() -> None:
    """Octets that are here cannot be refused: nothing more is read until the rate is kept again."""
    clock = JumpingClock()
    meters = two_meters(clock)
    assert [0.0, 30.0] == [meters.slow_down(HERE, amount) for amount in (10, 5)]
    clock.jump(30)
    assert 0.0 == meters.slow_down(HERE, 0)


def test_meter_of_nothing_limits_nothing() -> None:
    """And remembers nobody."""
    meter = Meter(Rate(0, 60), JumpingClock())
    assert (0.0, 0.0, 0) == (meter.add("a", 10**9), meter.wait_seconds("a", 10**9), len(meter))


def test_meter_takes_one_amount_above_its_rate_when_empty() -> None:
    """Else it would never be taken."""
    meter = Meter(TEN_A_MINUTE, JumpingClock())
    assert 0.0 == meter.wait_seconds("a", 100)
    assert 540.0 == meter.add("a", 100)
    assert 540.0 == meter.wait_seconds("a", 0)


@pytest.mark.parametrize("max_keys", [1, 7])
def test_meter_is_bounded_whoever_knocks(max_keys: int) -> None:
    """Who was heard of least recently is forgotten first."""
    meter = Meter(TEN_A_MINUTE, JumpingClock(), max_keys=max_keys)
    for number in range(1000):
        meter.add(str(number), 10)
        assert len(meter) <= max_keys
    assert [6.0] * max_keys == [meter.wait_seconds(str(number)) for number in range(1000 - max_keys, 1000)]
    assert 0.0 == meter.wait_seconds(str(999 - max_keys))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 3)), max_size=60))
def test_meter_never_lets_more_than_rate_and_one_burst_through(steps: list[tuple[int, int]]) -> None:
    """Over any span of time, however the client spreads what it sends, and no wait is longer than a period."""
    clock = JumpingClock(0.0)
    meter = Meter(TEN_A_MINUTE, clock)
    taken: list[tuple[float, int]] = []
    for seconds, amount in steps:
        clock.jump(seconds)
        wait = meter.wait_seconds("a", amount)
        if not wait:
            meter.add("a", amount)
            taken.append((clock.monotonic(), amount))
        else:
            assert wait <= 60
    for first, (begin, _) in enumerate(taken):
        for last in range(first, len(taken)):
            within = sum(amount for _, amount in taken[first : last + 1])
            assert within <= 10 + (taken[last][0] - begin) / 6 + 1e-6
