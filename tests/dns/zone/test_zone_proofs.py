"""Signed zones answer with the proofs that RFC 4035 appendix B and RFC 5155 appendix B show for their example zones."""

from __future__ import annotations

import base64

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

import dns.dnssec
from scop.dns.names import is_at_or_below
from scop.dns.rdata import NSEC, NSEC3, NSEC3PARAM, RRSIG
from scop.dns.rdata.bitmap import bitmap_of
from scop.dns.rrset import RRset
from scop.dns.zone.answer import MAX_STREAM_OCTETS, Zones
from scop.dns.zone.order import SortedNames
from scop.dns.zone.zone import Zone

# The zone of RFC 4035 appendix A and RFC 5155 appendix A, with what each has alone.
TEXT = """\
$TTL 3600
@ SOA ns1 bugs.x.w 1081539377 3600 300 3600000 3600
@ NS ns1
@ NS ns2
@ MX 1 xx
@ DNSKEY 256 3 5 AQOy
a NS ns1.a
a NS ns2.a
a DS 57855 5 1 B6DCD485719ADCA18E5F3D48A2331627FDD3636B
ns1.a A 192.0.2.5
ns2.a A 192.0.2.6
ai A 192.0.2.9
ai HINFO "KLH-10" "ITS"
b NS ns1.b
b NS ns2.b
ns1.b A 192.0.2.7
ns2.b A 192.0.2.8
ns1 A 192.0.2.1
ns2 A 192.0.2.2
*.w MX 1 ai
x.w MX 1 xx
x.y.w MX 1 xx
xx A 192.0.2.10
"""
UNSIGNED = Zone.parse(TEXT, "example")
OPT_OUT = UNSIGNED.changed(  # RFC 5155 appendix A: an unsigned delegation `c`, which has no NSEC3, and a hash as name
    [
        RRset("c.example", "NS", 3600, UNSIGNED.nodes["b.example"]["NS"].rdatas),
        RRset("2t7b4g4vsa5smi47k61mv5bv1a22bojr.example", "A", 3600, UNSIGNED.nodes["xx.example"]["A"].rdatas),
    ],
    [("b.example", "NS"), ("ns1.b.example", "A"), ("ns2.b.example", "A")],
)
SALT, ITERATIONS = bytes.fromhex("aabbccdd"), 12
CUTS = ("a.example", "b.example", "c.example")


def signature(covered: str) -> RRSIG:
    """Return what stands for a signature: here nobody checks it."""
    return RRSIG(covered, 13, 2, 3600, 2, 1, 7, "example", b"signed")


def signed(rrset: RRset) -> RRset:
    """Return an RRset with a signature, unless it is a delegation's or glue (RFC 4035 §2.2)."""
    cut = next((cut for cut in CUTS if is_at_or_below(rrset.owner, cut)), None)
    is_ours = cut is None or (rrset.owner == cut and rrset.type in {"DS", "NSEC"})
    signatures = (signature(rrset.type),) if is_ours else ()
    return RRset(rrset.owner, rrset.type, rrset.ttl_seconds, rrset.rdatas, signatures)


def by_nsec(zone: Zone) -> Zone:
    """Return the zone with NSEC records (RFC 4035 §2.3)."""
    owners = [n for n in zone.nodes if n in CUTS or not any(is_at_or_below(n, cut) for cut in CUTS)]
    names = SortedNames.of(owners)
    chain = [RRset(n, "NSEC", 3600, (NSEC.of(names.after(n), [*zone.nodes[n], "NSEC", "RRSIG"]),)) for n in names]
    return zone.changed(signed(rrset) for rrset in (*zone.rrsets(), *chain))


def hashed(name: str) -> str:
    """Return an NSEC3's label by dnspython, which knows nothing of ours."""
    return str(dns.dnssec.nsec3_hash(name + ".", SALT, ITERATIONS, 1)).lower()


def by_nsec3(zone: Zone) -> Zone:
    """Return the zone with NSEC3 records and opt-out (RFC 5155 §7.1)."""
    hidden = [cut for cut in CUTS if "DS" not in zone.nodes.get(cut, {})]
    names = [n for n in zone.names if n in CUTS or not any(is_at_or_below(n, cut) for cut in CUTS)]
    by_label = {hashed(name): name for name in names if name not in hidden}
    labels = sorted(by_label)
    chain = []
    for label, following in zip(labels, [*labels[1:], labels[0]], strict=True):
        bitmap = bitmap_of(zone.nodes.get(by_label[label], {}))
        rdata = NSEC3(1, 1, ITERATIONS, SALT, base64.b32hexdecode(following.upper()), bitmap)
        chain.append(RRset(f"{label}.example", "NSEC3", 3600, (rdata,)))
    parameters = RRset("example", "NSEC3PARAM", 0, (NSEC3PARAM(1, 0, ITERATIONS, SALT),))
    return zone.changed(signed(rrset) for rrset in (*zone.rrsets(), parameters, *chain))


