"""Proofs of absence, by NSEC and by NSEC3, over the examples of the RFCs and over zones made at random."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from fakes.signed_world import SALT, nsec3_chain, nsec_chain, with_ancestors
from scop.base import LimitExceeded
from scop.dns.dnssec.absence import Absence, Cut
from scop.dns.dnssec.canonical import label_count, rightmost, signed_owner
from scop.dns.dnssec.effort import MAX_FAILED_CHECKS, MAX_HASH_RUNS, MAX_SIGNATURE_CHECKS, Effort
from scop.dns.dnssec.nsec import NsecProofs, covers
from scop.dns.dnssec.nsec3 import MAX_ITERATIONS, Nsec3Proofs, hash_covers
from scop.dns.hashed_names import hash_label, hash_name, label_hash
from scop.dns.names import is_at_or_below, parent_name
from scop.dns.rdata import NSEC, NSEC3
from scop.dns.rrset import RRset

# RFC 4035 appendix A: the zone "example", by the types at each name
EXAMPLE = {
    "example": "NS SOA MX RRSIG NSEC DNSKEY",
    "a.example": "NS DS RRSIG NSEC",
    "ai.example": "A HINFO AAAA RRSIG NSEC",
    "b.example": "NS RRSIG NSEC",
    "ns1.example": "A RRSIG NSEC",
    "ns2.example": "A RRSIG NSEC",
    "*.w.example": "MX RRSIG NSEC",
    "x.w.example": "MX RRSIG NSEC",
    "x.y.w.example": "MX RRSIG NSEC",
    "xx.example": "A HINFO AAAA RRSIG NSEC",
}


def _nsecs(types_of: dict[str, str]) -> list[RRset]:
    return nsec_chain({name: types.split() for name, types in types_of.items()})


def _nsec3s(zone: str, types_of: dict[str, str], *, flags: int = 0, iterations: int = 12) -> list[RRset]:
    split = {name: types.split() for name, types in types_of.items()}
    return nsec3_chain(zone, dict(split), flags=flags, iterations=iterations)


def _at(rrsets: list[RRset], *owners: str) -> NsecProofs:
    return NsecProofs.of("example", [rrset for rrset in rrsets if rrset.owner in owners])


NSECS = _nsecs(EXAMPLE)
ALL = NsecProofs.of("example", NSECS)


def test_nsec_name_error_of_the_rfc() -> None:
    """RFC 4035 §B.2: no ml.example, and no wildcard at the apex."""
    assert Absence.PROVED is _at(NSECS, "b.example", "example").no_name("ml.example")
    assert Absence.MISSING is _at(NSECS, "b.example").no_name("ml.example")
    assert Absence.MISSING is _at(NSECS, "example").no_name("ml.example")


def test_nsec_no_data_of_the_rfc() -> None:
    """RFC 4035 §B.3: ns1.example has no MX."""
    proofs = _at(NSECS, "ns1.example")
    assert Absence.PROVED is proofs.no_type("ns1.example", "MX")
    assert Absence.MISSING is proofs.no_type("ns1.example", "A")
    assert Absence.MISSING is proofs.no_type("ns2.example", "MX")


def test_nsec_referral_to_an_unsigned_zone_of_the_rfc() -> None:
    """RFC 4035 §B.5: b.example is delegated without a DS; a.example has one."""
    assert Cut.UNSIGNED is _at(NSECS, "b.example").no_ds("b.example")
    assert Cut.MISSING is _at(NSECS, "a.example").no_ds("a.example")
    assert Cut.NONE is _at(NSECS, "ns1.example").no_ds("ns1.example")
    assert Cut.NONE is _at(NSECS, "ns2.example").no_ds("w.example")
    assert Cut.NONE is _at(NSECS, "b.example").no_ds("ml.example")


def test_nsec_wildcard_expansion_of_the_rfc() -> None:
    """RFC 4035 §B.6: nothing is nearer to a.z.w.example than *.w.example."""
    assert Absence.PROVED is _at(NSECS, "x.y.w.example").no_closer("a.z.w.example", 2)
    assert Absence.MISSING is _at(NSECS, "x.y.w.example").no_closer("a.z.w.example", 1)
    assert Absence.MISSING is _at(NSECS, "ns1.example").no_closer("a.z.w.example", 2)


def test_nsec_wildcard_without_the_type_of_the_rfc() -> None:
    """RFC 4035 §B.7: *.w.example stands in for a.z.w.example and has no AAAA."""
    proofs = _at(NSECS, "x.y.w.example", "*.w.example")
    assert Absence.PROVED is proofs.no_type("a.z.w.example", "AAAA")
    assert Absence.MISSING is proofs.no_type("a.z.w.example", "MX")
    assert Absence.MISSING is _at(NSECS, "x.y.w.example").no_type("a.z.w.example", "AAAA")


def test_nsec_child_says_nothing_of_its_ds() -> None:
    """RFC 4035 §B.8, RFC 6840 §4.4: a record with SOA is the child's, whose DS stands above."""
    assert Absence.MISSING is ALL.no_type("example", "DS")
    assert Cut.MISSING is ALL.no_ds("example")
    root = NsecProofs.of("", [RRset("", "NSEC", 60, (NSEC.of("", ["SOA", "NS", "NSEC", "RRSIG"]),))])
    assert Absence.PROVED is root.no_type("", "DS")


