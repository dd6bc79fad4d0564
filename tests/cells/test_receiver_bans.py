"""Who misbehaves too often is hung up on, for a while."""

from __future__ import annotations

import pytest

from fakes.jumping_clock import JumpingClock
from scop.cells.receiver.bans import BanLimits, Bans, Misdeed

LIMITS = BanLimits(ban_seconds=600.0, broken_commands=3, refused_recipients=4, within_seconds=60.0, max_networks=2)
OFFENDER = "192.0.2.1"
COMMAND, RECIPIENT = Misdeed.BROKEN_COMMAND, Misdeed.REFUSED_RECIPIENT


@pytest.fixture
def clock() -> JumpingClock:
    """Let a test pass the time."""
    return JumpingClock()


@pytest.fixture
def bans(clock: JumpingClock) -> Bans:
    """Count with small limits; 198.51.100.0/24 and 2001:db8:1::/48 are our own."""
    return Bans(LIMITS, clock, ("198.51.100.0/24", "2001:db8:1::/48"))


def misbehave(bans: Bans, address: str, times: int, misdeed: Misdeed = COMMAND) -> list[str]:
    """Misbehave that often; return what was banned at each."""
    return [bans.note(address, misdeed) for _ in range(times)]


@pytest.mark.parametrize(("misdeed", "limit"), [(COMMAND, 3), (RECIPIENT, 4)])
def test_receiver_ban_begins_at_the_limit_of_each_misdeed(bans: Bans, misdeed: Misdeed, limit: int) -> None:
    """One less is borne; the ban is told once, and only of the offender."""
    assert [""] * (limit - 1) == misbehave(bans, OFFENDER, limit - 1, misdeed)
    assert not bans.is_banned(OFFENDER)
    assert [OFFENDER, ""] == misbehave(bans, OFFENDER, 2, misdeed)
    assert [True, False] == [bans.is_banned(OFFENDER), bans.is_banned("192.0.2.2")]


def test_receiver_ban_counts_each_misdeed_by_itself(bans: Bans) -> None:
    """Two broken commands and three refused recipients are below both limits."""
    misbehave(bans, OFFENDER, 2, COMMAND)
    misbehave(bans, OFFENDER, 3, RECIPIENT)
    assert not bans.is_banned(OFFENDER)


def test_receiver_ban_ends_after_its_time_and_the_count_begins_anew(bans: Bans, clock: JumpingClock) -> None:
    """To the second."""
    misbehave(bans, OFFENDER, 3)
    clock.jump(LIMITS.ban_seconds - 0.5)
    assert bans.is_banned(OFFENDER)
    clock.jump(0.5)
    assert not bans.is_banned(OFFENDER)
    misbehave(bans, OFFENDER, 2)
    assert not bans.is_banned(OFFENDER)
    misbehave(bans, OFFENDER, 1)
    assert bans.is_banned(OFFENDER)


def test_receiver_old_misdeeds_do_not_count(bans: Bans, clock: JumpingClock) -> None:
    """The while begins with the first misdeed."""
    misbehave(bans, OFFENDER, 2)
    clock.jump(LIMITS.within_seconds)
    misbehave(bans, OFFENDER, 2)
    assert not bans.is_banned(OFFENDER)


def test_receiver_ban_takes_ipv6_by_64(bans: Bans) -> None:
    """Who has a /64 has all of its addresses, and no more."""
    for last in range(3):
        bans.note(f"2001:db8::{last}", COMMAND)
    assert bans.is_banned("2001:db8:0:0:ffff::1")
    assert not bans.is_banned("2001:db8:0:1::1")


@pytest.mark.parametrize("address", ["198.51.100.7", "2001:db8:1:2::3", "", "fe80::zz"])
def test_receiver_never_bans_our_own_networks_nor_what_is_no_address(bans: Bans, address: str) -> None:
    """However often they misbehave."""
    assert [""] * 9 == misbehave(bans, address, 9)
    assert not bans.is_banned(address)


def test_receiver_remembers_a_bounded_number_of_tallies(bans: Bans) -> None:
    """The one that was good for the longest is forgotten first."""
    misbehave(bans, "192.0.2.1", 2)
    misbehave(bans, "192.0.2.2", 2)
    misbehave(bans, "192.0.2.3", 2)
    assert ["", "192.0.2.3"] == [bans.note(address, COMMAND) for address in ("192.0.2.1", "192.0.2.3")]


def test_receiver_remembers_a_bounded_number_of_bans(bans: Bans) -> None:
    """The oldest ban ends first; single misdeeds of many others end none."""
    for last in (1, 2, 3):
        misbehave(bans, f"192.0.2.{last}", 3)
    for last in range(100, 200):
        misbehave(bans, f"192.0.2.{last}", 1)
    assert [False, True, True] == [bans.is_banned(f"192.0.2.{last}") for last in (1, 2, 3)]