NSEC_ZONE, NSEC3_ZONE = by_nsec(UNSIGNED), by_nsec3(OPT_OUT)


def ask(zone: Zone, name: str, type_: str, *, dnssec: bool = True) -> dns.message.Message:
    """Return the response of a server of one zone."""
    query = dns.message.make_query(name, type_, want_dnssec=dnssec)
    octets = Zones.of([zone]).answer(query.to_wire(), max_octets=MAX_STREAM_OCTETS)
    assert octets is not None
    return dns.message.from_wire(octets)


def shown(rrsets: list[dns.rrset.RRset]) -> dict[str, set[str]]:
    """Return which types stand at which owners, a signature as what it covers after a plus."""
    found: dict[str, set[str]] = {}
    for rrset in rrsets:
        is_signature = rrset.rdtype == dns.rdatatype.RRSIG
        word = "+" + dns.rdatatype.to_text(rrset.covers) if is_signature else dns.rdatatype.to_text(rrset.rdtype)
        found.setdefault(str(rrset.name).removesuffix("."), set()).add(word)
    return found


def both(*types: str) -> set[str]:
    """Return types with the signatures over each."""
    return {*types, *(f"+{type_}" for type_ in types)}


SOA, PROOF = both("SOA"), both("NSEC")


@pytest.mark.parametrize(
    ("name", "type_", "rcode", "answer", "authority"),
    [
        ("x.w.example", "MX", "NOERROR", {"x.w.example": both("MX")}, {}),  # B.1
        ("ml.example", "A", "NXDOMAIN", {}, {"example": SOA | PROOF, "b.example": PROOF}),  # B.2
        ("ns1.example", "MX", "NOERROR", {}, {"example": SOA, "ns1.example": PROOF}),  # B.3
        ("mc.a.example", "MX", "NOERROR", {}, {"a.example": {"NS"} | both("DS")}),  # B.4
        ("mc.b.example", "MX", "NOERROR", {}, {"b.example": {"NS"} | PROOF}),  # B.5
        ("a.z.w.example", "MX", "NOERROR", {"a.z.w.example": both("MX")}, {"x.y.w.example": PROOF}),  # B.6
        (  # B.7
            *("a.z.w.example", "AAAA", "NOERROR", {}),
            {"example": SOA, "x.y.w.example": PROOF, "*.w.example": PROOF},
        ),
        ("example", "DS", "NOERROR", {}, {"example": SOA | PROOF}),  # B.8
        # and what the appendix leaves out
        ("b.example", "DS", "NOERROR", {}, {"example": SOA, "b.example": PROOF}),
        ("a.example", "DS", "NOERROR", {"a.example": both("DS")}, {}),
        ("y.w.example", "A", "NOERROR", {}, {"example": SOA, "x.w.example": PROOF}),  # an empty non-terminal
        ("c.y.w.example", "A", "NXDOMAIN", {}, {"example": SOA, "x.w.example": PROOF}),  # one NSEC says both
        ("zz.example", "A", "NXDOMAIN", {}, {"example": SOA | PROOF, "xx.example": PROOF}),  # after the last name
        ("*.w.example", "AAAA", "NOERROR", {}, {"example": SOA, "*.w.example": PROOF}),
        ("example", "DNSKEY", "NOERROR", {"example": both("DNSKEY")}, {}),
        ("ns1.example", "NSEC", "NOERROR", {"ns1.example": PROOF}, {}),
        ("ns1.example", "RRSIG", "NOERROR", {"ns1.example": {"+A", "+NSEC"}}, {}),
    ],
)
def test_zone_proves_by_nsec(
    name: str, type_: str, rcode: str, answer: dict[str, set[str]], authority: dict[str, set[str]]
) -> None:
    """The responses of RFC 4035 appendix B, and the cases beside them (§3.1.3)."""
    response = ask(NSEC_ZONE, name, type_)
    assert (rcode, answer) == (dns.rcode.to_text(response.rcode()), shown(response.answer))
    assert authority == shown(response.authority)


