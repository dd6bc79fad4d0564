"""Zones as values: what is valid, which names exist, and changes that cost what they change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dns.rdata import CNAME, DNAME, NS, NSEC, NSEC3, NSEC3PARAM, SOA, TXT, A
from scop.dns.rrset import RRset
from scop.dns.zone.zone import Zone

APEX = (
    RRset("a.test", "SOA", 60, (SOA("ns.a.test", "h.a.test", 1, 2, 3, 4, 5),)),
    RRset("a.test", "NS", 60, (NS("ns.a.test"),)),
    RRset("a.test", "NSEC3PARAM", 0, (NSEC3PARAM(1, 0, 0, b""),)),
)
ZONE = Zone.of("a.test", APEX)

_owners = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(lambda labels: ".".join((*labels, "a.test")))
_hashes = st.sampled_from("0123").map(lambda letter: f"{letter * 32}.a.test")


def text(owner: str, type_: str = "TXT") -> RRset:
    """Return some RRset."""
    return RRset(owner, "NSEC", 5, (NSEC.of("a.test", ["NSEC"]),)) if type_ == "NSEC" else _txt(owner)


def _txt(owner: str) -> RRset:
    return RRset(owner, "TXT", 60, (TXT((owner.encode(),)),))


def hashed(owner: str, salt: bytes = b"") -> RRset:
    """Return an NSEC3 RRset."""
    return RRset(owner, "NSEC3", 5, (NSEC3(1, 0, 0, salt, b"\0" * 20, b""),))


_puts = st.one_of(
    st.builds(text, _owners, st.sampled_from(["TXT", "NSEC"])), st.builds(hashed, _hashes, st.sampled_from([b"", b"x"]))
)
_removals = st.one_of(st.tuples(_owners, st.sampled_from(["TXT", "NSEC"])), st.tuples(_hashes, st.just("NSEC3")))


@given(st.lists(st.tuples(st.lists(_puts, max_size=4), st.lists(_removals, max_size=4)), max_size=5), st.booleans())
def test_zone_changed_is_the_zone_built_anew(
    changes: list[tuple[list[RRset], list[tuple[str, str]]]], is_sorted: bool
) -> None:
    """Changing step by step and building from the result are one: names, counts and orders too."""
    zone, wanted = ZONE, {(rrset.owner, rrset.type): rrset for rrset in APEX}
    for put, removed in changes:
        if is_sorted:  # what was sorted is carried on, what was not is sorted at the end
            assert len(zone.nsec_names) + len(zone.nsec3_names) <= len(zone.nodes) + len(zone.hashed)
        zone = zone.changed(put, removed)
        wanted = {key: rrset for key, rrset in wanted.items() if key not in removed}
        wanted |= {(rrset.owner, rrset.type): rrset for rrset in put}
    anew = Zone.of("a.test", wanted.values())
    assert anew == zone
    assert anew.names == zone.names
    assert list(anew.nsec_names) == list(zone.nsec_names)
    assert list(anew.nsec3_names) == list(zone.nsec3_names)


def test_zone_change_leaves_the_elder_alone() -> None:
    """Who holds the old zone still has all of it."""
    elder = ZONE.changed([text("x.a.test")])
    younger = elder.changed([text("y.a.test")], [("x.a.test", "TXT")])
    assert (True, False) == ("x.a.test" in elder.nodes, "x.a.test" in younger.nodes)
    assert elder.nodes["a.test"] is younger.nodes["a.test"]


def test_zone_change_puts_after_it_removes() -> None:
    """What is both removed and put is there."""
    rrset = text("x.a.test")
    assert rrset == ZONE.changed([rrset], [("x.a.test", "TXT")]).get("x.a.test", "TXT")


def test_zone_change_of_hash_parameters_sorts_anew() -> None:
    """Only the NSEC3 records that the apex's NSEC3PARAM speaks of are those that prove (RFC 5155 §4.1.2)."""
    both = ZONE.changed([hashed("0.a.test"), hashed("1.a.test", b"x")])
    assert ["0.a.test"] == list(both.nsec3_names)
    salted = RRset("a.test", "NSEC3PARAM", 0, (NSEC3PARAM(1, 0, 0, b"x"),))
    assert ["1.a.test"] == list(both.changed([salted]).nsec3_names)


@pytest.mark.parametrize(
    ("put", "removed", "complaint"),
    [
        ([RRset("b.test", "A", 1, (A("127.0.0.1"),))], [], "outside of zone"),
        ([RRset("a.test", "CNAME", 1, (CNAME("b.test"),))], [], "beside a CNAME"),
        ([RRset("x.a.test", "CNAME", 1, (CNAME("b.test"), CNAME("c.test")))], [], "beside a CNAME"),
        ([RRset("x.a.test", "DNAME", 1, (DNAME("b.test"), DNAME("c.test")))], [], "second DNAME"),
        ([RRset("x.a.test", "SOA", 1, APEX[0].rdatas)], [], "SOA below the apex"),
        ([], [("a.test", "SOA")], "exactly one SOA"),
        ([], [("a.test", "NS")], "needs an NS"),
    ],
)
def test_zone_change_keeps_a_zone_valid(put: list[RRset], removed: list[tuple[str, str]], complaint: str) -> None:
    """A change that would leave no valid zone is an error, as building one is."""
    with pytest.raises(ValueError, match=complaint):
        ZONE.changed(put, removed)


def test_zone_names_are_counted() -> None:
    """A name between others exists as long as something is below it (RFC 4592 §2.2.2)."""
    zone = ZONE.changed([text("x.y.z.a.test"), text("z.a.test")])
    assert {"a.test": 1, "z.a.test": 1, "y.z.a.test": 1, "x.y.z.a.test": 0} == zone.names
    zone = zone.changed([], [("z.a.test", "TXT")])
    assert "z.a.test" in zone.names
    assert {"a.test": 0} == zone.changed([], [("x.y.z.a.test", "TXT")]).names
