"""Who misbehaves too often is told of once, and counted anew."""

from __future__ import annotations

import pytest

from fakes.jumping_clock import JumpingClock
from scop.base.sources import Source
from scop.cells.receiver.misdeeds import Misdeed, MisdeedLimits, Misdeeds, Patience

LIMITS = MisdeedLimits(per_host=Patience(3, 4), per_network=Patience(6, 9), within_seconds=60.0, max_sources=4)
OFFENDER = "192.0.2.1"
COMMAND, RECIPIENT = Misdeed.BROKEN_COMMAND, Misdeed.REFUSED_RECIPIENT


@pytest.fixture
def clock() -> JumpingClock:
    """Let a test pass the time."""
    return JumpingClock()


@pytest.fixture
def misdeeds(clock: JumpingClock) -> Misdeeds:
    """Count with small limits."""
    return Misdeeds(LIMITS, clock)


def source(address: str) -> Source:
    """Return where an IPv4 address is."""
    return Source(address, address.rpartition(".")[0] + ".0/24")


def misbehave(misdeeds: Misdeeds, address: str, times: int, misdeed: Misdeed = COMMAND) -> list[tuple[str, ...]]:
    """Misbehave that often; return who has done one too many at each."""
    return [misdeeds.note(source(address), misdeed) for _ in range(times)]


@pytest.mark.parametrize(("misdeed", "limit"), [(COMMAND, 3), (RECIPIENT, 4)])
def test_receiver_counts_each_misdeed_up_to_its_limit(misdeeds: Misdeeds, misdeed: Misdeed, limit: int) -> None:
    """One less is borne; then the count begins anew."""
    once = [()] * (limit - 1) + [(OFFENDER,)]
    assert once == misbehave(misdeeds, OFFENDER, limit, misdeed)
    assert [()] * (limit - 1) == misbehave(misdeeds, OFFENDER, limit, misdeed)[:-1]


def test_receiver_counts_each_misdeed_by_itself(misdeeds: Misdeeds) -> None:
    """Two broken commands and three refused recipients are below both limits."""
    assert [()] * 2 == misbehave(misdeeds, OFFENDER, 2, COMMAND)
    assert [()] * 3 == misbehave(misdeeds, OFFENDER, 3, RECIPIENT)


def test_receiver_old_misdeeds_do_not_count(misdeeds: Misdeeds, clock: JumpingClock) -> None:
    """The while begins with the first misdeed."""
    misbehave(misdeeds, OFFENDER, 2)
    clock.jump(LIMITS.within_seconds)
    assert [()] * 2 == misbehave(misdeeds, OFFENDER, 2)


def test_receiver_counts_a_network_up_to_its_own_limit(misdeeds: Misdeeds) -> None:
    """Many hosts, each within its limit."""
    hosts = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
    assert [()] * 5 + [("192.0.2.0/24",)] == [each for host in hosts for each in misbehave(misdeeds, host, 2)]


def test_receiver_remembers_who_misbehaved(misdeeds: Misdeeds, clock: JumpingClock) -> None:
    """One misdeed is remembered for the while, and so is one too many."""
    misbehave(misdeeds, OFFENDER, 1)
    assert [True, False] == [misdeeds.remembers(source(one)) for one in (OFFENDER, "192.0.2.2")]
    clock.jump(LIMITS.within_seconds)
    assert not misdeeds.remembers(source(OFFENDER))
    misbehave(misdeeds, OFFENDER, 3)
    assert misdeeds.remembers(source(OFFENDER))


def test_receiver_remembers_a_bounded_number_of_tallies(misdeeds: Misdeeds) -> None:
    """The one that was good for the longest is forgotten first."""
    for network in (1, 2, 3):
        misbehave(misdeeds, f"192.0.{network}.1", 2)
    assert [(), ("192.0.3.1",)] == [*misbehave(misdeeds, "192.0.1.1", 1), *misbehave(misdeeds, "192.0.3.1", 1)]