APEX3, ENCLOSER3, WILD3, AFTER3 = (
    "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example",
    "b4um86eghhds6nea196smvmlo4ors995.example",
    "r53bq7cc2uvmubfu5ocmm6pers9tk9en.example",
    "35mthgpgcu1qg68fab165klnsnk3dpvl.example",
)
W3, NS13, Y3, NS23 = (
    "k8udemvp1j2f7eg6jebps17vp3n8i58h.example",
    "2t7b4g4vsa5smi47k61mv5bv1a22bojr.example",
    "ji6neoaepv8b5o6k4ev33abha8ht9fgc.example",
    "q04jkcevqvmu85r014c7dkba38o0ji5r.example",
)
SOA3: dict[str, set[str]] = {"example": SOA}


def nsec3(*owners: str) -> dict[str, set[str]]:
    """Return NSEC3 records with their signatures."""
    return {owner: both("NSEC3") for owner in owners}


@pytest.mark.parametrize(
    ("name", "type_", "rcode", "answer", "authority"),
    [
        ("a.c.x.w.example", "A", "NXDOMAIN", {}, SOA3 | nsec3(APEX3, ENCLOSER3, AFTER3)),  # B.1
        ("ns1.example", "MX", "NOERROR", {}, SOA3 | nsec3(NS13)),  # B.2
        ("y.w.example", "A", "NOERROR", {}, SOA3 | nsec3(Y3)),  # B.2.1
        ("mc.c.example", "MX", "NOERROR", {}, {"c.example": {"NS"}} | nsec3(AFTER3, APEX3)),  # B.3
        ("a.z.w.example", "MX", "NOERROR", {"a.z.w.example": both("MX")}, nsec3(NS23)),  # B.4
        ("a.z.w.example", "AAAA", "NOERROR", {}, SOA3 | nsec3(W3, NS23, WILD3)),  # B.5
        ("example", "DS", "NOERROR", {}, SOA3 | nsec3(APEX3)),  # B.6
        # and what the appendix leaves out
        ("c.example", "DS", "NOERROR", {}, SOA3 | nsec3(AFTER3, APEX3)),  # §7.2.4
        ("mc.a.example", "MX", "NOERROR", {}, {"a.example": {"NS"} | both("DS")}),
        (f"{APEX3}", "NSEC3", "NXDOMAIN", {}, None),  # §7.2.8: no such name
        ("example", "NSEC3PARAM", "NOERROR", {"example": both("NSEC3PARAM")}, {}),
    ],
)
def test_zone_proves_by_nsec3(
    name: str, type_: str, rcode: str, answer: dict[str, set[str]], authority: dict[str, set[str]] | None
) -> None:
    """The responses of RFC 5155 appendix B, and the cases beside them (§7.2)."""
    response = ask(NSEC3_ZONE, name, type_)
    assert (rcode, answer) == (dns.rcode.to_text(response.rcode()), shown(response.answer))
    if authority is not None:
        assert authority == shown(response.authority)


@pytest.mark.parametrize("zone", [NSEC_ZONE, NSEC3_ZONE])
@pytest.mark.parametrize(("name", "type_"), [("a.z.w.example", "MX"), ("ml.example", "A"), ("mc.a.example", "A")])
def test_zone_shows_proofs_only_to_who_wants_them(zone: Zone, name: str, type_: str) -> None:
    """Without DO there are neither signatures nor proofs nor a DS (RFC 4035 §3.1)."""
    response = ask(zone, name, type_, dnssec=False)
    types = set().union(*shown([*response.answer, *response.authority, *response.additional]).values())
    assert types <= {"SOA", "NS", "MX", "A"}


def test_zone_unsigned_has_nothing_to_prove() -> None:
    """DO on an unsigned zone changes nothing but DO itself (RFC 3225 §3)."""
    response = ask(UNSIGNED, "ml.example", "A")
    assert {"example": {"SOA"}} == shown(response.authority)
    assert response.ednsflags & dns.flags.DO


def test_zone_glue_is_shown_without_signatures() -> None:
    """Glue is not the zone's own and bears no signature (RFC 4035 §2.2); a server of ours does."""
    assert {"ns1.a.example": {"A"}, "ns2.a.example": {"A"}} == shown(ask(NSEC_ZONE, "mc.a.example", "A").additional)
    assert {"ns1.example": both("A"), "ns2.example": both("A")} == shown(ask(NSEC_ZONE, "example", "NS").additional)


def test_zone_answers_by_the_new_chain_only_when_it_is_whole() -> None:
    """NSEC3 records that no NSEC3PARAM at the apex speaks of prove nothing yet (RFC 5155 §4.1.2)."""
    half = NSEC3_ZONE.changed((), [("example", "NSEC3PARAM")])
    assert {"example": SOA} == shown(ask(half, "ml.example", "A").authority)
