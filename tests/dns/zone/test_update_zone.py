"""Dynamic update (RFC 2136 §3): prerequisites, permission, changes in order, all or nothing."""

from __future__ import annotations

import struct

import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import pytest
from dns.update import UpdateMessage
from hypothesis import given
from hypothesis import strategies as st

from scop.dns.rdata import TXT
from scop.dns.tsig import TsigKey, Verifier
from scop.dns.update import Addition, Change, Deletion, build_update
from scop.dns.words import Rcode
from scop.dns.zone.update import Grant, UpdateOutcome, apply_update
from scop.dns.zone.zone import Zone

ZONE = Zone.parse(
    """\
$TTL 300
@ IN SOA mx hostmaster 7 3600 600 1209600 10
@ NS mx
@ NS ns2
mx A 127.0.20.1
www CNAME mx
two TXT "a"
two TXT "b"
deep.empty TXT "x"
s1._domainkey TXT "old"
""",
    "harbor.test",
)
(EVERYTHING,) = Grant.parse("admin:*:*")
(DKIM_ONLY,) = Grant.parse("signer:*._domainkey.harbor.test:TXT")


def update(zone: str = "harbor.test") -> UpdateMessage:
    """Return an empty UPDATE to fill by dnspython."""
    return UpdateMessage(zone)


def applied(message: UpdateMessage, *grants: Grant, zone: Zone = ZONE) -> UpdateOutcome:
    """Apply a message, by default with every right."""
    return apply_update(zone, message.to_wire(), grants or (EVERYTHING,))


def lines(zone: Zone, owner: str) -> list[str]:
    """Return an owner's records, without the owner."""
    return [line.partition(" ")[2] for line in zone.to_text().splitlines() if line.startswith(owner + " ")]


def assert_refused(outcome: UpdateOutcome, rcode: Rcode, *, unchanged: bool = True) -> None:
    """Check the code, and that the zone is the very same."""
    assert (rcode, unchanged) == (outcome.rcode, outcome.zone is ZONE)
    assert outcome.reason


def test_update_adds_and_moves_serial() -> None:
    """An addition joins its RRset, and the serial moves by one (RFC 2136 §3.6)."""
    message = update()
    message.add("two", 300, "TXT", '"c"')
    outcome = applied(message)
    assert Rcode.NOERROR == outcome.rcode
    assert ['300 IN TXT "a"', '300 IN TXT "b"', '300 IN TXT "c"'] == lines(outcome.zone, "two.harbor.test.")
    assert (7, 8) == (ZONE.serial, outcome.zone.serial)


def test_update_without_effect_keeps_zone_and_serial() -> None:
    """What is there already is no change, and no new version (RFC 2136 §3.4.2.2)."""
    message = update()
    message.add("two", 300, "TXT", '"a"')
    message.delete("nobody", "TXT")
    outcome = applied(message)
    assert (Rcode.NOERROR, True) == (outcome.rcode, outcome.zone is ZONE)


def test_update_ttl_follows_last_addition() -> None:
    """An RRset has one TTL, that of what was added last (RFC 2181 §5.2)."""
    message = update()
    message.add("two", 60, "TXT", '"a"')
    zone = applied(message).zone
    assert ['60 IN TXT "a"', '60 IN TXT "b"'] == lines(zone, "two.harbor.test.")
    assert 8 == zone.serial


def test_update_changes_in_order() -> None:
    """Deleting then adding replaces; adding then deleting leaves nothing (RFC 2136 §3.4.2)."""
    message = update()
    message.delete("two", "TXT")
    message.add("two", 300, "TXT", '"new"')
    message.add("brief", 300, "TXT", '"gone soon"')
    message.delete("brief", "TXT")
    zone = applied(message).zone
    assert ['300 IN TXT "new"'] == lines(zone, "two.harbor.test.")
    assert [] == lines(zone, "brief.harbor.test.")


def test_update_deletes_one_record_rrset_and_name() -> None:
    """The three deletions of RFC 2136 §2.5.2 to §2.5.4."""
    message = update()
    message.delete("two", "TXT", '"a"')
    message.delete("mx", "A")
    message.delete("www")
    zone = applied(message).zone
    assert ['300 IN TXT "b"'] == lines(zone, "two.harbor.test.")
    assert [] == lines(zone, "mx.harbor.test.") + lines(zone, "www.harbor.test.")


