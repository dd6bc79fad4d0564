"""How sure the relay must be of a host: which of all wishes counts, decided without a network."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.cells.relay.route import Host, Route
from scop.cells.relay.tls_policy import (
    MAX_REPORTED,
    MAX_REPORTED_CHARACTERS,
    Demand,
    HostPolicy,
    Level,
    Needs,
    PolicyType,
    Refused,
    TlsResult,
    host_policy,
)
from scop.dane import DaneState, TlsaFound
from scop.dns import TLSA
from scop.mesh.config import Smarthost
from scop.mtasts import Mode, Policy

SEA, NAME = "sea.test", "mx.sea.test"
HOST = Host(NAME, ("192.0.2.1",))
PLAIN, SECURE = Route(SEA, (HOST,)), Route(SEA, (HOST,), secure=True)
PIN = TLSA(3, 1, 1, bytes(32))
NO_TLSA = TlsaFound(DaneState.NONE, host=NAME)
USABLE = TlsaFound(DaneState.USABLE, NAME, NAME, (PIN,))
UNUSABLE = TlsaFound(DaneState.UNUSABLE, NAME, NAME, (TLSA(1, 1, 1, bytes(32)),))
FAILED = TlsaFound(DaneState.FAILED, NAME, NAME, reason="bogus")
ENFORCE, TESTING = Policy(Mode.ENFORCE, 86_400, (NAME,)), Policy(Mode.TESTING, 86_400, (NAME,))
ELSEWHERE = Policy(Mode.ENFORCE, 86_400, ("mail.other.test",))
SMART = Route(SEA, (HOST,), smarthost=Smarthost("out.test", tls="none"))
PLAIN_NEEDS, STRICT, LAX = Needs(), Needs(require_tls=True), Needs(tls_optional=True)

MAY = Demand()
PKIX = Demand(Level.PKIX, NAME)
DANE = Demand(Level.DANE, NAME, (PIN,), (NAME, SEA))


@pytest.mark.parametrize(
    ("route", "needs", "sts", "tlsa", "demands", "type_"),
    [
        (PLAIN, PLAIN_NEEDS, None, NO_TLSA, (MAY,), PolicyType.NONE),
        (SECURE, PLAIN_NEEDS, None, USABLE, (DANE,), PolicyType.TLSA),
        (SECURE, PLAIN_NEEDS, ENFORCE, USABLE, (DANE,), PolicyType.TLSA),
        (SECURE, PLAIN_NEEDS, ELSEWHERE, USABLE, (DANE,), PolicyType.TLSA),
        (SECURE, PLAIN_NEEDS, None, UNUSABLE, (Demand(Level.ENCRYPTED, NAME),), PolicyType.TLSA),
        (SECURE, PLAIN_NEEDS, ENFORCE, UNUSABLE, (PKIX,), PolicyType.STS),
        (SECURE, PLAIN_NEEDS, TESTING, UNUSABLE, (Demand(Level.ENCRYPTED, NAME),), PolicyType.TLSA),
        (PLAIN, PLAIN_NEEDS, ENFORCE, NO_TLSA, (PKIX,), PolicyType.STS),
        (PLAIN, PLAIN_NEEDS, TESTING, NO_TLSA, (PKIX, MAY), PolicyType.STS),
        (PLAIN, LAX, ENFORCE, NO_TLSA, (MAY,), PolicyType.NONE),
        (SECURE, LAX, None, FAILED, (MAY,), PolicyType.NONE),
        (PLAIN, STRICT, TESTING, NO_TLSA, (PKIX,), PolicyType.STS),
        (SECURE, STRICT, None, NO_TLSA, (PKIX,), PolicyType.NONE),
        (SECURE, STRICT, None, UNUSABLE, (PKIX,), PolicyType.TLSA),
        (SECURE, STRICT, None, USABLE, (DANE,), PolicyType.TLSA),
        (SECURE, Needs(require_tls=True, tls_optional=True), None, USABLE, (DANE,), PolicyType.TLSA),
    ],
)
def test_relay_tls_policy_demands(
    route: Route, needs: Needs, sts: Policy | None, tlsa: TlsaFound, demands: tuple[Demand, ...], type_: PolicyType
) -> None:
    """REQUIRETLS, DANE, MTA-STS and opportunism, in this order; `TLS-Required: No` lowers all but the first."""
    decided = host_policy(route, HOST, needs, sts, tlsa)
    assert isinstance(decided, HostPolicy)
    assert (demands, type_, needs.require_tls) == (decided.demands, decided.reported.type, decided.needs_requiretls)


@pytest.mark.parametrize(
    ("route", "needs", "sts", "tlsa", "result", "status"),
    [
        (SECURE, PLAIN_NEEDS, None, FAILED, TlsResult.DNSSEC_INVALID, "4.7.5"),
        (SECURE, PLAIN_NEEDS, ENFORCE, FAILED, TlsResult.DNSSEC_INVALID, "4.7.5"),
        (PLAIN, PLAIN_NEEDS, ELSEWHERE, NO_TLSA, TlsResult.VALIDATION_FAILURE, "4.7.5"),
        (PLAIN, STRICT, None, NO_TLSA, TlsResult.VALIDATION_FAILURE, "5.7.30"),
    ],
)
def test_relay_tls_policy_refuses(
    route: Route, needs: Needs, sts: Policy | None, tlsa: TlsaFound, result: TlsResult, status: str
) -> None:
    """A host that cannot be proved to be the domain's gets no mail; that REQUIRETLS cannot be kept is told at once."""
    decided = host_policy(route, HOST, needs, sts, tlsa)
    assert isinstance(decided, Refused)
    assert (result, status) == (decided.result, decided.status)


