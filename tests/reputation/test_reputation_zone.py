"""The list in the form that mail servers ask (RFC 5782), and as sets of nftables."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dns import A, Question, StaticNames, run
from scop.dns.names import parent_name
from scop.reputation import Action, Cause, Entry, ask_list, listed_names, nft_sets
from scop.reputation.zone import ListedNames

NOW = 1_700_000_000.0
APEX = "bl.harbor.test"
ALWAYS = {
    f"2.0.0.127.{APEX}",
    f"2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.{APEX}",
    f"test.{APEX}",
}


def block(subject: str, seconds: float | None = None, cause: Cause = Cause.OPERATOR, reason: str = "") -> Entry:
    """Return an entry that shuts the door."""
    return Entry(subject, Action.BLOCK, cause, NOW, None if seconds is None else NOW + seconds, reason)


def owners(*subjects: str) -> set[str]:
    """Return the names below the apex that these make, without what is always there."""
    names = listed_names(map(block, subjects), APEX, NOW)
    return {name.removesuffix(f".{APEX}") for name in names if name not in ALWAYS}


def test_list_always_has_its_test_entries() -> None:
    """RFC 5782 §5: 127.0.0.2, its IPv6 form and TEST; never 127.0.0.1 or INVALID."""
    assert ALWAYS == set(listed_names((), APEX, NOW))


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("192.0.2.7", {"7.2.0.192"}),
        ("192.0.2.0/24", {"*.2.0.192"}),
        ("172.16.0.0/16", {"*.16.172"}),
        ("172.16.8.0/22", {f"*.{n}.16.172" for n in (8, 9, 10, 11)}),
        ("192.0.2.252/30", {f"{n}.2.0.192" for n in (252, 253, 254, 255)}),
        ("2001:db8::/64", {"*.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"}),
        ("2001:db8:a::/47", {"*.a.0.0.0.8.b.d.0.1.0.0.2", "*.b.0.0.0.8.b.d.0.1.0.0.2"}),
        ("lagoon.test", {"lagoon.test"}),
        ("10.0.0.0/8", set()),
        ("2.0.0.0/24", set()),
        ("2.0.0.7", {"7.0.0.2"}),
    ],
)
def test_list_writes_addresses_networks_and_domains(subject: str, expected: set[str]) -> None:
    """RFC 5782 §2.1, §2.3, §2.4, §3; what would also answer for others is left out."""
    assert expected == owners(subject)


def test_list_leaves_out_what_lies_in_a_listed_network() -> None:
    """RFC 4592 §2.2.1: a name of its own would hide the wildcard from its neighbours."""
    assert {"*.16.172", "7.2.0.192"} == owners("172.16.3.7", "172.16.0.0/16", "172.16.4.0/24", "192.0.2.7")


def test_list_leaves_nobody_out_for_a_network_that_is_not_listed() -> None:
    """Whose wildcard would also answer for IPv6: its hosts stand for themselves."""
    assert {"7.0.0.2"} == owners("2.0.0.0/24", "2.0.0.7")


@pytest.mark.parametrize(
    ("subject", "allowed", "is_listed"),
    [
        ("192.0.2.7", "192.0.2.0/24", False),
        ("192.0.2.7", "0.0.0.0/0", False),
        ("2001:db8:a::/64", "2001:db8:a::/48", False),
        ("192.0.2.7", "198.51.100.0/24", True),
        ("lagoon.test", "0.0.0.0/0", True),
        ("192.0.2.0/24", "192.0.2.9", False),
        ("2001:db8:a::/48", "2001:db8:a:1::/64", False),
        ("192.0.2.0/24", "192.0.3.9", True),
    ],
)
def test_list_leaves_out_whom_we_let_in(subject: str, allowed: str, is_listed: bool) -> None:
    """An operator's word wins over every entry, so that others do not refuse by our list whom we do not."""
    entries = [block(subject), Entry(allowed, Action.ALLOW, Cause.OPERATOR, NOW)]
    assert is_listed is (set(listed_names(entries, APEX, NOW)) > ALWAYS)


def test_list_says_what_for_and_until_when() -> None:
    """A code for each cause, words in TXT, and a TTL that ends with the entry."""
    names = listed_names(
        [
            block("192.0.2.7", 5, Cause.FORGERY, 'ten "forgeries" ü'),
            block("192.0.2.8", 86_400, Cause.SPAM),
            block("192.0.2.9"),
            block("192.0.2.10", 0.5, Cause.MALWARE),
            block("192.0.2.11", 0.0),
            Entry("192.0.2.12", Action.ALLOW, Cause.OPERATOR, NOW),
        ],
        APEX,
        NOW,
    )
    found = {name: names[name] for name in names if name not in ALWAYS}
    assert [("127.0.0.3", 5), ("127.0.0.4", 300), ("127.0.0.2", 300), ("127.0.0.5", 1)] == [
        (listed.address.address, listed.ttl_seconds) for listed in found.values()
    ]
    assert [
        b'192.0.2.7: forgery: ten "forgeries" \\xfc, until 2023-11-14 22:13:25 UTC',
        b"192.0.2.8: spam, until 2023-11-15 22:13:20 UTC",
        b"192.0.2.9: operator",
        b"192.0.2.10: malware, until 2023-11-14 22:13:20 UTC",
    ] == [listed.text.joined for listed in found.values()]


