"""What the resolver remembers, and for how long."""

from __future__ import annotations

import pytest

from scop.dns import CNAME, SOA, TXT, A, Question, Rcode
from scop.dns.message import Record
from scop.dns.resolver.asking import Server
from scop.dns.resolver.memory import Delegation, Known, Memory

ROOT = Delegation("", (Server("192.0.2.1"),))
ASKED = Question("a.test", "A")


def host(ttl: int) -> Known:
    """Return an address that holds so long."""
    return Known(Rcode.NOERROR, (Record("a.test", ttl, A("192.0.2.1")),))


def absence(ttl: int, minimum: int) -> Known:
    """Return an NXDOMAIN with its SOA."""
    return Known(Rcode.NXDOMAIN, (), (Record("test", ttl, SOA("ns.test", "h.test", 1, 2, 3, 4, minimum)),))


@pytest.mark.parametrize(
    ("known", "seconds"),
    [
        (host(300), 300),
        (host(1_000_000), 86_400),
        (absence(300, 60), 60),
        (absence(60, 300), 60),
        (absence(90_000, 90_000), 3600),
        (Known(Rcode.SERVFAIL), 1),
    ],
)
def test_resolver_memory_holds_as_long_as_it_may(known: Known, seconds: int) -> None:
    """TTL, capped at a day; for absences the SOA's word, capped at an hour; failures for a second."""
    memory = Memory(ROOT)
    memory.learn(ASKED, known, 100.0)
    assert memory.find(ASKED, 99.5 + seconds) is not None
    assert memory.find(ASKED, 100.0 + seconds) is None


@pytest.mark.parametrize("known", [host(0), absence(60, 0), Known(Rcode.NXDOMAIN), Known(Rcode.NOERROR)])
def test_resolver_memory_does_not_hold_what_has_no_time(known: Known) -> None:
    """Without a TTL, or an SOA, it is true only now (RFC 2308 §5)."""
    memory = Memory(ROOT)
    memory.learn(ASKED, known, 100.0)
    assert memory.find(ASKED, 100.0) is None


def test_resolver_memory_finds_aliases_and_absences_for_every_type() -> None:
    """A CNAME stands for all types but its own, NXDOMAIN for all."""
    memory = Memory(ROOT)
    alias = Known(Rcode.NOERROR, (Record("www.test", 60, CNAME("a.test")),))
    memory.learn(Question("www.test", "A"), alias, 0.0)
    assert [alias.records] * 2 == [
        known.records for type_ in ("MX", "CNAME") if (known := memory.find(Question("www.test", type_), 1.0))
    ]
    memory.learn(ASKED, absence(60, 60), 0.0)
    found = memory.find(Question("a.test", "MX"), 1.0)
    assert found is not None
    assert Rcode.NXDOMAIN is found.rcode


def test_resolver_memory_is_bounded_and_forgets_the_oldest_first() -> None:
    """Large answers push out as many small ones as they need; one that is larger than all is not kept."""
    memory = Memory(ROOT, max_octets=10_000)
    for number in range(10):
        record = Record(f"{number}.test", 60, TXT.of(b"x" * 400))
        memory.learn(Question(record.name, "TXT"), Known(Rcode.NOERROR, (record,)), 0.0)
    kept = [number for number in range(10) if memory.find(Question(f"{number}.test", "TXT"), 1.0)]
    assert [4, 5, 6, 7, 8, 9] == kept
    memory.learn(ASKED, Known(Rcode.NOERROR, (Record("a.test", 60, TXT.of(b"x" * 9_000)),)), 0.0)
    assert memory.find(ASKED, 1.0) is None
    assert memory.find(Question("9.test", "TXT"), 1.0) is not None


def test_resolver_memory_knows_the_closest_zone_while_it_lasts() -> None:
    """Learned delegations end; the root and stub zones stay and cannot be overwritten."""
    stub = Delegation("corp.test", (Server("192.0.2.2"),))
    memory = Memory(ROOT, [stub])
    test = Delegation("test", (Server("192.0.2.3"),))
    for learned in (test, Delegation("corp.test", ()), Delegation("", ())):
        memory.learn_delegation(learned, 60, 0.0)
    assert "test" == memory.closest("www.a.test", 59.0).zone
    assert ROOT == memory.closest("www.a.test", 60.0)
    assert stub == memory.closest("www.corp.test", 1.0)
    assert ROOT == memory.closest("", 1.0)


def test_resolver_memory_puts_silent_servers_last_for_a_while() -> None:
    """They are asked still, since all may be silent."""
    memory = Memory(ROOT)
    first, second = Server("192.0.2.1"), Server("192.0.2.2")
    memory.note_silent(first, 0.0)
    assert [second, first] == memory.in_order((first, second), 14.0)
    assert [first, second] == memory.in_order((first, second), 15.0)
