"""Authoritative answers, asked with dnspython's messages as the client."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rrset
import dns.update
import pytest
from dns.message import Message
from hypothesis import given
from hypothesis import strategies as st

from scop.dns.zone.answer import MAX_ALIASES, MAX_DATAGRAM_OCTETS, MAX_STREAM_OCTETS, Zones
from scop.dns.zone.zone import Zone

HARBOR = """\
$TTL 300
@ IN SOA mx hostmaster 7 3600 600 1209600 10
@ NS mx
@ MX 10 mx
@ TXT "v=spf1 mx -all"
mx A 127.0.20.1
mx AAAA ::1
www CNAME mx
there CNAME web.lagoon.test.
away CNAME www.elsewhere.test.
gone CNAME nobody
round CNAME robin
robin CNAME round
a.b.empty TXT "deep"
*.wild TXT "any"
*.wild MX 5 mx
x.wild A 127.0.0.9
*.star CNAME mx
child NS ns.child
child NS ns.elsewhere.test.
child DS 1 8 2 0000000000000000000000000000000000000000000000000000000000000000
ns.child A 127.0.0.53
into CNAME deep.child
old DNAME mx
longdname DNAME aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b
_25._tcp.mx TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000000
_imaps._tcp SRV 0 0 993 mx
"""
LAGOON = """\
$TTL 60
@ IN SOA ns hostmaster 1 3600 600 1209600 30
@ NS ns
ns A 127.0.10.1
web A 127.0.10.2
"""
CHAIN = "".join(f"c{n} CNAME c{n + 1}\n" for n in range(MAX_ALIASES + 4))
BIG = "".join(f'big TXT "{n:03d}{"x" * 97}"\n' for n in range(20))
HUGE = "".join(f'huge TXT "{n:03d}{"x" * 250}"\n' for n in range(300))

ZONES = Zones.of(
    [Zone.parse(HARBOR + CHAIN + BIG + HUGE, "harbor.test"), Zone.parse(LAGOON, "lagoon.test")],
)


def ask_octets(query: Message, max_octets: int = MAX_STREAM_OCTETS) -> bytes:
    """Return the response's octets to a query."""
    octets = ZONES.answer(query.to_wire(), max_octets=max_octets)
    assert octets is not None
    return octets


def ask(name: str, type_: str, *, edns: bool = False) -> Message:
    """Ask over a stream and check that the response is one to this query."""
    query = dns.message.make_query(name, type_, use_edns=edns)
    response = dns.message.from_wire(ask_octets(query))
    assert query.is_response(response)
    return response


def shown(rrsets: list[dns.rrset.RRset]) -> list[str]:
    """Return records as sorted lines of a master file."""
    return sorted(line for rrset in rrsets for line in rrset.to_text().splitlines())


@pytest.mark.parametrize(
    ("name", "type_", "answer"),
    [
        ("harbor.test", "MX", ["harbor.test. 300 IN MX 10 mx.harbor.test."]),
        ("harbor.test", "TXT", ['harbor.test. 300 IN TXT "v=spf1 mx -all"']),
        ("MX.Harbor.TEST", "A", ["MX.Harbor.TEST. 300 IN A 127.0.20.1"]),
        ("mx.harbor.test", "AAAA", ["mx.harbor.test. 300 IN AAAA ::1"]),
        ("_imaps._tcp.harbor.test", "SRV", ["_imaps._tcp.harbor.test. 300 IN SRV 0 0 993 mx.harbor.test."]),
        ("www.harbor.test", "CNAME", ["www.harbor.test. 300 IN CNAME mx.harbor.test."]),
        ("web.lagoon.test", "A", ["web.lagoon.test. 60 IN A 127.0.10.2"]),
    ],
)
def test_zone_answers_what_is_there(name: str, type_: str, answer: list[str]) -> None:
    """What a zone holds comes back, authoritative and alone (RFC 1034 §4.3.2 step 3a)."""
    response = ask(name, type_)
    assert dns.rcode.NOERROR == response.rcode()
    assert response.flags & dns.flags.AA
    assert answer == shown(response.answer)
    assert [] == response.authority
    assert [] == response.additional


