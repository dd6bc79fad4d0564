"""The examples of RFC 7208, Appendix A: the zones as they stand there, and what is said of each policy."""

from __future__ import annotations

import pytest

from scop.dns import StaticNames, run
from scop.spf import SpfWord, check_mail_from

HOSTS = ("192.0.2.10", "192.0.2.11", "192.0.2.65", "192.0.2.66", "192.0.2.129", "192.0.2.130", "192.0.2.140")
ELSEWHERE = ("10.0.0.4", "198.51.100.7")

# RFC 7208 §A: $ORIGIN example.com, example.org, 2.0.192.in-addr.arpa and 0.0.10.in-addr.arpa
ZONE: dict[str, list[object]] = {
    "example.com": [
        {"MX": [10, "mail-a.example.com"]},
        {"MX": [20, "mail-b.example.com"]},
        {"A": "192.0.2.10"},
        {"A": "192.0.2.11"},
    ],
    "amy.example.com": [{"A": "192.0.2.65"}],
    "bob.example.com": [{"A": "192.0.2.66"}],
    "mail-a.example.com": [{"A": "192.0.2.129"}],
    "mail-b.example.com": [{"A": "192.0.2.130"}],
    "www.example.com": [{"CNAME": "example.com"}],
    "example.org": [{"MX": [10, "mail-c.example.org"]}],
    "mail-c.example.org": [{"A": "192.0.2.140"}],
    "10.2.0.192.in-addr.arpa": [{"PTR": "example.com"}],
    "11.2.0.192.in-addr.arpa": [{"PTR": "example.com"}],
    "65.2.0.192.in-addr.arpa": [{"PTR": "amy.example.com"}],
    "66.2.0.192.in-addr.arpa": [{"PTR": "bob.example.com"}],
    "129.2.0.192.in-addr.arpa": [{"PTR": "mail-a.example.com"}],
    "130.2.0.192.in-addr.arpa": [{"PTR": "mail-b.example.com"}],
    "140.2.0.192.in-addr.arpa": [{"PTR": "mail-c.example.org"}],
    "4.0.0.10.in-addr.arpa": [{"PTR": "bob.example.com"}],
}