def test_nsec_empty_non_terminal_exists() -> None:
    """RFC 4592 §2.2.2: y.w.example has no types, since a name stands below it; it is no NXDOMAIN."""
    proofs = _at(NSECS, "x.w.example", "example")
    assert Absence.PROVED is proofs.no_type("y.w.example", "A")
    assert Absence.MISSING is proofs.no_name("y.w.example")


def test_nsec_delegation_is_silent_about_what_is_below() -> None:
    """RFC 6840 §4.1: the parent's NSEC of a cut proves neither names below it nor other types than DS at it."""
    proofs = NsecProofs.of(
        "example", _nsecs({"example": "SOA NS", "b.example": "NS RRSIG NSEC", "z.example": "A RRSIG NSEC"})
    )
    assert Absence.MISSING is proofs.no_name("x.b.example")
    assert Absence.MISSING is proofs.no_type("b.example", "A")
    assert Cut.MISSING is proofs.no_ds("x.b.example")
    assert Absence.PROVED is proofs.no_type("b.example", "DS")


def test_nsec_dname_is_silent_about_what_is_below() -> None:
    """RFC 6840 §4.1: below a DNAME every name is another one."""
    proofs = NsecProofs.of("example", _nsecs({"example": "SOA NS", "d.example": "DNAME", "z.example": "A"}))
    assert Absence.MISSING is proofs.no_name("x.d.example")
    assert Absence.PROVED is proofs.no_name("e.example")


def test_nsec_alias_has_no_type_of_its_own() -> None:
    """RFC 6840 §4.3: the CNAME should have been the answer."""
    proofs = NsecProofs.of("example", _nsecs({"example": "SOA NS", "c.example": "CNAME RRSIG NSEC"}))
    assert Absence.MISSING is proofs.no_type("c.example", "A")


def test_nsec_last_record_leads_back_to_the_apex_only() -> None:
    """RFC 4034 §4.1.1: a next name that goes back elsewhere than to the apex covers nothing."""
    assert covers("z.example", "example", "zz.example", "example")
    assert not covers("z.example", "a.example", "zz.example", "example")
    assert not covers("z.example", "example", "b.test", "example")
    assert covers("example", "example", "b.example", "example")
    assert not covers("example", "example", "example", "example")


def test_nsec_wildcard_owner_with_names_below_it() -> None:
    """RFC 4592 §4.9: a wildcard that is there only for what stands below it has no types, and there is no NXDOMAIN."""
    proofs = NsecProofs.of("example", _nsecs({"example": "SOA NS", "sub.*.example": "TXT", "z.example": "A"}))
    assert Absence.MISSING is proofs.no_name("q.example")
    assert Absence.PROVED is proofs.no_type("q.example", "TXT")


# RFC 5155 appendix A: the names of the zone "example" and their hashes (salt aabbccdd, 12 iterations)
HASHES = {
    "example": "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom",
    "a.example": "35mthgpgcu1qg68fab165klnsnk3dpvl",
    "ai.example": "gjeqe526plbf1g8mklp59enfd789njgi",
    "ns1.example": "2t7b4g4vsa5smi47k61mv5bv1a22bojr",
    "ns2.example": "q04jkcevqvmu85r014c7dkba38o0ji5r",
    "w.example": "k8udemvp1j2f7eg6jebps17vp3n8i58h",
    "*.w.example": "r53bq7cc2uvmubfu5ocmm6pers9tk9en",
    "x.w.example": "b4um86eghhds6nea196smvmlo4ors995",
    "y.w.example": "ji6neoaepv8b5o6k4ev33abha8ht9fgc",
    "x.y.w.example": "2vptu5timamqttgl4luu9kg21e0aor3s",
    "xx.example": "t644ebqk9bibcna874givr6joj62mlhv",
}