@pytest.mark.parametrize(
    ("name", "type_", "rcode"),
    [
        ("mx.harbor.test", "MX", dns.rcode.NOERROR),
        ("nobody.harbor.test", "A", dns.rcode.NXDOMAIN),
        ("x.mx.harbor.test", "A", dns.rcode.NXDOMAIN),
        ("empty.harbor.test", "A", dns.rcode.NOERROR),  # RFC 4592 §2.2.2: an empty non-terminal exists
        ("b.empty.harbor.test", "TXT", dns.rcode.NOERROR),
        ("c.empty.harbor.test", "TXT", dns.rcode.NXDOMAIN),
    ],
)
def test_zone_says_no_with_soa(name: str, type_: str, rcode: dns.rcode.Rcode) -> None:
    """No data and no name bear the SOA, whose TTL is the lesser of its own and MINIMUM (RFC 2308 §3)."""
    response = ask(name, type_)
    assert rcode == response.rcode()
    assert [] == response.answer
    assert ["harbor.test. 10 IN SOA mx.harbor.test. hostmaster.harbor.test. 7 3600 600 1209600 10"] == shown(
        response.authority
    )


@pytest.mark.parametrize(
    ("name", "type_", "answer", "rcode"),
    [
        ("host.wild.harbor.test", "TXT", ['host.wild.harbor.test. 300 IN TXT "any"'], dns.rcode.NOERROR),
        ("a.b.wild.harbor.test", "TXT", ['a.b.wild.harbor.test. 300 IN TXT "any"'], dns.rcode.NOERROR),
        ("host.wild.harbor.test", "A", [], dns.rcode.NOERROR),
        ("x.wild.harbor.test", "TXT", [], dns.rcode.NOERROR),  # a name that exists is not made from a wildcard
        ("y.x.wild.harbor.test", "TXT", [], dns.rcode.NXDOMAIN),  # nor one below it
        ("*.wild.harbor.test", "TXT", ['*.wild.harbor.test. 300 IN TXT "any"'], dns.rcode.NOERROR),
        ("wild.harbor.test", "TXT", [], dns.rcode.NOERROR),
    ],
)
def test_zone_wildcards(name: str, type_: str, answer: list[str], rcode: dns.rcode.Rcode) -> None:
    """The source of synthesis hangs below the closest encloser, and only there (RFC 4592 §3.3)."""
    response = ask(name, type_)
    assert (rcode, answer) == (response.rcode(), shown(response.answer))


@pytest.mark.parametrize(
    ("name", "last", "rcode"),
    [
        ("www.harbor.test", "mx.harbor.test. 300 IN A 127.0.20.1", dns.rcode.NOERROR),
        ("there.harbor.test", "web.lagoon.test. 60 IN A 127.0.10.2", dns.rcode.NOERROR),
        ("any.star.harbor.test", "mx.harbor.test. 300 IN A 127.0.20.1", dns.rcode.NOERROR),
        ("away.harbor.test", "away.harbor.test. 300 IN CNAME www.elsewhere.test.", dns.rcode.NOERROR),
        ("gone.harbor.test", "gone.harbor.test. 300 IN CNAME nobody.harbor.test.", dns.rcode.NXDOMAIN),
        ("round.harbor.test", "robin.harbor.test. 300 IN CNAME round.harbor.test.", dns.rcode.NOERROR),
    ],
)
def test_zone_follows_aliases(name: str, last: str, rcode: dns.rcode.Rcode) -> None:
    """Aliases are followed as far as our zones reach; the last name decides the code (RFC 6604 §3)."""
    response = ask(name, "A")
    assert (rcode, last) == (response.rcode(), response.answer[-1].to_text())


