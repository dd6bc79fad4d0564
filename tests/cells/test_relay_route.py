"""Where mail goes, out of a dict of names."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.cells.relay.route import Host, Ourselves, Route, Unroutable, route, shuffled, through_smarthost
from scop.dns import AAAA, CNAME, MX, TIMEOUT, A, Rdata, Security, StaticNames, run
from scop.mesh.config import Smarthost

US = "mx.lagoon.test"
OURSELVES = Ourselves(frozenset({US}), "::")
HOSTS: dict[tuple[str, str], Sequence[Rdata]] = {
    (f"{name}.harbor.test", "A"): [A(f"192.0.2.{number}")] for number, name in enumerate("abcd", 1)
}


def routed(*records: Rdata) -> Route | Unroutable:
    """Return the way to harbor.test with these MX records."""
    names = StaticNames({**HOSTS, ("harbor.test", "MX"): records})
    return run(route("harbor.test", OURSELVES, lambda: 0.5), names)


def hosts(found: Route | Unroutable) -> list[str]:
    """Return the names of the hosts, in order."""
    assert isinstance(found, Route)
    return [host.name for host in found.hosts]


def test_route_orders_by_preference() -> None:
    """RFC 5321 §5.1: the lowest number first."""
    found = routed(MX(20, "b.harbor.test"), MX(10, "a.harbor.test"))
    assert (
        Route(
            "harbor.test",
            (
                Host("a.harbor.test", ("192.0.2.1",), preference=10),
                Host("b.harbor.test", ("192.0.2.2",), preference=20),
            ),
        )
        == found
    )


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4, unique=True))
def test_route_shuffles_equals(draws: list[float]) -> None:
    """RFC 5321 §5.1: hosts of equal preference in random order, better ones before them."""
    left = iter(draws)
    records = [MX(5, "a.harbor.test"), *(MX(10, f"{name}.harbor.test") for name in "bcd")]
    names = StaticNames({**HOSTS, ("harbor.test", "MX"): records})
    found = hosts(run(route("harbor.test", OURSELVES, lambda: next(left)), names))
    expected = [name for _, name in sorted(zip(draws[1:], "bcd", strict=True))]
    assert ["a.harbor.test", *(f"{name}.harbor.test" for name in expected)] == found


def test_route_without_mx_is_the_domain_itself() -> None:
    """RFC 5321 §5.1: implicit MX, to either kind of address."""
    names = StaticNames({("harbor.test", "A"): [A("192.0.2.9")], ("harbor.test", "AAAA"): [AAAA("2001:db8::9")]})
    found = run(route("harbor.test", OURSELVES, lambda: 0.5), names)
    assert Route("harbor.test", (Host("harbor.test", ("2001:db8::9", "192.0.2.9")),)) == found


def test_route_follows_an_alias_of_the_domain() -> None:
    """RFC 5321 §5.1: a CNAME is looked up, the name that it leads to is taken."""
    names = StaticNames({("old.test", "CNAME"): [CNAME("a.harbor.test")], **HOSTS})
    assert ["a.harbor.test"] == hosts(run(route("old.test", OURSELVES, lambda: 0.5), names))


def test_route_passes_over_hosts_without_address() -> None:
    """One dangling MX does not keep mail from the others."""
    assert ["a.harbor.test"] == hosts(routed(MX(5, "gone.harbor.test"), MX(10, "a.harbor.test")))


@pytest.mark.parametrize(
    ("records", "status"),
    [
        ([MX(0, "")], "5.1.10"),  # RFC 7505 §3
        ([MX(10, US)], "5.4.6"),
        ([MX(10, US), MX(20, "a.harbor.test")], "5.4.6"),
        ([MX(10, "gone.harbor.test")], "5.4.4"),
    ],
)
def test_route_that_is_none(records: list[Rdata], status: str) -> None:
    """Null MX, ourselves as the best, no address at all: permanent, each by its code."""
    found = routed(*records)
    assert isinstance(found, Unroutable)
    assert (True, status) == (found.permanent, found.status)


def test_route_takes_only_hosts_better_than_ourselves() -> None:
    """RFC 5321 §5.1: else mail would go in circles."""
    assert ["a.harbor.test"] == hosts(routed(MX(5, "a.harbor.test"), MX(10, US), MX(10, "b.harbor.test")))


def test_route_to_a_domain_that_does_not_exist() -> None:
    """NXDOMAIN is final."""
    found = run(route("nowhere.test", OURSELVES, lambda: 0.5), StaticNames({}))
    assert isinstance(found, Unroutable)
    assert (True, "5.1.2") == (found.permanent, found.status)


@pytest.mark.parametrize(
    "mapping", [{("h.test", "MX"): TIMEOUT}, {("h.test", "MX"): [MX(1, "x.test")], ("x.test", "A"): TIMEOUT}]
)
def test_route_that_nobody_can_tell_now(mapping: dict[tuple[str, str], Sequence[Rdata]]) -> None:
    """Silence of a name server is temporary, at the MX or behind it."""
    found = run(route("h.test", OURSELVES, lambda: 0.5), StaticNames(mapping))
    assert isinstance(found, Unroutable)
    assert (False, "4.4.3") == (found.permanent, found.status)


@pytest.mark.parametrize(("literal", "address"), [("[192.0.2.7]", "192.0.2.7"), ("[IPv6:2001:db8::7]", "2001:db8::7")])
def test_route_of_an_address_literal_asks_nobody(literal: str, address: str) -> None:
    """RFC 5321 §4.1.3."""
    assert Route(literal, (Host(literal, (address,)),)) == run(route(literal, OURSELVES, lambda: 0.5), StaticNames({}))


def test_route_takes_addresses_of_both_families_in_turn() -> None:
    """RFC 3974 §3: IPv6 first, and a family that is broken on the way costs one try, not four."""
    names = StaticNames(
        {
            ("h.test", "A"): [A(f"192.0.2.{number}") for number in range(1, 7)],
            ("h.test", "AAAA"): [AAAA("2001:db8::1"), AAAA("2001:db8::2")],
        }
    )
    found = run(route("h.test", OURSELVES, lambda: 0.5), names)
    assert isinstance(found, Route)
    assert (("2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2"),) == tuple(host.addresses for host in found.hosts)


@pytest.mark.parametrize(
    ("ours", "expected"),
    [("198.51.100.1", ("192.0.2.9",)), ("2001:db8::1", ("2001:db8::9",)), ("", ("2001:db8::9", "192.0.2.9"))],
)
def test_route_has_addresses_that_ours_can_reach(ours: str, expected: tuple[str, ...]) -> None:
    """A source of one family reaches that one: SPF names the address that we send from."""
    names = StaticNames({("h.test", "A"): [A("192.0.2.9")], ("h.test", "AAAA"): [AAAA("2001:db8::9")]})
    found = run(route("h.test", Ourselves(frozenset({US}), ours), lambda: 0.5), names)
    assert isinstance(found, Route)
    assert expected == found.hosts[0].addresses


@pytest.mark.parametrize("address", ["192.0.2.2", "127.0.0.1", "0.0.0.0"])
def test_route_ends_before_our_own_address(address: str) -> None:
    """RFC 5321 §5.1: a host with our address is ourselves, whatever it is called; so are loopback and 0.0.0.0."""
    records = [MX(5, "a.harbor.test"), MX(10, "mirror.test"), MX(10, "c.harbor.test"), MX(20, "d.harbor.test")]
    names = StaticNames({**HOSTS, ("mirror.test", "A"): [A(address)], ("h.test", "MX"): records})
    us = Ourselves(frozenset({US}), "192.0.2.2")
    assert ["a.harbor.test"] == hosts(run(route("h.test", us, lambda: 0.5), names))
    alone = StaticNames({("h.test", "A"): [A(address)]})
    assert Unroutable(True, "5.4.6", "the domain's best mail host is ourselves") == run(
        route("h.test", us, lambda: 0.5), alone
    )


@pytest.mark.parametrize(("ours", "is_ours"), [("127.0.0.2", False), ("", True), ("192.0.2.1", True)])
def test_route_over_loopback_is_for_who_lives_there(ours: str, is_ours: bool) -> None:
    """A mesh on loopback sends to its like; for all others loopback is themselves."""
    assert is_ours == Ourselves(frozenset({US}), ours).has_address("127.0.0.1")


def test_route_follows_an_mx_that_is_an_alias() -> None:
    """RFC 5321 §5.1 leaves it open; the host keeps the name that the domain gave it (RFC 7672 §3.2.2)."""
    names = StaticNames(
        {("h.test", "MX"): [MX(1, "mail.h.test")], ("mail.h.test", "CNAME"): [CNAME("a.harbor.test")], **HOSTS}
    )
    expected = Host("mail.h.test", ("192.0.2.1",), preference=1)
    assert Route("h.test", (expected,)) == run(route("h.test", OURSELVES, lambda: 0.5), names)


@pytest.mark.parametrize(
    ("proved", "expected"),
    [
        ({"harbor.test": Security.SECURE}, True),
        ({"harbor.test": Security.SECURE, "a.harbor.test": Security.INSECURE}, True),
        ({"a.harbor.test": Security.SECURE}, False),
        ({}, False),
    ],
)
def test_route_notes_what_dnssec_proved(proved: dict[str, Security], expected: bool) -> None:
    """RFC 7672 §2.2.1: the MX is; whether a host's addresses are is asked with its TLSA records."""
    names = StaticNames({**HOSTS, ("harbor.test", "MX"): [MX(1, "a.harbor.test")]}, security=proved)
    found = run(route("harbor.test", OURSELVES, lambda: 0.5), names)
    assert isinstance(found, Route)
    assert expected == found.secure