def test_update_protects_apex() -> None:
    """SOA and the last NS of the apex outlive every deletion (RFC 2136 §3.4.2.3, §3.4.2.4)."""
    message = update()
    message.add("@", 300, "TXT", '"apex"')
    message.delete("@")
    message.delete("@", "NS")
    message.delete("@", "SOA")
    message.delete("@", "NS", "mx.harbor.test.")
    message.delete("@", "NS", "ns2.harbor.test.")
    assert ["300 IN SOA", "300 IN NS ns2.harbor.test."] == [
        line if " NS " in line else line[:10] for line in lines(applied(message).zone, "harbor.test.")
    ]


def test_update_cname_and_other_data_never_meet() -> None:
    """Where one is, the other is ignored without an error (RFC 2136 §3.4.2.2)."""
    message = update()
    message.add("www", 300, "A", "127.0.0.9")
    message.add("mx", 300, "CNAME", "www")
    assert applied(message).zone is ZONE


def test_update_cname_is_replaced() -> None:
    """A name has one CNAME: the later one wins."""
    message = update()
    message.add("www", 300, "CNAME", "two")
    assert ["300 IN CNAME two.harbor.test."] == lines(applied(message).zone, "www.harbor.test.")


@pytest.mark.parametrize(
    ("serial", "after"), [(20, 20), (7, 7), (6, 7), (7 + 2**31 - 1, 7 + 2**31 - 1), (7 + 2**31 + 1, 7)]
)
def test_update_soa_only_forward(serial: int, after: int) -> None:
    """An SOA is taken only if its serial is newer (RFC 2136 §3.4.2.2, RFC 1982 §3.2)."""
    message = update()
    message.add("@", 300, "SOA", f"mx hostmaster {serial} 1 2 3 4")
    assert after == applied(message).zone.serial


def test_update_soa_below_apex_is_ignored() -> None:
    """No zone starts inside of another by UPDATE."""
    message = update()
    message.add("mx", 300, "SOA", "mx hostmaster 9 1 2 3 4")
    assert applied(message).zone is ZONE


def test_update_serial_wraps_past_zero() -> None:
    """After 2^32 - 1 comes 1 (RFC 1982 §3.1)."""
    last = Zone.parse(ZONE.to_text().replace(" 7 3600", f" {2**32 - 1} 3600"), "harbor.test")
    message = update()
    message.add("new", 300, "TXT", '"x"')
    assert 1 == applied(message, zone=last).zone.serial


@pytest.mark.parametrize(
    ("kind", "arguments", "rcode"),
    [
        ("present", ("two",), Rcode.NOERROR),
        ("present", ("nobody",), Rcode.NXDOMAIN),
        ("present", ("empty",), Rcode.NXDOMAIN),  # an empty non-terminal is not in use (§3.2.4)
        ("absent", ("nobody",), Rcode.NOERROR),
        ("absent", ("empty",), Rcode.NOERROR),
        ("absent", ("two",), Rcode.YXDOMAIN),
        ("present", ("two", "TXT"), Rcode.NOERROR),
        ("present", ("two", "A"), Rcode.NXRRSET),
        ("absent", ("two", "A"), Rcode.NOERROR),
        ("absent", ("two", "TXT"), Rcode.YXRRSET),
        ("present", ("two", "TXT", '"a"', '"b"'), Rcode.NOERROR),
        ("present", ("two", "TXT", '"b"', '"a"'), Rcode.NOERROR),
        ("present", ("two", "TXT", '"a"'), Rcode.NXRRSET),
        ("present", ("two", "TXT", '"a"', '"b"', '"c"'), Rcode.NXRRSET),
        ("absent", ("x.lagoon.test.",), Rcode.NOTZONE),
    ],
)
def test_update_prerequisites(kind: str, arguments: tuple[str, ...], rcode: Rcode) -> None:
    """Each prerequisite of RFC 2136 §2.4 holds or ends the update with its own code (§3.2.5)."""
    message = update()
    name, rest = arguments[0], arguments[1:]
    if kind == "present":
        message.present(name, *rest)
    else:
        message.absent(name, *rest)
    message.add("done", 300, "TXT", '"yes"')
    outcome = applied(message)
    assert rcode == outcome.rcode
    assert (rcode is Rcode.NOERROR) == (lines(outcome.zone, "done.harbor.test.") != [])


