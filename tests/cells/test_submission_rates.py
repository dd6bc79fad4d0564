"""How much an account and an address may send; who is over is told when to come back."""

from __future__ import annotations

import re
import smtplib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.jumping_clock import JumpingClock
from fakes.submission_mesh import Setting, submission_mesh
from scop.cells.submission.rates import Excess, Rates
from scop.mesh.config import Device, Submission
from scop.mesh.config.submission import PerAccount, PerClient
from scop.net.meters import MAX_KEYS, Meter, Rate

NONE = PerAccount(0, 0, 0, 0, 0, 0)
FREE = PerClient(0, 0, 0, 0, 0, 0)
HERE, THERE = "192.0.2.1", "198.51.100.1"
SECONDS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}


def rates(
    clock: JumpingClock, account: PerAccount = NONE, address: PerClient = FREE, own: tuple[str, ...] = ()
) -> Rates:
    """Return limits of which only the given hold."""
    return Rates(Submission(account, address), clock, own)


@pytest.mark.parametrize("what", ["mails", "recipients"])
@pytest.mark.parametrize("period", SECONDS)
def test_rate_holds_at_the_limit_and_one_more(what: str, period: str) -> None:
    """Three pass, the fourth waits a third of the period; another account is not concerned."""
    clock = JumpingClock()
    limited = rates(clock, msgspec.structs.replace(NONE, **{f"{what}_per_{period}": 3}))
    assert [None] * 3 == [limited.take(what, "alice", HERE) for _ in range(3)]
    excess = limited.take(what, "alice", THERE)
    assert excess == Excess(what, 3, period, "your account", SECONDS[period] / 3)
    assert None is limited.take(what, "bob", HERE)
    clock.jump(SECONDS[period] / 3)
    assert None is limited.take(what, "alice", HERE)


def test_rate_of_an_address_counts_all_accounts() -> None:
    """IPv4 by address, IPv6 by /64; own networks are exempt."""
    clock = JumpingClock()
    limited = rates(clock, address=msgspec.structs.replace(FREE, mails_per_hour=1), own=("10.0.0.0/8",))
    assert [None, None] == [limited.take("mails", "alice", address) for address in (HERE, "2001:db8::1")]
    for address in (HERE, "2001:db8::2"):
        excess = limited.take("mails", "bob", address)
        assert excess is not None
        assert "your address" == excess.whose
    assert None is limited.take("mails", "bob", "2001:db8:0:1::1")
    assert [None] * 5 == [limited.take("mails", "alice", "10.1.2.3") for _ in range(5)]


def test_rate_that_is_refused_counts_nothing() -> None:
    """What the address has no room for does not cost the account anything, nor the longer period."""
    clock = JumpingClock()
    limited = rates(
        clock,
        msgspec.structs.replace(NONE, mails_per_day=2),
        msgspec.structs.replace(FREE, mails_per_minute=1),
    )
    assert None is limited.take("mails", "alice", HERE)
    assert all(limited.take("mails", "alice", HERE) for _ in range(50))
    assert None is limited.take("mails", "alice", THERE)
    excess = limited.take("mails", "alice", "203.0.113.1")
    assert excess is not None
    assert "day" == excess.period


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.2, "1 second"),
        (12.1, "13 seconds"),
        (120, "120 seconds"),
        (121, "3 minutes"),
        (7200, "120 minutes"),
        (86400, "24 hours"),
    ],
)
def test_excess_says_when_to_come_back(seconds: float, expected: str) -> None:
    """4yz with 4.7.1, and a time that is never too short."""
    answer = Excess("mails", 60, "minute", "your account", seconds).reply()
    text = f"Too many mails: 60 a minute are allowed from your account, try again in {expected}"
    assert f"450 4.7.1 {text}" == str(answer)


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 6)), max_size=80), st.integers(1, 8))
def test_rate_lets_no_more_pass_than_one_burst_and_the_rate(steps: list[tuple[float, int]], limit: int) -> None:
    """In any stretch of time at most the limit and what runs out of the bucket; and the told wait is right."""
    clock = JumpingClock(0.0)
    limited = rates(clock, msgspec.structs.replace(NONE, mails_per_minute=limit))
    passed: list[float] = []
    for seconds, wanted in steps:
        clock.jump(seconds)
        for _ in range(wanted):
            excess = limited.take("mails", "alice", HERE)
            if excess is None:
                passed.append(clock.monotonic())
            else:
                assert 0 < excess.wait_seconds <= 60 / limit + 1e-6
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            assert last - first + 1 <= limit + (passed[last] - passed[first]) * limit / 60 + 1e-6
    wait = getattr(limited.take("mails", "alice", HERE), "wait_seconds", 0.0)
    clock.jump(wait + 1e-6)
    assert not wait or limited.take("mails", "alice", HERE) is None


def test_rate_remembers_a_bounded_number_of_clients() -> None:
    """However many addresses come: the one that was heard of least recently is forgotten."""
    clock = JumpingClock()
    meter = Meter(Rate(1, 60), clock)
    for number in range(MAX_KEYS + 100):
        meter.add(str(number))
    assert MAX_KEYS == len(meter)


@pytest.mark.parametrize("limits", [{"mails_per_day": -1}, {"recipients_per_minute": -5}])
def test_rate_is_not_negative(limits: dict[str, int]) -> None:
    """0 is no limit; less is a mistake."""
    with pytest.raises(ValueError, match="a limit is"):
        PerAccount(**limits)


async def test_mails_and_recipients_over_the_limit_wait() -> None:
    """MAIL and RCPT are answered 450; after the told time all is well again, and the log knows why."""

    def work(client: smtplib.SMTP) -> list[str]:
        said = []
        for recipients in (3, 1):
            said.append(client.mail("alice@harbor.test"))
            said += [client.rcpt(f"{number}@lagoon.test") for number in range(recipients)]
            client.rset()
        said.append(client.mail("alice@harbor.test"))
        return [f"{code} {text.decode()}" for code, text in said]

    limits = msgspec.structs.replace(NONE, mails_per_minute=2, recipients_per_minute=2)
    setting = Setting(submission=Submission(limits, FREE))
    async with submission_mesh(setting) as mesh:
        said = await mesh.with_client(work)
        assert ["250", "250", "250", "450", "250", "450", "450"] == [line[:3] for line in said]
        assert (
            "450 4.7.1 Too many recipients: 2 a minute are allowed from your account, try again in 30 seconds"
            == said[3]
        )
        assert re.search("Too many mails: 2 a minute", said[6])
        mesh.clock.jump(30)
        assert 250 == await mesh.with_client(lambda client: client.mail("alice@harbor.test")[0])
    assert "more than 2 recipients a minute from your account" in mesh.log.reasons("mail.refused")


async def test_rate_survives_reconnects_and_holds_for_devices() -> None:
    """A device is an account of its own in this."""

    def work(client: smtplib.SMTP) -> int:
        return client.mail("scanner@harbor.test")[0]

    limits = msgspec.structs.replace(NONE, mails_per_minute=2)
    devices = {"scanner": Device(("127.0.0.1",), ("scanner@harbor.test",))}
    async with submission_mesh(Setting(submission=Submission(limits, FREE), devices=devices)) as mesh:
        assert [250, 250, 450] == [await mesh.with_client(work, mesh.client) for _ in range(3)]
        assert 250 == await mesh.with_client(lambda client: client.mail("alice@harbor.test")[0])
