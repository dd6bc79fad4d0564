"""Who serves which zone: configured zones before learned ones, and each for its time."""

import gc
import tracemalloc

from scop.dns.asking import Server
from scop.dns.resolver.delegations import (
    MAX_DELEGATION_SECONDS,
    Delegation,
    Delegations,
    NameServer,
)
from scop.dns.resolver.limits import MAX_SERVERS
from scop.dns.resolver.options import Way, Zone

MAX_OCTETS = 2**20
ROOT, STUB, LEARNED = Server("198.41.0.4"), Server("10.0.0.1"), Server("185.1.1.1")


def learned(zone: str, name: str = "ns.elsewhere") -> Delegation:
    """Return what a referral says."""
    return Delegation(zone, (NameServer(name, (LEARNED,)),))


def table() -> Delegations:
    """Return hints and a stub zone."""
    return Delegations((ROOT,), (Zone("lan.example", (STUB,)),))


def closest(delegations: Delegations, name: str, now: float = 0.0, passed_over: frozenset[str] = frozenset()) -> str:
    """Return the zone that a name begins at."""
    found = delegations.closest(name, now, passed_over)
    assert found is not None
    return found.zone


def test_delegations_begin_at_the_deepest_zone_known() -> None:
    """And forget a referral when its time is over."""
    delegations = table()
    delegations.learn(learned("example"), 60, 0.0)
    delegations.learn(learned("sub.example"), 30, 0.0)
    assert "sub.example" == closest(delegations, "a.sub.example", 29.0)
    assert "example" == closest(delegations, "a.sub.example", 30.0)
    assert "" == closest(delegations, "a.sub.example", 60.0)
    assert "lan.example" == closest(delegations, "host.lan.example", 0.0)


def test_delegations_are_never_longer_than_a_day() -> None:
    """Whatever a parent says: mistakes of others heal."""
    delegations = table()
    delegations.learn(learned("example"), 10 * MAX_DELEGATION_SECONDS, 0.0)
    assert "" == closest(delegations, "www.example", MAX_DELEGATION_SECONDS)


def test_delegations_of_configured_zones_cannot_be_learned() -> None:
    """No referral takes a stub zone away."""
    delegations = table()
    delegations.learn(learned("lan.example"), 60, 0.0)
    found = delegations.closest("host.lan.example", 0.0)
    assert found is not None
    assert (STUB,) == found.servers[0].places


def test_delegations_pass_over_what_they_are_told_to() -> None:
    """The zone, and what was learned below it; the hints below a root that is passed over."""
    delegations = table()
    delegations.learn(learned("a.lan.example"), 60, 0.0)
    assert "" == closest(delegations, "x.a.lan.example", 0.0, frozenset({"lan.example"}))
    forwarding = Delegations((ROOT,), (Zone("", (STUB,), Way.FORWARD),))
    assert forwarding.closest("www.example", 0.0) is not None
    found = forwarding.closest("www.example", 0.0, frozenset({""}))
    assert found is not None
    assert (None, (ROOT,)) == (found.configured, found.servers[0].places)
    assert Delegations((), ()).closest("www.example", 0.0) is None


def test_delegations_forget_and_prime() -> None:
    """Primed servers stand in for the hints for a while."""
    delegations = table()
    delegations.learn(learned("example"), 60, 0.0)
    delegations.forget("example")
    assert "" == closest(delegations, "www.example")
    delegations.prime(learned("", "a.root"), 60, 0.0)
    assert delegations.is_primed("", 59.0)
    assert not delegations.is_primed("", 60.0)


def test_delegations_tell_where_a_parent_says_that_a_server_is() -> None:
    """Also where a zone claims to begin at the server's own name."""
    delegations = table()
    delegations.learn(learned("example", "ns.example"), 60, 0.0)
    delegations.learn(Delegation("ns.example", (NameServer("other.example"),)), 60, 0.0)
    assert (LEARNED,) == delegations.glue_of("ns.example", 0.0)
    assert () == delegations.glue_of("ns2.example", 0.0)


def test_delegations_take_no_more_octets_than_they_may() -> None:
    """A referral by TCP may name 13 servers of 255 octets, with addresses: few such fill what thousands do else."""
    delegations, count = Delegations((), (), MAX_OCTETS), MAX_OCTETS // 5_000
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(count):
            servers = tuple(
                NameServer(
                    f"{number}.{host}." + "x" * 60, tuple(Server(f"192.0.{host}.{n + number % 200}") for n in range(4))
                )
                for host in range(MAX_SERVERS)
            )
            delegations.learn(Delegation(f"{number}.example", servers), 60, 0.0)
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken < MAX_OCTETS
    assert closest(delegations, f"{count - 1}.example") == f"{count - 1}.example"
