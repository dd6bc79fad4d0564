"""Signing zones: what is ours to say bears a signature, nothing else does, and a change costs what it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from fakes.signed_zones import NOW, ORIGIN, Keys, contents, faults, made_keys, zone_of
from scop.dns.dnssec.signatures import Verdict, verify
from scop.dns.rdata import CDNSKEY, CDS, DNSKEY, NSEC, NSEC3, NSEC3PARAM, RRSIG
from scop.dns.zone.cds import ds_line
from scop.dns.zone.denial import Denial, nsec3_owner
from scop.dns.zone.first_zone import first_zone
from scop.dns.zone.order import canonical_key
from scop.dns.zone.signing import Signed, SigningPolicy, first_expiration, is_due, max_ttl, sign_zone, unsigned
from scop.dns.zone.signing_keys import KeyScheme
from scop.dns.zone.zone import Zone

DAY = 86_400
RICH = """\
@ MX 10 mx
*.w TXT "anything"
a.b.c TXT "deep"
www CNAME mx
sub NS ns.sub
ns.sub A 192.0.2.1
a.ns.sub A 192.0.2.2
safe NS ns.safe
safe DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000
ns.safe A 192.0.2.3
gone DNAME example.net.
big.x TYPE731 \\# 3 010203
"""
_owners = st.lists(st.sampled_from(["a", "mx", "*", "x\\.y"]), max_size=4).map(".".join)
KEYS = made_keys()
POLICY = SigningPolicy()


def signed(zone: Zone, keys: Keys = KEYS, denial: Denial = Denial.NSEC, previous: Signed | None = None) -> Signed:
    """Sign a zone now."""
    return sign_zone(zone, keys.set, SigningPolicy(denial), NOW, previous)


@pytest.mark.parametrize("denial", Denial)
@pytest.mark.parametrize("scheme", KeyScheme)
@pytest.mark.parametrize("algorithm", [13, 14, 15])
def test_sign_zone_signs_what_is_authoritative(denial: Denial, scheme: KeyScheme, algorithm: int) -> None:
    """RFC 4035 §2.2: every authoritative RRset bears a signature that holds; delegations and glue bear none."""
    assert faults(signed(zone_of(RICH), made_keys(scheme, algorithm), denial).zone) == []


def test_sign_zone_chains_names_in_canonical_order() -> None:
    """RFC 4034 §4.1.1: each NSEC leads to the next name in canonical order, the last one to the apex."""
    zone = signed(zone_of(RICH)).zone
    names = sorted((name for name, node in zone.nodes.items() if "NSEC" in node), key=canonical_key)
    chain = [zone.nodes[name]["NSEC"].rdatas[0] for name in names]
    assert [*names[1:], ORIGIN] == [link.next_name for link in chain if isinstance(link, NSEC)]
    assert {"ns.sub.harbor.test", "a.ns.sub.harbor.test", "ns.safe.harbor.test"}.isdisjoint(names)


@pytest.mark.parametrize(
    ("name", "types"),
    [
        (ORIGIN, {"SOA", "NS", "MX", "DNSKEY", "CDS", "CDNSKEY", "RRSIG", "NSEC"}),
        ("sub.harbor.test", {"NS", "RRSIG", "NSEC"}),
        ("safe.harbor.test", {"NS", "DS", "RRSIG", "NSEC"}),
        ("www.harbor.test", {"CNAME", "RRSIG", "NSEC"}),
        ("big.x.harbor.test", {"TYPE731", "RRSIG", "NSEC"}),
    ],
)
def test_sign_zone_nsec_names_the_types(name: str, types: set[str]) -> None:
    """RFC 4035 §2.3: the bitmap names what is authoritative at a name, and its own two types."""
    link = signed(zone_of(RICH)).zone.nodes[name]["NSEC"].rdatas[0]
    assert isinstance(link, NSEC)
    assert types == link.types


@pytest.mark.parametrize(
    ("name", "types"),
    [
        (ORIGIN, {"SOA", "NS", "MX", "DNSKEY", "CDS", "CDNSKEY", "NSEC3PARAM", "RRSIG"}),
        ("sub.harbor.test", {"NS"}),
        ("safe.harbor.test", {"NS", "DS", "RRSIG"}),
        ("b.c.harbor.test", set()),
        ("c.harbor.test", set()),
    ],
)
def test_sign_zone_nsec3_names_the_types(name: str, types: set[str]) -> None:
    """RFC 5155 §7.1: empty names have a record too, and RRSIG stands only where anything is signed."""
    link = signed(zone_of(RICH), denial=Denial.NSEC3).zone.hashed[nsec3_owner(ORIGIN, name)].rdatas[0]
    assert isinstance(link, NSEC3)
    assert types == link.types


def test_sign_zone_nsec3_as_rfc_9276() -> None:
    """RFC 9276 §3.1: no iterations, no salt, no opt-out."""
    zone = signed(zone_of(RICH), denial=Denial.NSEC3).zone
    assert zone.nodes[ORIGIN]["NSEC3PARAM"].rdatas == (NSEC3PARAM(1, 0, 0, b""),)
    assert {(1, 0, 0, b"")} == {
        (link.hash_algorithm, link.flags, link.iterations, link.salt)
        for rrset in zone.hashed.values()
        for link in rrset.rdatas
        if isinstance(link, NSEC3)
    }


@given(_owners)
def test_nsec3_owner_is_the_one_that_dnspython_finds(name: str) -> None:
    """RFC 5155 §5: the owner's first label is the hash of the name, here without salt and iterations."""
    import dns.dnssec

    assert nsec3_owner(ORIGIN, name) == f"{dns.dnssec.nsec3_hash(name or '.', None, 0, 1).lower()}.{ORIGIN}"