def test_route_that_is_bogus_is_none_for_now() -> None:
    """RFC 7672 §2.1.1: mail waits, it does not go where a forger says."""
    names = StaticNames(
        {**HOSTS, ("harbor.test", "MX"): [MX(1, "a.harbor.test")]}, security={"harbor.test": Security.BOGUS}
    )
    found = run(route("harbor.test", OURSELVES, lambda: 0.5), names)
    assert isinstance(found, Unroutable)
    assert not found.permanent


def test_route_by_a_smarthost_asks_for_no_mx() -> None:
    """The owner's word comes before the domain's: by name, or by address and then without any question."""
    by_name, by_address = Smarthost("a.harbor.test"), Smarthost("192.0.2.77")
    names = StaticNames(HOSTS)
    assert Route("far.test", (Host("a.harbor.test", ("192.0.2.1",)),), True, by_name) == run(
        through_smarthost("far.test", by_name, OURSELVES), names
    )
    assert Route("far.test", (Host("192.0.2.77", ("192.0.2.77",)),), False, by_address) == run(
        through_smarthost("far.test", by_address, OURSELVES), names
    )


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4, unique=True))
def test_route_is_shuffled_among_equals(draws: list[float]) -> None:
    """RFC 5321 §5.1: a route that is used again spreads the load as a fresh one does."""
    left = iter(draws)
    records = [MX(5, "a.harbor.test"), *(MX(10, f"{name}.harbor.test") for name in "bcd")]
    expected = [name for _, name in sorted(zip(draws[1:], "bcd", strict=True))]
    found = routed(*records)
    assert isinstance(found, Route)
    assert ["a.harbor.test", *(f"{name}.harbor.test" for name in expected)] == hosts(
        shuffled(found, lambda: next(left))
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost.test"])
def test_route_by_a_smarthost_may_lead_to_a_neighbour(host: str) -> None:
    """What filters our mail on the same machine is no loop: the owner named it."""
    names = StaticNames({("localhost.test", "A"): [A("127.0.0.1")]})
    found = run(through_smarthost("far.test", Smarthost(host), Ourselves(frozenset({US}), "192.0.2.1")), names)
    assert isinstance(found, Route)
    assert ("127.0.0.1",) == found.hosts[0].addresses


@pytest.mark.parametrize(("mapping", "status"), [({}, "4.4.4"), ({("gone.test", "A"): TIMEOUT}, "4.4.3")])
def test_route_by_a_smarthost_that_is_not_found_waits(
    mapping: dict[tuple[str, str], Sequence[Rdata]], status: str
) -> None:
    """A slip in the configuration, or a silent name server: the mail is kept until it is mended."""
    found = run(through_smarthost("far.test", Smarthost("gone.test"), OURSELVES), StaticNames(mapping))
    assert isinstance(found, Unroutable)
    assert (False, status) == (found.permanent, found.status)


@pytest.mark.parametrize("address", ["::ffff:192.0.2.2", "::ffff:127.0.0.1", "::1", "::"])
def test_route_knows_ourselves_in_the_guise_of_ipv6(address: str) -> None:
    """RFC 4291 §2.5.5.2: an AAAA record may lead to an IPv4 address, ours too."""
    assert Ourselves(frozenset({US}), "192.0.2.2").has_address(address)
    assert not Ourselves(frozenset({US}), "192.0.2.2").has_address("::ffff:192.0.2.3")


def test_route_of_a_literal_that_is_ourselves_is_none() -> None:
    """RFC 5321 §4.1.3, §5.1: mail for user@[our address] would circle."""
    us = Ourselves(frozenset({US}), "192.0.2.2")
    found = run(route("[192.0.2.2]", us, lambda: 0.5), StaticNames({}))
    assert isinstance(found, Unroutable)
    assert (True, "5.4.6") == (found.permanent, found.status)
