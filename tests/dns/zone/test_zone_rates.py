"""Response rate limiting: equal answers to one network are bounded, and who really asks is led to TCP."""

from __future__ import annotations

import ipaddress
from collections import Counter

import dns.flags
import dns.message
import pytest

from scop.dns.zone import rates
from scop.dns.zone.rates import RateOptions, ResponseRates, Verdict, truncated_reply

OPTIONS = RateOptions(per_second=5, all_per_second=20, slip=2, window_seconds=4)


def judged(limiter: ResponseRates, count: int, *, at: float = 0.0, address: str = "192.0.2.1") -> Counter[Verdict]:
    """Judge equal answers and count what became of them."""
    return Counter(limiter.judge(address, b"Aname", at) for _ in range(count))


def test_rates_let_pass_up_to_the_limit() -> None:
    """A limit of n passes n answers a second, and not one more."""
    limiter = ResponseRates(OPTIONS)
    assert Counter({Verdict.SEND: 5}) == judged(limiter, 5)
    assert Verdict.SEND not in judged(limiter, 1)


def test_rates_send_every_second_one_empty() -> None:
    """Of those beyond the limit each second one comes with TC, so that nobody is shut out who really asks."""
    assert Counter({Verdict.SEND: 5, Verdict.DROP: 5, Verdict.TRUNCATE: 5}) == judged(ResponseRates(OPTIONS), 15)


def test_rates_never_slip_when_told_so() -> None:
    """Slip 0 drops all."""
    limiter = ResponseRates(RateOptions(per_second=5, slip=0))
    assert Counter({Verdict.SEND: 5, Verdict.DROP: 10}) == judged(limiter, 15)


def test_rates_hold_a_flood_until_it_ends() -> None:
    """Who went far beyond waits, at most as long as the window; who went a little beyond is soon welcome again."""
    limiter = ResponseRates(OPTIONS)
    judged(limiter, 1000)
    assert Verdict.SEND not in judged(limiter, 1, at=3.0)
    assert Counter({Verdict.SEND: 5}) == judged(limiter, 5, at=9.0)
    judged(limiter, 7, at=20.0)
    assert Counter({Verdict.SEND: 1}) == judged(limiter, 1, at=21.0)


def test_rates_count_networks() -> None:
    """A victim's neighbours share its account: /24 of IPv4, /56 of IPv6."""
    limiter = ResponseRates(OPTIONS)
    for full, same, other in (
        ("192.0.2.1", "192.0.2.200", "192.0.3.1"),
        ("2001:db8:0:1::1", "2001:db8:0:2::2", "2001:db8:0:100::1"),
    ):
        judged(limiter, 5, address=full)
        assert Verdict.SEND not in judged(limiter, 1, address=same)
        assert Counter({Verdict.SEND: 1}) == judged(limiter, 1, address=other)


def test_rates_count_all_answers_too() -> None:
    """Answers that are never equal, as from below a wildcard, have a limit of their own."""
    limiter = ResponseRates(OPTIONS)
    verdicts = Counter(limiter.judge("192.0.2.1", b"A%d" % n, 0.0) for n in range(40))
    assert (20, 10, 10) == (verdicts[Verdict.SEND], verdicts[Verdict.TRUNCATE], verdicts[Verdict.DROP])


@pytest.mark.parametrize("address", ["127.0.20.1", "::1", "::ffff:127.0.0.1", "10.1.2.3"])
def test_rates_exempt_whom_nobody_can_forge(address: str) -> None:
    """Loopback and networks named as ours are not counted."""
    options = RateOptions(per_second=1, exempt=(*rates.LOOPBACK, ipaddress.ip_network("10.0.0.0/8")))
    assert Counter({Verdict.SEND: 50}) == judged(ResponseRates(options), 50, address=address)


def test_rates_take_a_scoped_address() -> None:
    """An address on a link bears the link's name."""
    assert Counter({Verdict.SEND: 1}) == judged(ResponseRates(OPTIONS), 1, address="fe80::1%eth0")


def test_rates_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many networks ask, accounts are few; the elder half is forgotten."""
    monkeypatch.setattr(rates, "MAX_ACCOUNTS", 10)
    limiter = ResponseRates(OPTIONS)
    for n in range(1000):
        judged(limiter, 1, address=f"10.{n // 250}.{n % 250}.1", at=n / 100)
    assert len(limiter._young) + len(limiter._old) <= 22


def test_truncated_reply_is_header_and_question() -> None:
    """What slips through is smaller than what was asked for, and says TC."""
    response = dns.message.make_response(dns.message.make_query("a.test", "A"))
    octets = truncated_reply(response.to_wire())
    assert (response.question, True) == (
        dns.message.from_wire(octets).question,
        bool(dns.message.from_wire(octets).flags & dns.flags.TC),
    )
    header = b"\0\1\x80\0" + bytes(8)
    assert b"\0\1\x82\0" + bytes(8) == truncated_reply(header)