def test_sign_zone_link_ttl_is_the_negative_one() -> None:
    """RFC 9077 §3: a link lives as long as a negative answer, the lesser of the SOA's TTL and its MINIMUM."""
    zone = signed(zone_of(RICH)).zone
    assert {10} == {node["NSEC"].ttl_seconds for node in zone.nodes.values() if "NSEC" in node}


def test_sign_zone_tells_the_parent_what_to_vouch_for() -> None:
    """RFC 7344 §4: CDS and CDNSKEY name the key whose DS the registrar is told."""
    zone, (key,) = signed(zone_of()).zone, KEYS.set.shown
    (cds,), (cdnskey,) = zone.nodes[ORIGIN]["CDS"].rdatas, zone.nodes[ORIGIN]["CDNSKEY"].rdatas
    assert isinstance(cds, CDS)
    assert cdnskey == CDNSKEY(key.flags, key.protocol, key.algorithm, key.key)
    line = ds_line(ORIGIN, key)
    assert line == f"harbor.test. IN DS {key.key_tag} 13 2 {cds.digest.hex().upper()}"


def test_sign_zone_wishes_no_more_ds() -> None:
    """RFC 8078 §4: algorithm 0 asks the parent to vouch for no key."""
    ending = replace(KEYS.set, wanted=(), is_ending=True)
    zone = sign_zone(zone_of(), ending, POLICY, NOW).zone
    assert zone.nodes[ORIGIN]["CDS"].rdatas == (CDS(0, 0, 0, b"\0"),)
    assert zone.nodes[ORIGIN]["CDNSKEY"].rdatas == (CDNSKEY(0, 3, 0, b"\0"),)
    assert faults(zone) == []


def test_split_keys_sign_what_is_theirs() -> None:
    """RFC 6781 §3.1: the key that the parent names signs the keys (RFC 7344 §4.1: and CDS), the other the rest."""
    keys = made_keys(KeyScheme.SPLIT)
    zone = signed(zone_of(RICH), keys).zone
    ksk, zsk = (key.dnskey.key_tag for key in keys.state.keys)
    by_keys = {rrset.type for rrset in zone.rrsets() if _tags(zone, rrset.owner, rrset.type) == {ksk}}
    assert by_keys == {"DNSKEY", "CDS", "CDNSKEY"}
    assert {zsk} == _tags(zone, ORIGIN, "SOA")


def _tags(zone: Zone, owner: str, type_: str) -> set[int]:
    rrset = zone.get(owner, type_)
    assert rrset is not None
    return {signature.key_tag for signature in rrset.signatures if isinstance(signature, RRSIG)}