def test_zone_alias_chain_is_bounded() -> None:
    """A chain is followed for MAX_ALIASES steps and no further."""
    assert MAX_ALIASES == len(ask("c0.harbor.test", "A").answer)


def test_zone_dname() -> None:
    """A DNAME is shown with the CNAME made from it, and the new name is looked up (RFC 6672 §3.2)."""
    response = ask("_25._tcp.old.harbor.test", "TLSA")
    assert [
        "_25._tcp.old.harbor.test. 300 IN CNAME _25._tcp.mx.harbor.test.",
        "old.harbor.test. 300 IN DNAME mx.harbor.test.",
    ] == shown(response.answer[:2])
    assert "_25._tcp.mx.harbor.test." == str(response.answer[2].name)


def test_zone_dname_too_long() -> None:
    """A substitution that fits no name is YXDOMAIN (RFC 6672 §2.2)."""
    response = ask(".".join(["d" * 50] * 4) + ".longdname.harbor.test", "A")
    assert dns.rcode.YXDOMAIN == response.rcode()


@pytest.mark.parametrize("name", ["child.harbor.test", "host.child.harbor.test", "ns.child.harbor.test"])
def test_zone_refers_with_glue(name: str) -> None:
    """At and below a delegation stands a referral: not authoritative, with the glue (RFC 1034 §4.3.2 step 3b)."""
    response = ask(name, "A")
    assert not response.flags & dns.flags.AA
    assert [] == response.answer
    assert [
        "child.harbor.test. 300 IN NS ns.child.harbor.test.",
        "child.harbor.test. 300 IN NS ns.elsewhere.test.",
    ] == shown(response.authority)
    assert ["ns.child.harbor.test. 300 IN A 127.0.0.53"] == shown(response.additional)


def test_zone_alias_into_delegation() -> None:
    """An alias that leads into a delegation is ours, the rest is referred (RFC 1035 §4.1.1)."""
    response = ask("into.harbor.test", "A")
    assert response.flags & dns.flags.AA
    assert ["into.harbor.test. 300 IN CNAME deep.child.harbor.test."] == shown(response.answer)
    assert "child.harbor.test." == str(response.authority[0].name)


def test_zone_ds_belongs_to_parent() -> None:
    """The DS of a delegation is answered by the parent, even beside the child (RFC 4035 §3.1.4.1)."""
    child = "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 127.0.0.53\n"
    both = ZONES.replaced(Zone.parse(child, "child.harbor.test"))
    for zones in (ZONES, both):
        octets = zones.answer(dns.message.make_query("child.harbor.test", "DS").to_wire(), max_octets=MAX_STREAM_OCTETS)
        assert octets is not None
        assert "DS" in dns.message.from_wire(octets).answer[0].to_text()


def test_zone_longest_match_answers() -> None:
    """Of two zones on one path the nearer one answers."""
    root = Zone.parse(". 60 SOA a. b. 1 2 3 4 5\n. 60 NS a.\nlagoon.test. 60 NS ns.lagoon.test.\n", ".")
    octets = ZONES.replaced(root).answer(dns.message.make_query("lagoon.test", "SOA").to_wire(), max_octets=1232)
    assert octets is not None
    assert dns.message.from_wire(octets).flags & dns.flags.AA


def test_zone_shows_addresses_of_its_servers() -> None:
    """NS bring the addresses of servers inside of the zone, as resolvers hope of the root (RFC 9609 §4.2)."""
    response = ask("harbor.test", "NS")
    assert ["harbor.test. 300 IN NS mx.harbor.test."] == shown(response.answer)
    assert ["mx.harbor.test. 300 IN A 127.0.20.1", "mx.harbor.test. 300 IN AAAA ::1"] == shown(response.additional)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("mx.harbor.test", "mx.harbor.test. 300 IN A 127.0.20.1"),
        ("www.harbor.test", "www.harbor.test. 300 IN CNAME mx.harbor.test."),
        ("x.old.harbor.test", "old.harbor.test. 300 IN DNAME mx.harbor.test."),
        ("any.star.harbor.test", "any.star.harbor.test. 300 IN CNAME mx.harbor.test."),
    ],
)
def test_zone_any_is_minimal(name: str, line: str) -> None:
    """ANY is answered with one RRset and follows no alias (RFC 8482 §4.1)."""
    response = ask(name, "ANY")
    assert line == response.answer[0].to_text()
    assert len(response.answer) == (2 if "DNAME" in line else 1)


