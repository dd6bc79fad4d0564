"""MTA-STS: the record, the policy's text, its patterns, and what to do with a policy that is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import LimitExceeded, RemoteProtocolError
from scop.dns import CNAME, TIMEOUT, TXT, Security, StaticNames, run
from scop.mtasts import KeptPolicy, Mode, Plan, Policy, lookup, parse_policy, parse_record, plan, policy_url

TEXT = b"version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n"
POLICY = Policy(Mode.ENFORCE, 604_800, ("mail.example.com", "*.example.net"))


def test_mtasts_reads_the_policy_of_the_standard() -> None:
    """RFC 8461 §3.2: the example, and back."""
    assert POLICY == parse_policy(TEXT)
    assert TEXT == POLICY.to_octets()


@pytest.mark.parametrize(
    "octets",
    [
        TEXT.replace(b"\r\n", b"\n"),
        TEXT.removesuffix(b"\r\n"),
        TEXT.replace(b": ", b":\t ").replace(b"\r\n", b"  \r\n"),
        TEXT + b"mode: none\r\nextension: anything \xc3\xa4\r\n\r\n",
        TEXT.replace(b"mail.example.com", b"MAIL.Example.com"),
    ],
)
def test_mtasts_reads_a_policy_however_it_is_written(octets: bytes) -> None:
    """RFC 8461 §3.2: LF, blanks, extensions; of what is repeated against the rule the first counts."""
    assert POLICY == parse_policy(octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"<html>",
        TEXT.replace(b"STSv1", b"STSv2"),
        TEXT.replace(b"enforce", b"Enforce"),
        TEXT.replace(b"max_age: 604800", b"max_age: -1"),
        TEXT.replace(b"max_age: 604800", b"max_age: 12345678901"),
        TEXT.replace(b"max_age: 604800\r\n", b""),
        TEXT.replace(b"*.example.net", b"*"),
        TEXT.replace(b"*.example.net", b"a.*.example.net"),
        TEXT.replace(b"*.example.net", b"*example.net"),
        TEXT.replace(b"*.example.net", b"192.0.2.1 example"),
        TEXT.replace(b"mx: mail.example.com\r\nmx: *.example.net\r\n", b""),
        TEXT + b"\xff",
        TEXT + b"mx : a.test",
    ],
)
def test_mtasts_refuses_what_is_no_policy(octets: bytes) -> None:
    """What breaks the syntax is no policy at all (and RFC 8461 §3.3 then keeps the old one)."""
    with pytest.raises(RemoteProtocolError):
        parse_policy(octets)


@given(st.binary(max_size=60))
def test_mtasts_policy_faults_are_the_peer_s(octets: bytes) -> None:
    """Whatever is served, only `RemoteProtocolError` escapes."""
    for text in (octets, TEXT + octets):
        try:
            parse_policy(text)
        except RemoteProtocolError:
            continue


@given(
    st.sampled_from(Mode),
    st.integers(0, 31_557_600),
    st.lists(st.from_regex(r"(\*\.)?[a-z0-9]{1,9}(\.[a-z0-9]{1,9}){0,3}", fullmatch=True), min_size=1, unique=True),
)
def test_mtasts_parse_undoes_to_octets(mode: Mode, max_age_seconds: int, mx: list[str]) -> None:
    """What we write is what we read."""
    policy = Policy(mode, max_age_seconds, tuple(mx))
    assert policy == parse_policy(policy.to_octets())


@given(st.binary(max_size=40))
def test_mtasts_record_faults_are_the_peer_s(octets: bytes) -> None:
    """Whatever a TXT record holds, only `RemoteProtocolError` escapes."""
    for text in (octets, b"v=STSv1; id=1; " + octets):
        try:
            parse_record(text)
        except RemoteProtocolError:
            continue


def test_mtasts_bounds_a_policy() -> None:
    """A policy has 65,536 octets at most and 1,000 patterns; it holds for a year at most."""
    assert POLICY == parse_policy(TEXT + b"a: " + b"x" * (65_536 - len(TEXT) - 3))
    with pytest.raises(LimitExceeded):
        parse_policy(TEXT + b"a: " + b"x" * (65_536 - len(TEXT) - 2))
    with pytest.raises(RemoteProtocolError, match="patterns"):
        parse_policy(TEXT + b"mx: a.test\n" * 999)
    assert 31_557_600 == parse_policy(TEXT.replace(b"604800", b"9999999999")).max_age_seconds
    with pytest.raises(ValueError, match="max_age"):
        Policy(Mode.NONE, 31_557_601)
    longest = "a." * 127 + "b"
    assert (longest,) == Policy(Mode.ENFORCE, 1, (longest,)).mx
    with pytest.raises(ValueError, match="pattern"):
        Policy(Mode.ENFORCE, 1, (f"{longest}c",))


@pytest.mark.parametrize(
    ("host", "is_allowed"),
    [
        ("mail.example.com", True),
        ("Mail.Example.COM.", True),
        ("mx.example.net", True),
        ("a.mx.example.net", False),
        ("example.net", False),
        ("mail.example.org", False),
        ("example.com", False),
    ],
)
def test_mtasts_matches_hosts(host: str, is_allowed: bool) -> None:
    """RFC 8461 §4.1: a wildcard covers one label, the first."""
    assert is_allowed == POLICY.allows(host)


def test_mtasts_reads_records() -> None:
    """RFC 8461 §3.1: version, id, extensions; blanks around semicolons."""
    assert "20160831085700Z" == parse_record(b"v=STSv1; id=20160831085700Z;")
    assert "1" == parse_record(b"v=STSv1 ;\tx=y;id=1")


@pytest.mark.parametrize(
    "octets",
    [
        *(b"", b"v=STSv1", b"v=STSv1;", b"v=STSv1; id=", b"v=STSv1; id=a-b", b"v=STSv1; id=1; id=2", b"V=STSv1; id=1"),
        *(b"v=STSv1; id=" + b"1" * 33, b"v=STSv1; id=1;;", b"v=STSv1; id=1; x", b"v=STSv1; id=1" + b"; x=y" * 1000),
    ],
)
def test_mtasts_refuses_broken_records(octets: bytes) -> None:
    """RFC 8461 §3.1: an id of 1 to 32 letters and digits, once."""
    with pytest.raises(RemoteProtocolError):
        parse_record(octets)


@pytest.mark.parametrize(
    ("records", "id_"),
    [
        ([TXT.of(b"v=STSv1; id=1")], "1"),
        ([TXT((b"v=STSv1; i", b"d=1"))], "1"),
        ([TXT.of(b"v=STSv1; id=1"), TXT.of(b"v=spf1 -all")], "1"),
        ([TXT.of(b"v=STSv1; id=1"), TXT.of(b"v=STSv1; id=2")], ""),
        ([TXT.of(b"v=STSv1; id=")], ""),
        ([], ""),
    ],
)
def test_mtasts_looks_for_the_one_record(records: list[TXT], id_: str) -> None:
    """RFC 8461 §3.1: other texts are passed over, and two records are as good as none."""
    names = StaticNames(
        {("_mta-sts.sea.test", "TXT"): records, ("_mta-sts.al.test", "CNAME"): [CNAME("_mta-sts.sea.test")]}
    )
    assert id_ == run(lookup("sea.test"), names)
    assert id_ == run(lookup("al.test"), names)


def test_mtasts_lookup_knows_nothing_where_nobody_answers() -> None:
    """No answer is told from no record, which a name that cannot be asked for has; a policy that is kept goes on."""
    names = StaticNames({("_mta-sts.sea.test", "TXT"): TIMEOUT}, security={"b.test": Security.BOGUS})
    domains = "sea.test", "b.test", ".".join(["a" * 62] * 4), "[192.0.2.1]"
    assert [None, None, "", ""] == [run(lookup(domain), names) for domain in domains]


def test_mtasts_names_the_place_of_a_policy() -> None:
    """RFC 8461 §3.3: the one well-known place."""
    assert "https://mta-sts.sea.test/.well-known/mta-sts.txt" == policy_url("sea.test")


KEPT = KeptPolicy(POLICY, "1", 1000.0)
GONE = KeptPolicy(Policy(Mode.NONE, 604_800), "1", 1000.0)


@pytest.mark.parametrize(
    ("kept", "id_", "now", "failed", "what"),
    [
        (None, "", 1000.0, None, Plan.NONE),
        (None, "1", 1000.0, None, Plan.FETCH),
        (None, "1", 1299.0, 1000.0, Plan.NONE),
        (None, "1", 1300.0, 1000.0, Plan.FETCH),
        (KEPT, "1", 1001.0, None, Plan.USE),
        (KEPT, "2", 1001.0, None, Plan.FETCH),
        (KEPT, "2", 1201.0, 1001.0, Plan.USE),
        (KEPT, "", 1001.0, None, Plan.USE),
        (KEPT, "", 605_800.0, None, Plan.NONE),
        (KEPT, "1", 605_800.0, None, Plan.FETCH),
        (KEPT, "1", 605_799.9, None, Plan.USE),
        (GONE, "1", 1001.0, None, Plan.NONE),
        (GONE, "2", 1001.0, None, Plan.FETCH),
    ],
)
def test_mtasts_plans(kept: KeptPolicy | None, id_: str, now: float, failed: float | None, what: Plan) -> None:
    """RFC 8461 §3.3 and §5.1: a new id is fetched, a failure waits five minutes, a policy holds until its age ends."""
    assert what is plan(kept, id_, now, failed_unix=failed)
