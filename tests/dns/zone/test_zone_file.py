"""Master files: what is read is what was written, and each complaint names its line."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.dns.message import Record
from scop.dns.names import name_from_labels
from scop.dns.rdata import A
from scop.dns.rrset import RRset
from scop.dns.zone import master_file
from scop.dns.zone.first_zone import first_zone
from scop.dns.zone.master_file import read_records, write_records
from scop.dns.zone.zone import Zone

HEAD = """\
$TTL 300
@ IN SOA mx hostmaster 7 3600 600 1209600 10
@ NS mx
mx A 127.0.20.1
"""
NEXT_LINE = 5

_labels = st.text("abcXYZ019-_", min_size=1, max_size=12)
_owners = st.lists(_labels, min_size=1, max_size=3).map(".".join)
_texts = st.binary(max_size=40).map(lambda octets: '"' + "".join(f"\\{octet:03d}" for octet in octets) + '"')


def parse(text: str) -> Zone:
    """Read a zone of harbor.test."""
    return Zone.parse(text, "harbor.test")


@given(st.dictionaries(_owners, st.lists(_texts, min_size=1, max_size=3), max_size=5))
def test_zone_text_round_trip(records: dict[str, list[str]]) -> None:
    """What `to_text` writes, `parse` reads back as the same zone (RFC 1035 §5)."""
    lines = [f"{owner}.x TXT {text}" for owner, texts in records.items() for text in texts]
    zone = parse(HEAD + "\n".join(lines) + "\n")
    assert zone == parse(zone.to_text())


@given(st.lists(st.binary(min_size=1, max_size=5), min_size=1, max_size=2))
@example([b'"'])
@example([b";a"])
@example([b"$5"])
@example([b"(", b"\\;"])
def test_zone_text_holds_any_owner(labels: list[bytes]) -> None:
    """No octet of an owner's name is read as more than a letter, so an UPDATE is read back as it was (RFC 1035 §5)."""
    record = Record(f"{name_from_labels(tuple(each.lower() for each in labels))}.harbor.test", 300, A("192.0.2.1"))
    assert (record,) == read_records(write_records([record]), "harbor.test")


@given(st.text(max_size=200))
def test_zone_parse_raises_only_remote_protocol_error(text: str) -> None:
    """Whatever stands below a good head, only `RemoteProtocolError` escapes."""
    try:
        parse(HEAD + text)
    except RemoteProtocolError:
        return


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("mx2 A", "expecting an identifier"),
        ("mx2 A 1.2.3", "malformed"),
        ("mx2 BLA 3", "unknown rdatatype"),
        ("mx2.lagoon.test. A 127.0.0.1", "outside of zone harbor.test."),
        ("mx CNAME other", "beside a CNAME"),
        ("mx 60 A 127.0.0.2", "TTL 60 here and 300 before"),
        ("@ SOA a b 1 2 3 4 5", "second SOA"),
        ("$INCLUDE /etc/passwd", "'$INCLUDE' is not allowed"),
        ("$GENERATE 1-3 a$.lagoon.test. A 127.0.0.1", "outside of zone harbor.test."),
        ("$GENERATE 1-3 a$ A 127.0.0.300", "malformed"),
        ('text TXT "open', "newline in quoted string"),
        ("x" * 64 + " A 127.0.0.1", "63 octets"),
    ],
)
def test_zone_complaint_names_line(line: str, complaint: str) -> None:
    """An operator's mistake is named with the line where it stands, whatever follows."""
    with pytest.raises(RemoteProtocolError) as caught:
        parse(HEAD + line + "\nlater A 127.0.0.9\n")
    assert str(caught.value).startswith(f"line {NEXT_LINE}: ")
    assert complaint.lower() in str(caught.value).lower()


def test_zone_generates_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """BIND's `$GENERATE` is taken, and cannot be made a bomb."""
    monkeypatch.setattr(master_file, "MAX_GENERATED", 4)
    zone = parse(HEAD + "$GENERATE 2-3 h${0,2,d} 60 A 127.0.0.$\n$GENERATE 1-3 n$ CNAME h0$\n")
    assert {"h02", "h03", "n1", "n2", "n3", "mx", "harbor"} == {name.partition(".")[0] for name in zone.nodes}
    host = zone.get("h03.harbor.test", "A")
    assert host == RRset("h03.harbor.test", "A", 60, (A("127.0.0.3"),))
    with pytest.raises(RemoteProtocolError, match=rf"line {NEXT_LINE}: more than 4 records by \$GENERATE"):
        parse(HEAD + "$GENERATE 1-4000000000 a$ A 127.0.0.1\n")


def test_zone_complaint_line_after_parentheses() -> None:
    """A record of several lines is named by the line where it ends."""
    with pytest.raises(RemoteProtocolError, match=r"^line 7: "):
        parse(HEAD + 'mx TXT (\n "a"\n ) 5 )\n')


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "exactly one SOA"),
        ("@ 3 SOA a b 1 2 3 4 5\n", "needs an NS"),
        (HEAD + "sub SOA a b 1 2 3 4 5\n", "below the apex"),
    ],
)
def test_zone_must_be_whole(text: str, complaint: str) -> None:
    """A zone without SOA or NS, or with what we cannot serve rightly, is refused."""
    with pytest.raises(RemoteProtocolError, match=complaint):
        parse(text)


def test_zone_relative_origin_moves_names_not_the_zone() -> None:
    """`$ORIGIN` completes names below it and leaves the apex where it was (RFC 1035 §5.1)."""
    zone = parse(HEAD + "$ORIGIN deep.harbor.test.\na A 127.0.0.3\n")
    assert "harbor.test" == zone.origin
    assert "a.deep.harbor.test. 300 IN A 127.0.0.3" in zone.to_text()


def test_zone_of_the_root() -> None:
    """'' and '.' are the root zone."""
    text = ". 60 IN SOA a. b. 1 2 3 4 5\n. 60 IN NS a.\na. 60 IN A 127.0.30.1\n"
    assert Zone.parse(text, "") == Zone.parse(text, ".")


@pytest.mark.parametrize(("address", "type_", "mechanism"), [("127.0.20.1", "A", "ip4"), ("::1", "AAAA", "ip6")])
def test_first_zone_lets_our_mail_pass(address: str, type_: str, mechanism: str) -> None:
    """The first zone names the host, its mail, its SPF (for bounces too) and a DMARC policy."""
    text = Zone.parse(first_zone("harbor.test", "mx.harbor.test", address, serial=3), "harbor.test").to_text()
    for line in (
        "harbor.test. 300 IN NS mx.harbor.test.",
        "harbor.test. 300 IN MX 10 mx.harbor.test.",
        f'harbor.test. 300 IN TXT "v=spf1 {mechanism}:{address} -all"',
        f'mx.harbor.test. 300 IN TXT "v=spf1 {mechanism}:{address} -all"',
        '_dmarc.harbor.test. 300 IN TXT "v=DMARC1; p=reject"',
        f"mx.harbor.test. 300 IN {type_} {address}",
    ):
        assert line in text.splitlines()
    assert "hostmaster.harbor.test. 3 " in text


@pytest.mark.parametrize(("hostname", "has_address"), [("harbor.test", True), ("mx.lagoon.test", False)])
def test_first_zone_hostname_at_apex_or_elsewhere(hostname: str, has_address: bool) -> None:
    """The host may be the domain itself; one outside of the domain gets no address from us."""
    zone = Zone.parse(first_zone("harbor.test", hostname, "127.0.20.1"), "harbor.test")
    assert has_address == (" IN A 127.0.20.1" in zone.to_text())