def test_zone_dname_answers_who_asks_for_the_alias() -> None:
    """Who asks for the CNAME below a DNAME gets the one made from it, and that is all (RFC 6672 §3.1)."""
    response = ask("nobody.old.harbor.test", "CNAME")
    assert (dns.rcode.NOERROR, []) == (response.rcode(), response.authority)
    assert "nobody.old.harbor.test. 300 IN CNAME nobody.mx.harbor.test." in shown(response.answer)


@pytest.mark.parametrize("type_", ["TYPE65280", "HTTPS", "LOC", "TYPE0"])
def test_zone_knows_no_bounds_of_types(type_: str) -> None:
    """A type that nobody knows is like any other: here there is none of it (RFC 3597 §3)."""
    response = ask("mx.harbor.test", type_)
    assert (dns.rcode.NOERROR, [], 1) == (response.rcode(), response.answer, len(response.authority))


def test_zone_serves_unknown_types() -> None:
    """Their octets go out as they came in (RFC 3597 §5)."""
    zone = Zone.parse(LAGOON + "web TYPE65280 \\# 3 0a0b0c\n", "lagoon.test")
    octets = Zones.of([zone]).answer(dns.message.make_query("web.lagoon.test", "TYPE65280").to_wire(), max_octets=512)
    assert octets is not None
    assert octets.endswith(b"\0\3\x0a\x0b\x0c")


@pytest.mark.parametrize(
    ("name", "type_", "class_", "rcode"),
    [
        ("elsewhere.test", "A", "IN", dns.rcode.REFUSED),
        (".", "NS", "IN", dns.rcode.REFUSED),
        ("harbor.test", "AXFR", "IN", dns.rcode.REFUSED),
        ("harbor.test", "IXFR", "IN", dns.rcode.REFUSED),
        ("version.bind", "TXT", "CH", dns.rcode.REFUSED),
        ("harbor.test", "A", "ANY", dns.rcode.REFUSED),
        ("harbor.test", "TKEY", "IN", dns.rcode.NOTIMP),
    ],
)
def test_zone_refuses_what_is_not_ours(name: str, type_: str, class_: str, rcode: dns.rcode.Rcode) -> None:
    """Other zones, classes and transfers are refused without a word about them."""
    query = dns.message.make_query(name, type_, class_)
    response = dns.message.from_wire(ask_octets(query))
    assert (rcode, [], []) == (response.rcode(), response.answer, response.authority)


def test_zone_update_on_the_query_side_is_refused() -> None:
    """UPDATE is never taken where queries are answered."""
    update = dns.update.UpdateMessage("harbor.test")
    update.add("evil", 60, "A", "127.0.66.1")
    assert dns.rcode.REFUSED == dns.message.from_wire(ask_octets(update)).rcode()


@pytest.mark.parametrize("opcode", [dns.opcode.IQUERY, dns.opcode.STATUS, dns.opcode.NOTIFY])
def test_zone_other_opcodes(opcode: dns.opcode.Opcode) -> None:
    """What is neither a query nor an update is not implemented (RFC 1035 §4.1.1)."""
    query = dns.message.make_query("harbor.test", "SOA")
    query.set_opcode(opcode)
    response = ask_octets(query)
    assert (opcode << 3 | 0x80, dns.rcode.NOTIMP) == (response[2] & 0xF8, response[3] & 0x0F)