@pytest.mark.parametrize(("name", "label"), HASHES.items())
def test_nsec3_hashes_are_those_of_the_rfc(name: str, label: str) -> None:
    """RFC 5155 appendix A: twelve more runs, with a salt; and back from the label."""
    assert label == hash_label(hash_name(name, SALT, 12))
    assert hash_name(name, SALT, 12) == label_hash(label)


def test_nsec3_label_that_is_no_hash_is_none() -> None:
    """RFC 5155 §3: the owner's label is base32 with the extended hex alphabet."""
    assert label_hash("not-a-hash") is None


# RFC 5155 appendix A: c.example is an unsigned delegation, left out by opt-out
OPT_OUT = _nsec3s(
    "example",
    {
        **{name: EXAMPLE.get(name, "") for name in HASHES},
        "example": "MX DNSKEY NS SOA NSEC3PARAM RRSIG",
        "2t7b4g4vsa5smi47k61mv5bv1a22bojr.example": "A RRSIG",
    },
    flags=1,
)


def _nsec3_at(*labels: str, rrsets: list[RRset] = OPT_OUT) -> Nsec3Proofs:
    owners = {f"{label}.example" for label in labels}
    return _nsec3_of(rrset for rrset in rrsets if rrset.owner in owners)


def _nsec3_of(rrsets: Iterable[RRset], effort: Effort | None = None) -> Nsec3Proofs:
    (proofs,) = Nsec3Proofs.of("example", rrsets, effort or Effort())
    return proofs


def _without_opt_out(rrsets: list[RRset]) -> list[RRset]:
    changed = []
    for rrset in rrsets:
        record = rrset.rdatas[0]
        assert isinstance(record, NSEC3)
        plain = NSEC3(1, 0, record.iterations, record.salt, record.next_hash, record.bitmap)
        changed.append(RRset(rrset.owner, "NSEC3", 3600, (plain,)))
    return changed


PLAIN = _without_opt_out(OPT_OUT)


def test_nsec3_name_error_of_the_rfc() -> None:
    """RFC 5155 §B.1: closest encloser, next closer and wildcard of a.c.x.w.example; with opt-out it is not certain."""
    labels = (
        "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom",
        "b4um86eghhds6nea196smvmlo4ors995",
        "35mthgpgcu1qg68fab165klnsnk3dpvl",
    )
    assert Absence.OPT_OUT is _nsec3_at(*labels).no_name("a.c.x.w.example")
    assert Absence.PROVED is _nsec3_at(*labels, rrsets=PLAIN).no_name("a.c.x.w.example")
    for left_out in range(3):
        fewer = labels[:left_out] + labels[left_out + 1 :]
        assert Absence.MISSING is _nsec3_at(*fewer).no_name("a.c.x.w.example")


def test_nsec3_no_data_of_the_rfc() -> None:
    """RFC 5155 §B.2 and §B.2.1: ns1.example has no MX, and y.w.example, which has nothing, no A."""
    assert Absence.PROVED is _nsec3_at(HASHES["ns1.example"]).no_type("ns1.example", "MX")
    assert Absence.MISSING is _nsec3_at(HASHES["ns1.example"]).no_type("ns1.example", "A")
    assert Absence.PROVED is _nsec3_at(HASHES["y.w.example"]).no_type("y.w.example", "A")


