"""Referrals: the glue that a datagram must carry, and where the DS of a delegation stands."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
import pytest

from scop.dns.words import Ede
from scop.dns.zone.answer import MAX_DATAGRAM_OCTETS, MAX_STREAM_OCTETS, Zones
from scop.dns.zone.zone import Zone

DELEGATIONS = """\
$TTL 60
@ SOA ns h 1 2 3 4 5
@ NS ns
ns A 127.0.0.1
in NS ns.in
in NS ns.beside
ns.in A 127.0.0.2
beside NS ns.beside
ns.beside A 127.0.0.3
""" + "".join(f"many NS n{n:02}.many\nn{n:02}.many AAAA 2001:db8::{n + 1:x}\n" for n in range(20))  # fmt: skip
DELEGATING = Zones.of([Zone.parse(DELEGATIONS, "p.test")])


def refer(name: str, max_octets: int) -> dns.message.Message:
    """Return a referral as a datagram of some size carries it."""
    query = dns.message.make_query(name, "A", use_edns=True, payload=max_octets)
    octets = DELEGATING.answer(query.to_wire(), max_octets=MAX_DATAGRAM_OCTETS)
    assert octets is not None
    return dns.message.from_wire(octets)


def test_zone_refers_with_sibling_glue() -> None:
    """Glue below another delegation helps too, and comes after what is needed (RFC 9471 §2.2)."""
    addresses = [rrset.to_text() for rrset in refer("x.in.p.test", 1232).additional]
    assert ["ns.in.p.test. 60 IN A 127.0.0.2", "ns.beside.p.test. 60 IN A 127.0.0.3"] == addresses


@pytest.mark.parametrize(("octets", "is_truncated"), [(1232, False), (700, True)])
def test_zone_needed_glue_is_whole_or_told(octets: int, is_truncated: bool) -> None:
    """Where glue from below the delegation does not fit, the asker is sent to TCP (RFC 9471 §3.1)."""
    response = refer("many.p.test", octets)
    assert is_truncated == bool(response.flags & dns.flags.TC)
    assert (0 if is_truncated else 20) == len(response.additional)


def test_zone_ds_of_child_whose_parent_is_elsewhere() -> None:
    """Holding a zone above the parent says nothing of the DS: the child says there is none here (RFC 4035 §3.1.4.1)."""
    above = Zone.parse("@ 60 SOA a. b. 1 2 3 4 5\n@ 60 NS a.\nharbor.test. 60 NS ns.harbor.test.\n", "test")
    child = Zone.parse("@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\n", "child.harbor.test")
    query = dns.message.make_query("child.harbor.test", "DS")
    octets = Zones.of([above, child]).answer(query.to_wire(), max_octets=MAX_STREAM_OCTETS)
    assert octets is not None
    response = dns.message.from_wire(octets)
    assert bool(response.flags & dns.flags.AA)
    assert "child.harbor.test." == str(response.authority[0].name)


def test_zone_ds_of_child_that_is_not_ready() -> None:
    """The parent that we hold has the DS of a child which we cannot answer from (RFC 4035 §3.1.4.1)."""
    parent = "@ 60 SOA a. b. 1 2 3 4 5\n@ 60 NS a.\nchild 60 NS ns.child\nchild 60 DS 1 13 2 " + "ab" * 32 + "\n"
    zones = Zones.of([Zone.parse(parent, "p.test")]).withheld("child.p.test", Ede.NOT_READY)
    said = {}
    for type_ in ("DS", "A"):
        octets = zones.answer(dns.message.make_query("child.p.test", type_).to_wire(), max_octets=MAX_STREAM_OCTETS)
        assert octets is not None
        said[type_] = dns.message.from_wire(octets)
    assert ("DS", dns.rcode.SERVFAIL) == (said["DS"].answer[0].to_text().split()[3], said["A"].rcode())