def test_zone_formerr() -> None:
    """Two questions, none, junk behind, a cut record: FORMERR with the id (RFC 9619 §4)."""
    good = dns.message.make_query("harbor.test", "SOA").to_wire()
    bad = [good + b"x", good[:-1], good[:5] + b"\2" + good[6:] + good[12:], good[:5] + b"\0" + good[6:12]]
    for query in bad:
        response = ZONES.answer(query, max_octets=MAX_STREAM_OCTETS)
        assert response is not None
        assert (query[:2], dns.rcode.FORMERR) == (response[:2], response[3] & 0x0F)


@pytest.mark.parametrize("octets", [b"", b"\0" * 11, b"\0\1\x80" + b"\0" * 9])
def test_zone_stays_silent(octets: bytes) -> None:
    """Half a header has no id to answer to, and a response must not start a loop."""
    assert ZONES.answer(octets, max_octets=MAX_STREAM_OCTETS) is None


def test_zone_edns() -> None:
    """EDNS is answered in kind, its absence too; another version is BADVERS (RFC 6891 §6.1.1, §6.1.3)."""
    assert (0, MAX_DATAGRAM_OCTETS) == (
        ask("harbor.test", "MX", edns=True).edns,
        ask("harbor.test", "MX", edns=True).payload,
    )
    assert -1 == ask("harbor.test", "MX").edns
    query = dns.message.make_query("harbor.test", "MX", use_edns=1)
    response = dns.message.from_wire(ask_octets(query))
    assert (dns.rcode.BADVERS, []) == (response.rcode(), response.answer)


@pytest.mark.parametrize(
    ("payload", "max_octets", "truncated"),
    [
        (None, MAX_DATAGRAM_OCTETS, True),
        (512, MAX_DATAGRAM_OCTETS, True),
        (4096, MAX_DATAGRAM_OCTETS, True),
        (512, MAX_STREAM_OCTETS, False),
        (None, MAX_STREAM_OCTETS, False),
    ],
)
def test_zone_truncates_datagrams(payload: int | None, max_octets: int, truncated: bool) -> None:
    """What does not fit a datagram comes empty with TC; a stream carries it whatever EDNS says (RFC 6891 §6.2.3)."""
    query = dns.message.make_query("big.harbor.test", "TXT", use_edns=payload is not None, payload=payload or 0)
    octets = ask_octets(query, max_octets)
    response = dns.message.from_wire(octets)
    assert truncated == bool(response.flags & dns.flags.TC)
    assert truncated == (response.answer == [])
    assert len(octets) <= max_octets


def test_zone_datagram_limit_is_exact() -> None:
    """An answer of n octets passes at n and is cut at n - 1."""
    query = dns.message.make_query("harbor.test", "MX", use_edns=True, payload=4096)
    size = len(ask_octets(query))
    assert size == len(ask_octets(query, size))
    assert dns.message.from_wire(ask_octets(query, size - 1)).flags & dns.flags.TC


def test_zone_answer_beyond_streams() -> None:
    """An RRset that no message can carry is answered with TC, not with a crash."""
    assert ask("huge.harbor.test", "TXT").flags & dns.flags.TC


@given(st.binary(max_size=80))
def test_zone_answer_never_raises_on_noise(octets: bytes) -> None:
    """Whatever comes in, nothing escapes."""
    ZONES.answer(octets, max_octets=MAX_DATAGRAM_OCTETS)


@given(st.integers(0, 40), st.integers(0, 255), st.integers(0, 40))
def test_zone_answer_never_raises_on_damaged_queries(place: int, octet: int, cut: int) -> None:
    """Nor whatever becomes of a good query on its way."""
    query = bytearray(dns.message.make_query("www.harbor.test", "A", use_edns=True).to_wire())
    query[place % len(query)] = octet
    ZONES.answer(bytes(query[: len(query) - cut]), max_octets=MAX_DATAGRAM_OCTETS)