def test_update_only_granted_names_and_types() -> None:
    """The signer's key writes TXT below _domainkey and nothing else; one record too many refuses all."""
    granted = update()
    granted.replace("s1._domainkey", 300, "TXT", '"new"')
    assert ['300 IN TXT "new"'] == lines(applied(granted, DKIM_ONLY).zone, "s1._domainkey.harbor.test.")
    for name, type_, value in (
        ("mx", "A", "127.0.66.1"),
        ("s2._domainkey", "A", "127.0.66.1"),
        ("@", "TXT", '"v=spf1 +all"'),
        ("_domainkey.mx", "TXT", '"x"'),
        ("evil_domainkey", "TXT", '"x"'),
    ):
        message = update()
        message.add("s2._domainkey", 300, "TXT", '"fine"')
        message.add(name, 300, type_, value)
        assert_refused(applied(message, DKIM_ONLY), Rcode.REFUSED)


def test_update_escaped_dot_opens_no_grant() -> None:
    """A label that only looks like the granted suffix is outside of it."""
    message = update()
    message.add(dns.name.Name([b"x._domainkey", b"harbor", b"test", b""]), 300, "TXT", '"x"')
    assert "\\._domainkey.harbor.test" in message.update[0].name.to_text()
    assert_refused(applied(message, DKIM_ONLY), Rcode.REFUSED)


def test_update_deleting_a_whole_name_needs_all_that_goes() -> None:
    """Who may write TXT may delete a name that owns nothing else, and no other."""
    message = update()
    message.delete("s1._domainkey")
    assert [] == lines(applied(message, DKIM_ONLY).zone, "s1._domainkey.harbor.test.")
    with_more = update()
    with_more.add("s1._domainkey", 300, "A", "127.0.0.1")
    assert_refused(applied(message, DKIM_ONLY, zone=applied(with_more).zone), Rcode.REFUSED, unchanged=False)


def test_update_without_grants_is_refused() -> None:
    """No grant, no change."""
    message = update()
    message.add("x", 300, "TXT", '"x"')
    assert_refused(apply_update(ZONE, message.to_wire(), ()), Rcode.REFUSED)


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_update_is_all_or_nothing(failing: int) -> None:
    """A record that fails, wherever it stands, leaves the zone as it was."""
    message = update()
    for number in range(3):
        name = "x.lagoon.test." if number == failing else f"new{number}"
        message.add(name, 300, "TXT", '"x"')
    assert_refused(applied(message), Rcode.NOTZONE)


@pytest.mark.parametrize(
    ("type_", "value"), [("NSEC", "y A"), ("RRSIG", "A 13 2 60 20270101000000 20260101000000 1 harbor.test. AA==")]
)
def test_update_of_proofs_is_refused(type_: str, value: str) -> None:
    """What proves has to be made for the whole zone: no grant means it, even by its name."""
    message = update()
    message.add("x", 300, type_, value)
    assert_refused(applied(message, *Grant.parse(f"admin:*:{type_}")), Rcode.REFUSED)


def test_update_of_the_signers_types_is_refused_where_we_sign() -> None:
    """DNSKEY and its like are records as others in a zone that nobody signs here, else its signer's alone."""
    message = update()
    message.add("@", 300, "CDNSKEY", "0 3 0 AA==")
    assert Rcode.NOERROR == applied(message).rcode
    named = Grant.parse("admin:*:CDNSKEY")
    for grants in ((EVERYTHING,), named):
        assert_refused(apply_update(ZONE, message.to_wire(), grants, is_signed_here=True), Rcode.REFUSED)


def test_update_of_another_zone_is_not_auth() -> None:
    """A zone that is not this one is refused by name (RFC 2136 §3.1.2)."""
    assert_refused(applied(update("lagoon.test")), Rcode.NOTAUTH)


def test_update_malformed() -> None:
    """No zone section, a cut record, a deletion with rdata: FORMERR, nothing changed."""
    message = update()
    message.delete("two", "TXT")
    octets = message.to_wire()
    no_zone = octets[:5] + b"\0" + octets[6:8] + b"\0\0" + octets[10:12]
    with_rdata = octets[:-2] + b"\0\1x"
    for bad in (no_zone, octets[:-1], with_rdata):
        assert_refused(apply_update(ZONE, bad, (EVERYTHING,)), Rcode.FORMERR)


