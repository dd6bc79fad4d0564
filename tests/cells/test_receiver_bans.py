"""Who misbehaves too often is hung up on, for a while."""

from __future__ import annotations

import pytest

from fakes.jumping_clock import JumpingClock
from scop.base.sources import Source
from scop.cells.receiver.bans import BanLimits, Bans, Misdeed, Patience

LIMITS = BanLimits(
    ban_seconds=600.0, per_host=Patience(3, 4), per_network=Patience(6, 9), within_seconds=60.0, max_sources=4
)
OFFENDER = "192.0.2.1"
COMMAND, RECIPIENT = Misdeed.BROKEN_COMMAND, Misdeed.REFUSED_RECIPIENT


@pytest.fixture
def clock() -> JumpingClock:
    """Let a test pass the time."""
    return JumpingClock()


@pytest.fixture
def bans(clock: JumpingClock) -> Bans:
    """Count with small limits."""
    return Bans(LIMITS, clock)


def source(address: str) -> Source:
    """Return where an IPv4 address is."""
    return Source(address, address.rpartition(".")[0] + ".0/24")


def misbehave(bans: Bans, address: str, times: int, misdeed: Misdeed = COMMAND) -> list[str]:
    """Misbehave that often; return what was banned at each."""
    return [bans.note(source(address), misdeed) for _ in range(times)]


def is_banned(bans: Bans, address: str) -> bool:
    """Say whether an address is hung up on."""
    return bool(bans.seconds_left(source(address)))


@pytest.mark.parametrize(("misdeed", "limit"), [(COMMAND, 3), (RECIPIENT, 4)])
def test_receiver_ban_begins_at_the_limit_of_each_misdeed(bans: Bans, misdeed: Misdeed, limit: int) -> None:
    """One less is borne; the ban is told once, and only of the offender."""
    assert [""] * (limit - 1) == misbehave(bans, OFFENDER, limit - 1, misdeed)
    assert not is_banned(bans, OFFENDER)
    assert [OFFENDER, ""] == misbehave(bans, OFFENDER, 2, misdeed)
    assert [True, False] == [is_banned(bans, OFFENDER), is_banned(bans, "192.0.2.2")]


def test_receiver_ban_counts_each_misdeed_by_itself(bans: Bans) -> None:
    """Two broken commands and three refused recipients are below both limits."""
    misbehave(bans, OFFENDER, 2, COMMAND)
    misbehave(bans, OFFENDER, 3, RECIPIENT)
    assert not is_banned(bans, OFFENDER)


def test_receiver_ban_ends_after_its_time_and_the_count_begins_anew(bans: Bans, clock: JumpingClock) -> None:
    """To the second."""
    misbehave(bans, OFFENDER, 3)
    clock.jump(LIMITS.ban_seconds - 0.5)
    assert is_banned(bans, OFFENDER)
    clock.jump(0.5)
    assert not is_banned(bans, OFFENDER)
    misbehave(bans, OFFENDER, 2)
    assert not is_banned(bans, OFFENDER)
    misbehave(bans, OFFENDER, 1)
    assert is_banned(bans, OFFENDER)


def test_receiver_old_misdeeds_do_not_count(bans: Bans, clock: JumpingClock) -> None:
    """The while begins with the first misdeed."""
    misbehave(bans, OFFENDER, 2)
    clock.jump(LIMITS.within_seconds)
    misbehave(bans, OFFENDER, 2)
    assert not is_banned(bans, OFFENDER)


def test_receiver_ban_of_a_network_begins_at_its_own_limit(bans: Bans) -> None:
    """Many hosts, each within its limit: all of the network is hung up on, and nobody else."""
    hosts = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
    assert [""] * 5 + ["192.0.2.0/24"] == [each for host in hosts for each in misbehave(bans, host, 2)]
    assert [True, True, False] == [is_banned(bans, one) for one in (*hosts[:1], "192.0.2.99", "192.0.3.1")]


def test_receiver_remembers_who_misbehaved(bans: Bans, clock: JumpingClock) -> None:
    """One misdeed is remembered for the while, and so is a ban once it has ended."""
    misbehave(bans, OFFENDER, 1)
    assert [True, False] == [bans.remembers(source(one)) for one in (OFFENDER, "192.0.2.2")]
    clock.jump(LIMITS.within_seconds)
    assert not bans.remembers(source(OFFENDER))
    misbehave(bans, OFFENDER, 3)
    clock.jump(LIMITS.ban_seconds)
    assert [False, True] == [is_banned(bans, OFFENDER), bans.remembers(source(OFFENDER))]
    clock.jump(LIMITS.within_seconds)
    assert not bans.remembers(source(OFFENDER))


def test_receiver_remembers_a_bounded_number_of_tallies(bans: Bans) -> None:
    """The one that was good for the longest is forgotten first."""
    for network in (1, 2, 3):
        misbehave(bans, f"192.0.{network}.1", 2)
    assert ["", "192.0.3.1"] == [*misbehave(bans, "192.0.1.1", 1), *misbehave(bans, "192.0.3.1", 1)]


def test_receiver_remembers_a_bounded_number_of_bans(bans: Bans) -> None:
    """The oldest ban ends first; single misdeeds of many others end none."""
    for network in range(1, 6):
        misbehave(bans, f"192.0.{network}.1", 3)
    for network in range(100, 200):
        misbehave(bans, f"192.0.{network}.1", 1)
    assert [False, True, True, True, True] == [is_banned(bans, f"192.0.{network}.1") for network in range(1, 6)]