def _passing(policies: dict[str, str], sender: str, addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Return the addresses that pass."""
    zone = dict(ZONE)
    for name, text in policies.items():
        zone[name] = [*zone.get(name, []), {"TXT": text}]
    names = StaticNames.from_openspf(zone)
    found = {address: run(check_mail_from(address, sender, "h.test"), names).result for address in addresses}
    assert set(found.values()) <= {SpfWord.PASS, SpfWord.FAIL}
    return tuple(address for address, word in found.items() if word is SpfWord.PASS)


@pytest.mark.parametrize(
    ("text", "passing"),
    [
        ("v=spf1 +all", (*HOSTS, *ELSEWHERE)),
        ("v=spf1 a -all", ("192.0.2.10", "192.0.2.11")),
        ("v=spf1 a:example.org -all", ()),
        ("v=spf1 mx -all", ("192.0.2.129", "192.0.2.130")),
        ("v=spf1 mx:example.org -all", ("192.0.2.140",)),
        ("v=spf1 mx mx:example.org -all", ("192.0.2.129", "192.0.2.130", "192.0.2.140")),
        ("v=spf1 mx/30 mx:example.org/30 -all", ("192.0.2.129", "192.0.2.130", "192.0.2.140")),
        # the names of .10 and .11 are example.com itself, and mail-a, mail-b, amy and bob lie below it
        ("v=spf1 ptr -all", tuple(host for host in HOSTS if host != "192.0.2.140")),
        ("v=spf1 ip4:192.0.2.128/28 -all", ("192.0.2.129", "192.0.2.130", "192.0.2.140")),
    ],
)
def test_the_simple_examples(text: str, passing: tuple[str, ...]) -> None:
    """RFC 7208 §A.1: who passes each policy of example.com; a name that does not lead back is none (10.0.0.4)."""
    assert passing == _passing({"example.com": text}, "x@example.com", (*HOSTS, *ELSEWHERE))


@pytest.mark.parametrize(("address", "passing"), [("192.0.2.131", True), ("192.0.2.143", True), ("192.0.2.132", False)])
def test_the_example_of_prefixes(address: str, passing: bool) -> None:
    """RFC 7208 §A.1: mx/30 takes the whole network of each mail exchanger."""
    text = "v=spf1 mx/30 mx:example.org/30 -all"
    assert ((address,) if passing else ()) == _passing({"example.com": text}, "x@example.com", (address,))


@pytest.mark.parametrize("name", ["example.org", "la.example.org", "sf.example.org"])
def test_the_example_of_several_domains(name: str) -> None:
    """RFC 7208 §A.2: include adds the senders of others, redirect gives a domain the whole policy of another."""
    policies = {
        "example.org": "v=spf1 include:example.com include:example.net -all",
        "la.example.org": "v=spf1 redirect=example.org",
        "sf.example.org": "v=spf1 redirect=example.org",
        "example.com": "v=spf1 mx -all",
        "example.net": "v=spf1 ip4:192.0.2.65 -all",
    }
    assert ("192.0.2.65", "192.0.2.129", "192.0.2.130") == _passing(policies, f"x@{name}", HOSTS)


@pytest.mark.parametrize(
    ("sender", "addresses", "passing"),
    [
        ("mary@example.com", ("198.51.100.7",), ("198.51.100.7",)),
        ("fred+list@example.com", ("198.51.100.7",), ("198.51.100.7",)),
        ("joel@example.com", ("192.168.15.15", "192.168.15.16"), ("192.168.15.15",)),
        ("eve@example.com", ("198.51.100.7", "192.168.15.15", "192.0.2.129"), ("192.0.2.129",)),
    ],
)
def test_the_example_in_the_style_of_a_block_list(
    sender: str, addresses: tuple[str, ...], passing: tuple[str, ...]
) -> None:
    """RFC 7208 §A.3: names made of the user, or of user and address, allow these alone."""
    zone = dict(ZONE)
    zone["mary.mobile-users._spf.example.com"] = [{"A": "127.0.0.2"}]
    zone["fred.mobile-users._spf.example.com"] = [{"A": "127.0.0.2"}]
    zone["15.15.168.192.joel.remote-users._spf.example.com"] = [{"A": "127.0.0.2"}]
    zone["mobile-users._spf.example.com"] = [{"TXT": "v=spf1 exists:%{l1r+}.%{d}"}]
    zone["remote-users._spf.example.com"] = [{"TXT": "v=spf1 exists:%{ir}.%{l1r+}.%{d}"}]
    text = "v=spf1 mx include:mobile-users._spf.%{d} include:remote-users._spf.%{d} -all"
    zone["example.com"] = [*zone["example.com"], {"TXT": text}]
    names = StaticNames.from_openspf(zone)
    found = [
        address for address in addresses if run(check_mail_from(address, sender, "h.test"), names).result == "pass"
    ]
    assert list(passing) == found


@pytest.mark.parametrize(
    ("address", "passing"), [("192.0.2.129", True), ("192.0.2.140", False), ("10.0.0.4", False), ("192.0.2.99", False)]
)
def test_the_example_of_several_requirements(address: str, passing: bool) -> None:
    """RFC 7208 §A.4: includes that are turned around ask for the network and for the name, both."""
    policies = {
        "example.com": "v=spf1 -include:ip4._spf.%{d} -include:ptr._spf.%{d} +all",
        "ip4._spf.example.com": "v=spf1 -ip4:192.0.2.0/24 +all",
        "ptr._spf.example.com": "v=spf1 -ptr:example.com +all",
    }
    assert ((address,) if passing else ()) == _passing(policies, "x@example.com", (address,))