@pytest.mark.parametrize(
    ("class_", "type_", "ttl"),
    [
        (dns.rdataclass.IN, "AXFR", 300),
        (dns.rdataclass.NONE, "ANY", 0),
        (dns.rdataclass.CH, "TXT", 300),
        (dns.rdataclass.NONE, "TXT", 300),
    ],
)
def test_update_prescan(class_: dns.rdataclass.RdataClass, type_: str, ttl: int) -> None:
    """What RFC 2136 §3.4.1.3 forbids is FORMERR."""
    header = UpdateMessage("harbor.test", id=7).to_wire()
    type_octets = dns.rdatatype.from_text(type_).to_bytes(2, "big")
    record = b"\3two\xc0\x0c" + type_octets + class_.to_bytes(2, "big") + ttl.to_bytes(4, "big") + b"\0\2\1a"
    octets = header[:8] + b"\0\1" + header[10:] + record
    assert_refused(apply_update(ZONE, octets, (EVERYTHING,)), Rcode.FORMERR)


def raw(*, prerequisites: tuple[bytes, ...] = (), updates: tuple[bytes, ...] = ()) -> bytes:
    """Return an UPDATE of harbor.test with these records; `c00c` points at the zone's name."""
    head = struct.pack("!6H", 7, 5 << 11, 1, len(prerequisites), len(updates), 0)
    return head + b"\6harbor\4test\0\0\6\0\1" + b"".join(prerequisites + updates)


def record(type_: int, class_: int, ttl: int = 0, rdata: bytes = b"", owner: bytes = b"\3two\xc0\x0c") -> bytes:
    """Return a record's octets."""
    return owner + struct.pack("!HHLH", type_, class_, ttl, len(rdata)) + rdata


IN, CH, NONE, ANY = 1, 3, 254, 255
TYPE_A, TYPE_TXT, TYPE_ANY, TYPE_AXFR, TYPE_LOC = 1, 16, 255, 252, 29
OUTSIDE = b"\1x\0"


@pytest.mark.parametrize(
    ("octets", "rcode"),
    [
        (record(TYPE_TXT, ANY), Rcode.NOERROR),
        (record(TYPE_TXT, ANY, ttl=1), Rcode.FORMERR),
        (record(TYPE_TXT, ANY, rdata=b"\1a"), Rcode.FORMERR),
        (record(TYPE_TXT, NONE, rdata=b"\1a"), Rcode.FORMERR),
        (record(TYPE_TXT, NONE), Rcode.YXRRSET),
        (record(TYPE_A, NONE), Rcode.NOERROR),
        (record(TYPE_A, ANY), Rcode.NXRRSET),
        (record(TYPE_ANY, NONE), Rcode.YXDOMAIN),
        (record(TYPE_ANY, ANY), Rcode.NOERROR),
        (record(TYPE_AXFR, ANY), Rcode.FORMERR),
        (record(TYPE_TXT, CH, rdata=b"\1a"), Rcode.FORMERR),
        (record(TYPE_TXT, IN, rdata=b"\1a"), Rcode.NXRRSET),
        (record(TYPE_TXT, IN), Rcode.FORMERR),
        (record(TYPE_TXT, IN, ttl=300, rdata=b"\1a"), Rcode.FORMERR),
        (record(TYPE_TXT, ANY, owner=OUTSIDE), Rcode.NOTZONE),
        (record(TYPE_TXT, ANY, ttl=1, owner=OUTSIDE), Rcode.FORMERR),
    ],
)
def test_update_prerequisite_octets(octets: bytes, rcode: Rcode) -> None:
    """Class, TTL, type and value of a prerequisite, as the pseudo-code of RFC 2136 §3.2.5 has them."""
    assert rcode == apply_update(ZONE, raw(prerequisites=(octets,)), (EVERYTHING,)).rcode


