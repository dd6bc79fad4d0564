"""What is wrong with a zone, or with the step to its next version."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.dns.zone.check import Severity, check_step, check_zone
from scop.dns.zone.zone import Zone

HEAD = """\
@ 300 SOA mx hostmaster {} 3600 600 1209600 10
@ 300 NS mx
@ 300 NS ns.elsewhere.test.
mx 300 A 127.0.20.1
"""
DIGEST = "00" * 32
E, W = Severity.ERROR, Severity.WARNING


def zone(lines: str = "", serial: int = 7) -> Zone:
    """Return harbor.test with more lines."""
    return Zone.parse(HEAD.format(serial) + lines, "harbor.test")


def test_check_of_a_good_zone_finds_nothing() -> None:
    """A mail domain as it should be, with a delegation, glue and a wildcard, is fine."""
    lines = f"""\
@ 300 MX 10 mx
@ 300 TXT "v=spf1 mx include:spf.elsewhere.test -all"
_dmarc 300 TXT "v=DMARC1; p=reject"
_imaps._tcp 300 SRV 0 1 993 mx
_imap._tcp 300 SRV 0 0 0 .
www 300 CNAME mx
*.wild 300 A 127.0.20.2
@ 300 MX 20 any.wild
sub 300 NS ns.sub
sub 300 DS 1 13 2 {DIGEST}
ns.sub 300 A 127.0.20.3
away 300 CNAME www.elsewhere.test.
"""
    assert () == check_zone(zone(lines))


@pytest.mark.parametrize(
    ("lines", "severity", "owner", "type_", "reason"),
    [
        ("@ 300 MX 10 www\nwww 300 CNAME mx\n", E, "harbor.test", "MX", "is an alias"),
        ("@ 300 NS www\nwww 300 CNAME mx\n", E, "harbor.test", "NS", "is an alias"),
        ("@ 300 MX 10 nobody\n", E, "harbor.test", "MX", "nobody.harbor.test. has no address"),
        ("_x._tcp 300 SRV 0 0 1 nobody\n", E, "_x._tcp.harbor.test", "SRV", "no address"),
        ("@ 300 NS nobody\n", E, "harbor.test", "NS", "no address"),
        ("sub 300 NS ns.sub\n", E, "sub.harbor.test", "NS", "no glue"),
        ("@ 300 MX 0 .\n@ 300 MX 10 mx\n", E, "harbor.test", "MX", "null MX"),
        ('@ 300 TXT "v=spf1 -all"\n@ 300 TXT "v=spf1 mx -all"\n', E, "harbor.test", "TXT", "2 SPF records"),
        ('@ 300 TXT "v=spf1 ' + "include:a.test " * 11 + '-all"\n', E, "harbor.test", "TXT", "asks 11 times"),
        ('@ 300 TXT "v=spf1 mx"\n', W, "harbor.test", "TXT", "refuses nobody"),
        (
            '_dmarc 300 TXT "v=DMARC1; p=none"\n_dmarc 300 TXT "v=DMARC1; p=reject"\n',
            E,
            "_dmarc.harbor.test",
            "TXT",
            "DMARC",
        ),
        ("a 300 CNAME b\nb 300 CNAME a\n", E, "a.harbor.test", "CNAME", "circle"),
        ("a 300 CNAME b\n", W, "a.harbor.test", "CNAME", "b.harbor.test. is not there"),
        (f"a 300 DS 1 13 2 {DIGEST}\n", E, "a.harbor.test", "DS", "nothing is delegated"),
        ("d 300 DNAME e.test.\nx.d 300 A 127.0.0.1\n", E, "x.d.harbor.test", "A", "leads away"),
        ("sub 300 NS ns.elsewhere.test.\nx.sub 300 TXT hidden\n", W, "x.sub.harbor.test", "TXT", "never seen"),
        ("big 300 TXT " + ('"' + "x" * 250 + '" ') * 17 + "\n", W, "big.harbor.test", "TXT", "need TCP"),
    ],
)
def test_check_finds(lines: str, severity: Severity, owner: str, type_: str, reason: str) -> None:
    """Each mistake is found once, where it is made."""
    found = [each for each in check_zone(zone(lines)) if (each.owner, each.type) == (owner, type_)]
    assert [severity] == [each.severity for each in found]
    assert reason in found[0].reason


def test_check_counts_spf_lookups_to_the_limit() -> None:
    """Ten mechanisms that ask are allowed (RFC 7208 §4.6.4); those that do not ask do not count."""
    policy = "v=spf1 " + "a:x.test " * 10 + "ip4:192.0.2.1 -all"
    assert () == check_zone(zone(f'@ 300 TXT "{policy}"\n'))


def test_check_of_timers() -> None:
    """Timers with which secondaries would fail, and one lone server, are found (RFC 1912 §2.2, RFC 1034 §4.1)."""
    odd = Zone.parse("@ 300 SOA a b 0 600 600 900 10\n@ 300 NS a\na 300 A 127.0.0.1\n", "x.test")
    assert [E, W, W, W] == [found.severity for found in check_zone(odd)]


@pytest.mark.parametrize(
    ("serial", "is_fine"), [(8, True), (7, False), (6, False), (2**31 + 6, True), (2**31 + 7, False)]
)
def test_check_step_wants_a_later_serial(serial: int, is_fine: bool) -> None:
    """A changed zone has a serial that comes after the old one (RFC 1982 §3.2)."""
    assert is_fine == (not check_step(zone(), zone("a 300 A 127.0.0.1\n", serial)))


def test_check_step_of_the_same_zone_is_fine() -> None:
    """Nothing changed: nothing has to move. Another zone is no step."""
    assert () == check_step(zone(), zone())
    assert "another zone" in check_step(zone(), Zone.parse(HEAD.format(8), "lagoon.test"))[0].reason


_owners = st.sampled_from(("@", "mx", "a", "a.b", "*.b", "_dmarc", "sub", "x.sub", "ns.sub"))
_values = st.sampled_from(
    (
        "A 127.0.0.1",
        "MX 0 .",
        "MX 10 a.b",
        "NS ns.sub",
        "CNAME a",
        "CNAME nobody.b",
        "SRV 0 0 1 x.b",
        'TXT "v=spf1 a a:x redirect=y"',
        'TXT "v=DMARC1"',
        f"DS 1 13 2 {DIGEST}",
        "DNAME a.b",
    )
)


@given(st.lists(st.tuples(_owners, _values), max_size=12))
def test_check_says_something_of_any_zone(records: list[tuple[str, str]]) -> None:
    """Whatever a zone holds, it is judged in bounded time, errors first, and each finding is about a name of it."""
    try:
        it = zone("".join(f"{owner} 300 {value}\n" for owner, value in records))
    except RemoteProtocolError:
        return
    found = check_zone(it)
    assert sorted(found, key=lambda each: each.severity is W) == list(found)
    assert {each.owner for each in found} <= set(it.nodes)