def test_nsec3_referral_to_an_opt_out_zone_of_the_rfc() -> None:
    """RFC 5155 §B.3: c.example has no record of its own, and lies in a span that leaves unsigned zones out."""
    labels = ("35mthgpgcu1qg68fab165klnsnk3dpvl", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom")
    assert Cut.OPT_OUT is _nsec3_at(*labels).no_ds("c.example")
    assert Cut.NONE is _nsec3_at(*labels, rrsets=PLAIN).no_ds("c.example")
    assert Cut.MISSING is _nsec3_at(labels[0]).no_ds("c.example")
    assert Absence.OPT_OUT is _nsec3_at(*labels).no_type("c.example", "DS")


def test_nsec3_wildcard_expansion_of_the_rfc() -> None:
    """RFC 5155 §B.4: z.w.example is the next closer name, and it is covered."""
    covering = "q04jkcevqvmu85r014c7dkba38o0ji5r"
    assert Absence.PROVED is _nsec3_at(covering, rrsets=PLAIN).no_closer("a.z.w.example", 2)
    assert Absence.OPT_OUT is _nsec3_at(covering).no_closer("a.z.w.example", 2)
    assert Absence.MISSING is _nsec3_at(HASHES["w.example"]).no_closer("a.z.w.example", 2)


def test_nsec3_wildcard_without_the_type_of_the_rfc() -> None:
    """RFC 5155 §B.5: the wildcard's own record says that it has no AAAA."""
    labels = (
        "k8udemvp1j2f7eg6jebps17vp3n8i58h",
        "q04jkcevqvmu85r014c7dkba38o0ji5r",
        "r53bq7cc2uvmubfu5ocmm6pers9tk9en",
    )
    assert Absence.PROVED is _nsec3_at(*labels, rrsets=PLAIN).no_type("a.z.w.example", "AAAA")
    assert Absence.MISSING is _nsec3_at(*labels, rrsets=PLAIN).no_type("a.z.w.example", "MX")
    assert Absence.MISSING is _nsec3_at(*labels[:2], rrsets=PLAIN).no_type("a.z.w.example", "AAAA")


def test_nsec3_child_says_nothing_of_its_ds() -> None:
    """RFC 5155 §B.6, RFC 6840 §4.4."""
    assert Absence.MISSING is _nsec3_at(HASHES["example"]).no_type("example", "DS")


def test_nsec3_encloser_is_neither_delegation_nor_dname() -> None:
    """RFC 5155 §8.3: below them, the zone has nothing to say."""
    for types in ("NS", "NS DS RRSIG", "DNAME RRSIG"):
        rrsets = _nsec3s("example", {"example": "SOA NS", "b.example": types})
        assert Absence.MISSING is _nsec3_of(rrsets).no_name("x.b.example")


@pytest.mark.parametrize(("iterations", "absence"), [(MAX_ITERATIONS, Absence.PROVED), (151, Absence.COSTLY)])
def test_nsec3_iterations_have_a_bound(iterations: int, absence: Absence) -> None:
    """RFC 9276 §3.2: a zone that is hashed too often is as good as unsigned, and costs nothing."""
    effort = Effort()
    rrsets = _nsec3s("example", {"example": "SOA NS"}, iterations=iterations)
    proofs = _nsec3_of(rrsets, effort)
    assert absence is proofs.no_name("x.example")
    assert (absence is Absence.COSTLY) == (effort.hash_runs == 0)
    assert (absence is Absence.COSTLY) == (proofs.no_ds("x.example") is Cut.COSTLY)


def test_nsec3_records_of_another_kind_are_passed_over() -> None:
    """RFC 5155 §8.1 and §8.2: unknown algorithms and flags, other parameters, owners that are no hash or too deep."""
    good, *_ = _nsec3s("example", {"example": "SOA NS"})
    record = good.rdatas[0]
    assert isinstance(record, NSEC3)
    strange = [
        RRset(good.owner, "NSEC3", 60, (NSEC3(2, 0, 12, SALT, record.next_hash, record.bitmap),)),
        RRset(good.owner, "NSEC3", 60, (NSEC3(1, 2, 12, SALT, record.next_hash, record.bitmap),)),
        RRset("not-a-hash.example", "NSEC3", 60, good.rdatas),
        RRset(f"{hash_label(bytes(20))}.sub.example", "NSEC3", 60, good.rdatas),
    ]
    assert () == Nsec3Proofs.of("example", strange, Effort())
    assert [1] == [len(proofs.entries) for proofs in Nsec3Proofs.of("example", [*strange, good], Effort())]


def test_nsec3_records_hashed_in_two_ways_are_taken_apart() -> None:
    """RFC 5155 §8.2: a zone that changes its parameters may show both; more ways than two are passed over."""
    ways = [rrset for count in (0, 1, 2) for rrset in _nsec3s("example", {"example": "SOA NS"}, iterations=count)]
    found = Nsec3Proofs.of("example", ways, Effort())
    assert [0, 1] == [proofs.entries[0][1].iterations for proofs in found]
    assert [Absence.PROVED] * 2 == [proofs.no_name("x.example") for proofs in found]


def test_nsec3_hashing_is_counted_against_the_question() -> None:
    """CVE-2023-50868: a name of many labels costs at most what one question may cost."""
    name = ".".join(["a"] * 120)
    proofs = _nsec3_of(_nsec3s("example", {"example": "SOA", "b.example": "A"}, iterations=150)[:1])
    with pytest.raises(LimitExceeded):
        proofs.no_name(f"{name}.example")


def test_effort_ends_where_it_says() -> None:
    """Each bound holds at n and n+1."""
    effort = Effort()
    for _ in range(MAX_SIGNATURE_CHECKS):
        effort.spend_check()
    for _ in range(MAX_FAILED_CHECKS):
        effort.note_failure()
    effort.spend_hash(MAX_HASH_RUNS - 1)
    for spend in (effort.spend_check, effort.note_failure, lambda: effort.spend_hash(0)):
        with pytest.raises(LimitExceeded):
            spend()


def test_canonical_parts_of_a_name_keep_their_escapes() -> None:
    """A dot inside of a label is no cut."""
    assert 3 == label_count("a\\.b.c.test")
    assert "c.test" == rightmost("a\\.b.c.test", 2)
    assert ("", "test", "a.test") == (rightmost("a.test", 0), rightmost("a.test", 1), rightmost("a.test", 2))
    assert ("*.test", "a.test", "*") == (signed_owner("a.b.test", 1), signed_owner("a.test", 2), signed_owner("a", 0))


_NAMES = st.lists(st.sampled_from(["a", "b", "c", "*"]), min_size=1, max_size=3).map(
    lambda labels: ".".join([*labels, "example"])
)
_TYPES = st.sampled_from(["A RRSIG NSEC", "TXT RRSIG NSEC", "A TXT RRSIG NSEC"])


def _oracle(zone: dict[str, str], name: str, type_: str) -> str:
    """Say by RFC 1034 §4.3.2 and RFC 4592 what a zone without delegations has for a question."""
    existing = set(with_ancestors("example", zone))
    if name not in existing:
        encloser = parent_name(name)
        while encloser not in existing:
            encloser = parent_name(encloser)
        name = f"*.{encloser}"
        if name not in existing:
            return "no name"
    return "found" if type_ in zone.get(name, "").split() else "no type"


@drawn(100)
@given(st.dictionaries(_NAMES, _TYPES, max_size=6), _NAMES, st.sampled_from(["A", "TXT", "MX"]))
def test_denial_proves_what_is_so_and_nothing_else(zone: dict[str, str], name: str, type_: str) -> None:
    """All the records of a zone together prove an absence exactly if it is one, by NSEC as by NSEC3."""
    zone = {"example": "SOA NS DNSKEY RRSIG NSEC", **zone}
    nsec = NsecProofs.of("example", _nsecs(zone))
    nsec3 = _nsec3_of(_nsec3s("example", zone))
    found = _oracle(zone, name, type_)
    for proofs in (nsec, nsec3):
        assert (found == "no name") == (proofs.no_name(name) is Absence.PROVED)
        assert (found == "no type") == (proofs.no_type(name, type_) is Absence.PROVED)


@drawn(100)
@given(st.data(), st.dictionaries(_NAMES, _TYPES, max_size=6), _NAMES)
def test_denial_by_some_records_proves_nothing_that_is_not_so(
    data: st.DataObject, zone: dict[str, str], name: str
) -> None:
    """Whichever records an attacker picks out of a zone, they deny nothing that is there."""
    zone = {"example": "SOA NS DNSKEY RRSIG NSEC", **zone}
    every = _nsecs(zone) + _nsec3s("example", zone)
    picked = data.draw(st.lists(st.sampled_from(every), max_size=4, unique_by=lambda rrset: rrset.owner))
    every_proof: tuple[NsecProofs | Nsec3Proofs, ...] = (
        NsecProofs.of("example", picked),
        *Nsec3Proofs.of("example", picked, Effort()),
    )
    for type_ in ("A", "TXT"):
        found = _oracle(zone, name, type_)
        for proofs in every_proof:
            assert found == "no name" or proofs.no_name(name) is Absence.MISSING
            assert found != "found" or proofs.no_type(name, type_) is Absence.MISSING


@given(st.binary(min_size=2, max_size=2), st.binary(min_size=2, max_size=2), st.binary(min_size=2, max_size=2))
def test_nsec3_hash_lies_in_one_of_two_spans(one: bytes, other: bytes, hashed: bytes) -> None:
    """Two hashes cut the circle in two; another hash lies on exactly one side."""
    if hashed not in {one, other} and one != other:
        assert hash_covers(one, other, hashed) != hash_covers(other, one, hashed)


def test_nsec_apex_is_at_or_below_itself() -> None:
    """A proof speaks of names of its own zone only."""
    assert is_at_or_below("example", "example")
    assert Absence.MISSING is ALL.no_name("ml.test")
    assert Absence.MISSING is _nsec3_at(*HASHES.values()).no_name("ml.test")