def test_signature_times() -> None:
    """A signature begins an hour early, ends within a day before the fourteenth, and not all of them at once."""
    zone = signed(zone_of(RICH)).zone
    found = [s for rrset in zone.rrsets() for s in rrset.signatures if isinstance(s, RRSIG)]
    assert {NOW - 3600} == {signature.inception for signature in found}
    assert all(NOW + 13 * DAY <= signature.expiration <= NOW + 14 * DAY for signature in found)
    assert len({signature.expiration for signature in found}) > len(found) // 2
    assert first_expiration(zone, NOW) == min(signature.expiration for signature in found)


def test_is_due_at_the_limit() -> None:
    """A zone is due once a signature lasts no longer than seven days, and not a second earlier."""
    zone = signed(zone_of(RICH)).zone
    end = first_expiration(zone, NOW)
    assert end is not None
    assert not is_due(zone, POLICY, end - 7 * DAY - 1)
    assert is_due(zone, POLICY, end - 7 * DAY)


def test_sign_zone_renews_only_what_is_due() -> None:
    """What lasts is taken over as it is; what is due is signed anew."""
    first = signed(zone_of(RICH))
    end = first_expiration(first.zone, NOW)
    assert end is not None
    later = end - 7 * DAY
    # Given as signatures of before, every RRset is looked at.
    second = sign_zone(zone_of(RICH), KEYS.set, POLICY, later, first.zone)
    fresh = [rrset for rrset in second.zone.rrsets() if first.zone.get(rrset.owner, rrset.type) is not rrset]
    assert 0 < len([rrset for rrset in fresh if rrset.signatures]) < 5
    assert not is_due(second.zone, POLICY, later)
    assert faults(second.zone, later) == []


@pytest.mark.parametrize("days", [-1, 0, 6, 7, 8, 14, 400])
def test_sign_zone_of_any_version_renews_what_is_due(days: int) -> None:
    """Whatever changed, and however long ago the last change was: every signature holds, and for a week at least.

    So after the clock was set back too.
    """
    first, now = signed(zone_of(RICH)), NOW + days * DAY
    second = sign_zone(zone_of(RICH, 8), KEYS.set, POLICY, now, first)
    assert faults(second.zone, now) == []
    assert not is_due(second.zone, POLICY, now)


def test_sign_zone_of_a_change_touches_its_neighbours_only() -> None:
    """A new name is signed with its link, the link before it and the SOA; all else stays the same object."""
    before = signed(zone_of(RICH))
    after = signed(zone_of(RICH + 'new TXT "x"\n', 8), previous=before)
    fresh = {
        (rrset.owner, rrset.type)
        for rrset in after.zone.rrsets()
        if before.zone.get(rrset.owner, rrset.type) is not rrset and rrset.signatures
    }
    assert fresh == {
        (ORIGIN, "SOA"),
        ("new.harbor.test", "TXT"),
        ("new.harbor.test", "NSEC"),
        ("mx.harbor.test", "NSEC"),
    }
    assert faults(after.zone) == []


_labels = st.sampled_from(["a", "b", "*", "z", "x\\.y", "_t"])
_names = st.lists(_labels, min_size=1, max_size=3).map(".".join)
_lines = st.tuples(_names, st.sampled_from(["A 192.0.2.1", "TXT x", "MX 1 mx", "NS ns", "DNAME d.test."]))
_zones = st.lists(_lines, max_size=8, unique_by=lambda line: line[0]).map(
    lambda lines: "".join(f"{owner} {rest}\n" for owner, rest in lines)
)


@drawn(20)
@given(st.lists(_zones, min_size=2, max_size=4), st.sampled_from(Denial))
def test_sign_zone_step_by_step_equals_at_once(texts: list[str], denial: Denial) -> None:
    """However a zone came to be what it is, its signed form says the same, and every signature holds."""
    last: Signed | None = None
    for serial, text in enumerate(texts, start=1):
        zone = zone_of(text, serial)
        last = signed(zone, denial=denial, previous=last)
        assert contents(signed(zone, denial=denial).zone) == contents(last.zone)
        assert faults(last.zone) == []


@drawn(20)
@given(_zones, st.sampled_from(Denial))
def test_unsigned_undoes_sign_zone(text: str, denial: Denial) -> None:
    """What signing adds can be taken off again: the source is what was written."""
    zone = zone_of(text)
    assert unsigned(signed(zone, denial=denial).zone) == zone


def test_unsigned_leaves_a_source_as_it_is() -> None:
    """Where nothing of a signer stands, the same object comes back."""
    zone = zone_of(RICH)
    assert unsigned(zone) is zone


