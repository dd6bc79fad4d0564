"""Where mail goes, out of a dict of names."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.cells.relay.route import Host, Route, Unroutable, route
from scop.dns import AAAA, CNAME, MX, TIMEOUT, A, Rdata, StaticNames, run

US = "mx.lagoon.test"
HOSTS: dict[tuple[str, str], Sequence[Rdata]] = {
    (f"{name}.harbor.test", "A"): [A(f"192.0.2.{number}")] for number, name in enumerate("abcd", 1)
}


def routed(*records: Rdata, **more: object) -> Route | Unroutable:
    """Return the way to harbor.test with these MX records."""
    names = StaticNames({**HOSTS, ("harbor.test", "MX"): records})
    return run(route("harbor.test", US, lambda: 0.5), names)


def hosts(found: Route | Unroutable) -> list[str]:
    """Return the names of the hosts, in order."""
    assert isinstance(found, Route)
    return [host.name for host in found.hosts]


def test_route_orders_by_preference() -> None:
    """RFC 5321 §5.1: the lowest number first."""
    found = routed(MX(20, "b.harbor.test"), MX(10, "a.harbor.test"))
    assert Route("harbor.test", (Host("a.harbor.test", ("192.0.2.1",)), Host("b.harbor.test", ("192.0.2.2",)))) == found


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4, unique=True))
def test_route_shuffles_equals(draws: list[float]) -> None:
    """RFC 5321 §5.1: hosts of equal preference in random order, better ones before them."""
    left = iter(draws)
    records = [MX(5, "a.harbor.test"), *(MX(10, f"{name}.harbor.test") for name in "bcd")]
    names = StaticNames({**HOSTS, ("harbor.test", "MX"): records})
    found = hosts(run(route("harbor.test", US, lambda: next(left)), names))
    expected = [name for _, name in sorted(zip(draws[1:], "bcd", strict=True))]
    assert ["a.harbor.test", *(f"{name}.harbor.test" for name in expected)] == found


def test_route_without_mx_is_the_domain_itself() -> None:
    """RFC 5321 §5.1: implicit MX, to either kind of address."""
    names = StaticNames({("harbor.test", "A"): [A("192.0.2.9")], ("harbor.test", "AAAA"): [AAAA("2001:db8::9")]})
    found = run(route("harbor.test", US, lambda: 0.5), names)
    assert Route("harbor.test", (Host("harbor.test", ("2001:db8::9", "192.0.2.9")),)) == found


def test_route_follows_an_alias_of_the_domain() -> None:
    """RFC 5321 §5.1: a CNAME is looked up, the name that it leads to is taken."""
    names = StaticNames({("old.test", "CNAME"): [CNAME("a.harbor.test")], **HOSTS})
    assert ["a.harbor.test"] == hosts(run(route("old.test", US, lambda: 0.5), names))


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
    found = run(route("nowhere.test", US, lambda: 0.5), StaticNames({}))
    assert isinstance(found, Unroutable)
    assert (True, "5.1.2") == (found.permanent, found.status)


@pytest.mark.parametrize(
    "mapping", [{("h.test", "MX"): TIMEOUT}, {("h.test", "MX"): [MX(1, "x.test")], ("x.test", "A"): TIMEOUT}]
)
def test_route_that_nobody_can_tell_now(mapping: dict[tuple[str, str], Sequence[Rdata]]) -> None:
    """Silence of a name server is temporary, at the MX or behind it."""
    found = run(route("h.test", US, lambda: 0.5), StaticNames(mapping))
    assert isinstance(found, Unroutable)
    assert (False, "4.4.3") == (found.permanent, found.status)


@pytest.mark.parametrize(("literal", "address"), [("[192.0.2.7]", "192.0.2.7"), ("[IPv6:2001:db8::7]", "2001:db8::7")])
def test_route_of_an_address_literal_asks_nobody(literal: str, address: str) -> None:
    """RFC 5321 §4.1.3."""
    assert Route(literal, (Host(literal, (address,)),)) == run(route(literal, US, lambda: 0.5), StaticNames({}))