def test_update_prerequisites_with_values_come_last() -> None:
    """RRsets with values are compared after all others were looked at (RFC 2136 §3.2.5)."""
    other_value, absent = record(TYPE_TXT, IN, rdata=b"\1z"), record(TYPE_ANY, ANY, owner=b"\1q\xc0\x0c")
    assert Rcode.NXDOMAIN == apply_update(ZONE, raw(prerequisites=(other_value, absent)), (EVERYTHING,)).rcode


@pytest.mark.parametrize(
    ("octets", "rcode"),
    [
        (record(TYPE_TXT, IN, ttl=300, rdata=b"\1c"), Rcode.NOERROR),
        (record(TYPE_TXT, IN, ttl=300), Rcode.FORMERR),
        (record(TYPE_A, IN, ttl=300, rdata=b"\1"), Rcode.FORMERR),
        (record(TYPE_LOC, IN, ttl=300, rdata=b"\1"), Rcode.FORMERR),
        (record(52, IN, ttl=300, rdata=b"\3\1\1\xaa\xbb"), Rcode.FORMERR),  # a TLSA whose hash has not its length
        (record(65280, IN, ttl=300), Rcode.NOERROR),
        (record(65280, NONE), Rcode.NOERROR),
        (record(TYPE_ANY, IN, ttl=300), Rcode.FORMERR),
        (record(0, IN, ttl=300, rdata=b"x"), Rcode.FORMERR),
        (record(41, IN, ttl=300), Rcode.FORMERR),
        (record(250, IN, ttl=300, rdata=b"x"), Rcode.FORMERR),
        (record(TYPE_TXT, ANY), Rcode.NOERROR),
        (record(TYPE_TXT, ANY, ttl=1), Rcode.FORMERR),
        (record(TYPE_TXT, ANY, rdata=b"\1a"), Rcode.FORMERR),
        (record(TYPE_AXFR, ANY), Rcode.FORMERR),
        (record(TYPE_ANY, ANY), Rcode.NOERROR),
        (record(TYPE_TXT, NONE, rdata=b"\1a"), Rcode.NOERROR),
        (record(TYPE_TXT, NONE), Rcode.FORMERR),
        (record(TYPE_TXT, NONE, ttl=1, rdata=b"\1a"), Rcode.FORMERR),
        (record(TYPE_ANY, NONE), Rcode.FORMERR),
        (record(TYPE_TXT, CH, rdata=b"\1a"), Rcode.FORMERR),
        (record(TYPE_TXT, IN, rdata=b"\1a", owner=OUTSIDE), Rcode.NOTZONE),
        (record(TYPE_TXT, CH, rdata=b"\1a", owner=OUTSIDE), Rcode.NOTZONE),
    ],
)
def test_update_record_octets(octets: bytes, rcode: Rcode) -> None:
    """Class, TTL, type and value of an update, as the pseudo-code of RFC 2136 §3.4.1.3 has them."""
    outcome = apply_update(ZONE, raw(updates=(octets,)), (EVERYTHING,))
    assert rcode == outcome.rcode
    assert outcome.zone == Zone.parse(outcome.zone.to_text(), "harbor.test")


def test_update_ttl_with_its_high_bit_is_zero() -> None:
    """RFC 2181 §8."""
    octets = raw(updates=(record(TYPE_TXT, IN, ttl=2**31, rdata=b"\1c"),))
    found = apply_update(ZONE, octets, (EVERYTHING,)).zone.get("two.harbor.test", "TXT")
    assert found is not None
    assert 0 == found.ttl_seconds


def test_update_wks_replaces_its_service() -> None:
    """A WKS of the same address and protocol is replaced, another one is added (RFC 2136 §3.4.2.2)."""
    message = update()
    message.add("mx", 300, "WKS", "127.0.0.1 tcp 25")
    message.add("mx", 300, "WKS", "127.0.0.1 udp 53")
    message.add("mx", 300, "WKS", "127.0.0.1 tcp 25 53")
    found = applied(message).zone.get("mx.harbor.test", "WKS")
    assert found is not None
    assert [17, 6] == [rdata.to_wire()[4] for rdata in found.rdatas]