def test_sign_zone_takes_no_foreign_signatures() -> None:
    """What another signer wrote into the source is not shown: keys, links and signatures are ours."""
    other = signed(zone_of(RICH), made_keys(), Denial.NSEC3).zone
    zone = signed(other).zone
    assert zone.nodes[ORIGIN]["DNSKEY"].rdatas == KEYS.set.shown
    assert dict(zone.hashed) == {}
    assert faults(zone) == []


def test_sign_zone_with_other_keys_drops_their_signatures() -> None:
    """After the set of keys changed, every signature is by a key of it."""
    first, others = signed(zone_of(RICH)), made_keys(KeyScheme.SPLIT)
    assert faults(signed(zone_of(RICH), others, previous=first).zone) == []


def test_sign_zone_from_nsec_to_nsec3() -> None:
    """Another kind of proof replaces the first one whole."""
    zone = signed(zone_of(RICH), denial=Denial.NSEC3, previous=signed(zone_of(RICH))).zone
    assert [name for name, node in zone.nodes.items() if "NSEC" in node] == []
    assert faults(zone) == []


def test_max_ttl_is_that_of_anything() -> None:
    """Nothing of a zone stays in caches for longer than its largest TTL."""
    assert max_ttl(zone_of("long 86400 A 192.0.2.1\n")) == DAY


def test_policy_refuses_signatures_that_are_always_due() -> None:
    """Signatures must last longer than until they are made anew."""
    with pytest.raises(ValueError, match="must last longer"):
        SigningPolicy(validity_seconds=8 * DAY)


@drawn(20)
@given(_zones, st.sampled_from([13, 15]))
def test_sign_zone_is_understood_by_dnspython(text: str, algorithm: int) -> None:
    """Dnspython finds every signature good: both sign the same octets (RFC 4034 §6.2)."""
    import dns.name
    import dns.rdatatype
    import dns.rrset

    import dns.dnssec

    keys = made_keys(algorithm=algorithm)
    zone = signed(zone_of(text), keys).zone
    apex = dns.name.from_text(ORIGIN)
    shown = _their_rrset(zone, ORIGIN, "DNSKEY")
    for rrset in zone.rrsets():
        if rrset.signatures:
            theirs = _their_rrset(zone, rrset.owner, rrset.type)
            signatures = dns.rrset.RRset(theirs.name, theirs.rdclass, dns.rdatatype.RRSIG, theirs.rdtype)
            for signature in rrset.signatures:
                signatures.add(_their_rdata("RRSIG", signature.to_wire()), theirs.ttl)
            dns.dnssec.validate(theirs, signatures, {apex: shown}, now=NOW)


def _their_rdata(type_: str, octets: bytes):  # type: ignore[no-untyped-def]  # dnspython's own type, imported lazily
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype

    return dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.from_text(type_), octets, 0, len(octets))


def _their_rrset(zone: Zone, owner: str, type_: str):  # type: ignore[no-untyped-def]  # the same
    import dns.name
    import dns.rdataclass
    import dns.rdatatype
    import dns.rrset

    rrset = zone.get(owner, type_)
    assert rrset is not None
    name = dns.name.from_text(owner)
    theirs = dns.rrset.RRset(name, dns.rdataclass.IN, dns.rdatatype.from_text(type_))
    for rdata in rrset.rdatas:
        theirs.add(_their_rdata(type_, rdata.to_wire()), rrset.ttl_seconds)
    return theirs


def test_key_of_a_zone_verifies_itself() -> None:
    """RFC 4035 §2.1: the apex's keys are signed by the key that the parent names."""
    apex = signed(zone_of()).zone.nodes[ORIGIN]["DNSKEY"]
    (key,), (signature,) = apex.rdatas, apex.signatures
    assert isinstance(key, DNSKEY)
    assert isinstance(signature, RRSIG)
    assert verify(apex, signature, key, NOW) is Verdict.GOOD


def test_secondary_of_a_first_zone_gives_up_before_its_signatures_end() -> None:
    """RFC 6781 §4.4.2: whatever version it holds last, every signature in it lasts until the zone expires there."""
    zone = Zone.parse(first_zone(ORIGIN, f"mx.{ORIGIN}", "127.0.20.1"), ORIGIN)
    assert zone.soa_rdata.expire_seconds <= SigningPolicy().refresh_seconds