def answer(names: ListedNames, address: str) -> bool:
    """Say whether a zone of these names answers for an address, wildcards as in RFC 4592."""
    host = ipaddress.ip_address(address)
    query = f"{host.reverse_pointer.rpartition('.in-addr' if host.version == 4 else '.ip6')[0]}.{APEX}"
    existing = {name for owner in names for name in _and_parents(owner)}
    closest = query
    while closest not in existing:
        closest = parent_name(closest)
    return query in names if closest == query else f"*.{closest}" in names


def _and_parents(name: str) -> list[str]:
    found = [name]
    while found[-1]:
        found.append(parent_name(found[-1]))
    return found


V4 = st.tuples(st.integers(0, 2**32 - 1), st.integers(16, 32)).map(lambda it: ipaddress.ip_network(it, strict=False))
V6 = st.tuples(st.integers(2**125, 2**126 - 1), st.integers(32, 64)).map(
    lambda it: ipaddress.ip_network(it, strict=False)
)


@given(st.lists(st.one_of(V4, V6), max_size=4), st.ip_addresses())
def test_list_answers_for_whom_it_lists_and_nobody_else(
    networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network], other: ipaddress.IPv4Address | ipaddress.IPv6Address
) -> None:
    """For any networks, and any address in or out of them."""
    names = listed_names((block(str(network)) for network in networks), APEX, NOW)
    unambiguous = [n for n in networks if n.version == 6 or n.prefixlen > 24 or n.network_address.packed[0] > 9]
    if len(unambiguous) == len(networks):
        for network in networks:
            assert answer(names, str(network[-1]))
    if not any(other in network for network in networks):
        assert (str(other) in {"127.0.0.2", "::ffff:127.0.0.2"}) == answer(names, str(other))


def hearsay(*addresses: str, subject: str = "192.0.2.7") -> tuple[tuple[str, ...], str]:
    """Ask a list that answers so."""
    names = StaticNames({("7.2.0.192.list.test", "A"): [A(address) for address in addresses]})
    found = run(ask_list(subject, "list.test"), names)
    return found.codes, found.trouble


def test_list_of_others_is_asked_in_the_same_form() -> None:
    """RFC 5782 §2.1: 127.0.0.0/8 is listed, no such name is not."""
    assert (("127.0.0.4", "127.0.0.10"), "") == hearsay("127.0.0.4", "127.0.0.10")
    assert ((), "") == hearsay("127.0.0.4", subject="192.0.2.8")


@pytest.mark.parametrize(
    ("addresses", "told"),
    [
        (("127.255.255.254",), "it does not answer us (127.255.255.254)"),
        (("127.0.0.2", "127.255.255.252"), "it does not answer us (127.255.255.252)"),
        (("203.0.113.9",), "it answers 203.0.113.9, as no list does"),
    ],
)
def test_list_of_others_that_is_broken_counts_for_nothing(addresses: tuple[str, ...], told: str) -> None:
    """A resolver that is refused, a domain that was sold: nobody is listed because of it."""
    assert ((), told) == hearsay(*addresses)


def test_list_of_others_that_is_silent_counts_for_nothing() -> None:
    """SERVFAIL, or no answer."""
    names = StaticNames({("7.2.0.192.list.test", "A"): "TIMEOUT"})
    found = run(ask_list("192.0.2.7", "list.test"), names)
    assert ((), "no answer (SERVFAIL)") == (found.codes, found.trouble)


def test_list_of_others_asks_one_question() -> None:
    """RFC 5782 §2.4: IPv6 by nibbles."""
    asked = next(ask_list("2001:db8::1", "list.test"))
    assert Question("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.list.test", "A") == asked


def test_list_as_sets_that_the_kernel_takes() -> None:
    """An interval set takes no overlaps, however wide what is let in: nft(8) refuses the whole file."""
    allowed = ("0.0.0.0/0", "192.0.2.9", "2000::/3", "2001:db8::/32")
    text = nft_sets([Entry(each, Action.ALLOW, Cause.OPERATOR, NOW) for each in allowed], NOW)
    elements = [line for line in text.splitlines() if line.startswith("add element")]
    assert [
        "add element inet scop allow4 { 0.0.0.0/0 }",
        "add element inet scop allow6 { 2000::/3 }",
    ] == elements


def test_list_as_sets_of_nftables() -> None:
    """Elements with timeouts, nothing twice, and what was there before is flushed."""
    entries = [
        block("192.0.2.7", 5.2),
        block("192.0.2.0/24"),
        block("2001:db8::/64", 60),
        block("lagoon.test"),
        block("198.51.100.1", 0.0),
        Entry("192.0.2.9", Action.ALLOW, Cause.OPERATOR, NOW, NOW + 0.1),
    ]
    wanted = [
        "add table inet scop",
        "add set inet scop allow4 { type ipv4_addr; flags interval, timeout; }",
        "flush set inet scop allow4",
        "add element inet scop allow4 { 192.0.2.9 timeout 1s }",
        "add set inet scop allow6 { type ipv6_addr; flags interval, timeout; }",
        "flush set inet scop allow6",
        "add set inet scop block4 { type ipv4_addr; flags interval, timeout; }",
        "flush set inet scop block4",
        "add element inet scop block4 { 192.0.2.0/24 }",
        "add set inet scop block6 { type ipv6_addr; flags interval, timeout; }",
        "flush set inet scop block6",
        "add element inet scop block6 { 2001:db8::/64 timeout 60s }",
    ]
    assert wanted == [line for line in nft_sets(entries, NOW).splitlines() if not line.startswith("#")]