@given(
    st.sampled_from((PLAIN, SECURE, SMART)),
    st.booleans(),
    st.sampled_from((None, ENFORCE, TESTING, ELSEWHERE)),
    st.sampled_from((NO_TLSA, USABLE, UNUSABLE, FAILED)),
)
def test_relay_tls_policy_never_lowers_requiretls(
    route: Route, tls_optional: bool, sts: Policy | None, tlsa: TlsaFound
) -> None:
    """RFC 8689 §4.2.1: whatever domain, author and configuration say, the host is proved and asked for REQUIRETLS."""
    decided = host_policy(route, HOST, Needs(require_tls=True, tls_optional=tls_optional), sts, tlsa)
    if isinstance(decided, HostPolicy):
        assert decided.needs_requiretls
        assert {demand.level for demand in decided.demands} <= {Level.DANE, Level.PKIX}


def test_relay_tls_policy_reports_little_of_what_strangers_write() -> None:
    """A record may hold a whole certificate; a report, and the table of counts, hold its beginning."""
    large = TlsaFound(DaneState.USABLE, NAME, NAME, (TLSA(3, 0, 0, bytes(60_000)),) * 100)
    decided = host_policy(SECURE, HOST, PLAIN_NEEDS, None, large)
    assert isinstance(decided, HostPolicy)
    assert (MAX_REPORTED, {MAX_REPORTED_CHARACTERS}) == (
        len(decided.reported.strings),
        {len(each) for each in decided.reported.strings},
    )


def test_relay_tls_policy_tests_only() -> None:
    """RFC 8461 §5: in `testing` a host that the policy does not name is counted and served."""
    decided = host_policy(PLAIN, HOST, PLAIN_NEEDS, Policy(Mode.TESTING, 1, ("mail.other.test",)), NO_TLSA)
    assert isinstance(decided, HostPolicy)
    assert ((MAY,), TlsResult.VALIDATION_FAILURE) == (decided.demands, decided.flaw)


@pytest.mark.parametrize(
    ("tls", "demand"),
    [
        ("implicit", Demand(Level.PKIX, "out.test", implicit=True)),
        ("starttls", Demand(Level.PKIX, "out.test")),
        ("none", MAY),
    ],
)
def test_relay_tls_policy_of_a_smarthost(tls: Literal["implicit", "starttls", "none"], demand: Demand) -> None:
    """The owner's word on a smarthost counts, and nothing that the recipient's domain says."""
    smarthost = Smarthost("out.test", tls=tls)
    route = Route(SEA, (Host("out.test", ()),), secure=True, smarthost=smarthost)
    decided = host_policy(route, route.hosts[0], PLAIN_NEEDS, ELSEWHERE, FAILED)
    assert isinstance(decided, HostPolicy)
    assert (demand,) == decided.demands
    strict = host_policy(route, route.hosts[0], STRICT, None, NO_TLSA)
    assert (tls == "none") == isinstance(strict, Refused)