def test_update_zone_section() -> None:
    """Two zones, or a zone section of another type, are FORMERR; another class is NOTAUTH (RFC 2136 §3.1)."""
    good = raw()
    two = good[:5] + b"\2" + good[6:] + good[12:]
    for octets, rcode in (
        (good, Rcode.NOERROR),
        (two, Rcode.FORMERR),
        (good[:-3] + b"\1\0\1", Rcode.FORMERR),
        (good[:-1] + b"\3", Rcode.NOTAUTH),
        (good + b"x", Rcode.FORMERR),
    ):
        assert rcode == apply_update(ZONE, octets, (EVERYTHING,)).rcode


def test_update_grant_patterns() -> None:
    """`*` is every name, `*.x` what is below x, and a name only itself; an escaped dot is no border."""
    for text, there, elsewhere in (
        ("k:*:*", "harbor.test", None),
        ("k:*.a.test:TXT", "b.a.test", "a.test"),
        ("k:a.test:TXT,A", "a.test", "b.a.test"),
        ("k:A.Test.,*.c.test:txt", "x.c.test", "xc.test"),
        ("k:*.a.test:TXT", "b.a.test", "b\\.a.test"),
    ):
        grants = Grant.parse(text)
        assert any(grant.permits(there, "TXT") for grant in grants)
        assert elsewhere is None or not any(grant.permits(elsewhere, "TXT") for grant in grants)


@pytest.mark.parametrize("text", ["", "k", "k:*", "k:*:", ":*:*", "k:*:NOTYPE", "k:a..b:A", "k:*:A:B"])
def test_update_bad_grants(text: str) -> None:
    """What is no grant is refused when the server starts."""
    with pytest.raises(ValueError, match=r"KEY:NAMES:TYPES|type|label"):
        Grant.parse(text)


def test_update_costs_what_it_changes() -> None:
    """The nodes that an update does not touch are the very same afterwards."""
    message = update()
    message.add("two", 300, "TXT", '"c"')
    zone = applied(message).zone
    assert {"two.harbor.test", "harbor.test"} == {n for n, node in zone.nodes.items() if ZONE.nodes.get(n) is not node}


_owners = st.sampled_from(["a.harbor.test", "b.a.harbor.test", "harbor.test", "www.harbor.test"])
_rdata = st.sampled_from([TXT.of(b"1"), TXT.of(b"2")])
_changes: st.SearchStrategy[list[Change]] = st.lists(
    st.builds(Addition, _owners, st.just(300), _rdata)
    | st.builds(Deletion, _owners, st.just("TXT"), _rdata | st.none()),
    max_size=8,
)


@given(_changes)
def test_update_is_a_fold_of_its_changes(changes: list[Change]) -> None:
    """A list of changes in one UPDATE ends where one UPDATE per change ends, but for the serial."""
    key = TsigKey("admin", b"k" * 32)

    def made(zone: Zone, some: list[Change]) -> Zone:
        sent = build_update("harbor.test", some, key, now_unix=1, message_id=1)
        outcome = apply_update(zone, Verifier([key]).open(sent.octets, 1).message, (EVERYTHING,))
        assert Rcode.NOERROR == outcome.rcode
        return outcome.zone

    one_by_one = ZONE
    for change in changes:
        one_by_one = made(one_by_one, [change])
    at_once = made(ZONE, changes)
    assert one_by_one.to_text().splitlines()[1:] == at_once.to_text().splitlines()[1:]
    assert (at_once is ZONE) == (at_once.serial == 7)
    assert at_once == Zone.parse(at_once.to_text(), "harbor.test")


@given(st.integers(12, 60), st.integers(0, 255))
def test_update_never_raises(place: int, octet: int) -> None:
    """Whatever becomes of an UPDATE on its way, it ends with a code."""
    message = update()
    message.add("two", 300, "TXT", '"c"')
    message.delete("mx", "A")
    octets = bytearray(message.to_wire())
    octets[place % len(octets)] = octet
    apply_update(ZONE, bytes(octets), (EVERYTHING,))


def test_update_prerequisite_of_type_0_is_that_of_nothing() -> None:
    """There is no such RRset, and that can be asked; it can neither be added nor taken (RFC 2136 §3.2.4)."""
    absent, present, adding = update(), update(), update()
    absent.absent("two", "TYPE0")
    present.present("two", "TYPE0")
    adding.delete("two", "TYPE0")
    assert [Rcode.NOERROR, Rcode.NXRRSET, Rcode.FORMERR] == [applied(each).rcode for each in (absent, present, adding)]
