"""Messages: differential against dnspython, and against hostile octets."""

import contextlib
import struct

import dns.flags
import dns.message
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import LimitExceeded, RemoteProtocolError
from scop.dns import AAAA, CNAME, MX, NS, PTR, SOA, TLSA, TXT, A, Opaque, Opcode, Question, Rcode, Rdata
from scop.dns.message import Edns, Flag, Message, Record, build_message, build_query, parse_message

PLAIN_NAMES = st.lists(st.from_regex(r"[a-z0-9_-]{1,12}", fullmatch=True), max_size=4).map(".".join)
ANY_NAMES = st.one_of(
    PLAIN_NAMES,
    st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=3).map(
        lambda labels: ".".join("".join(f"\\{octet:03d}" for octet in label) for label in labels)
    ),
)
U16, U32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFF_FFFF)
TTLS = st.integers(0, 0x7FFF_FFFF)
OCTETS = st.integers(0, 255)
RDATA: st.SearchStrategy[Rdata] = st.one_of(
    st.ip_addresses(v=4).map(lambda address: A(str(address))),
    st.ip_addresses(v=6).map(lambda address: AAAA(str(address))),
    st.builds(MX, U16, ANY_NAMES),
    st.lists(st.binary(max_size=255), min_size=1, max_size=3).map(lambda strings: TXT(tuple(strings))),
    st.builds(PTR, ANY_NAMES),
    st.builds(CNAME, ANY_NAMES),
    st.builds(NS, ANY_NAMES),
    st.builds(SOA, ANY_NAMES, ANY_NAMES, U32, U32, U32, U32, U32),
    st.builds(TLSA, OCTETS, OCTETS, st.sampled_from([0, 3, 255]), st.binary(min_size=1, max_size=64)),
    st.builds(Opaque, st.sampled_from(["TYPE65280", "TYPE65399"]), st.binary(max_size=40)),
)
RECORDS = st.lists(st.builds(Record, ANY_NAMES, TTLS, RDATA), max_size=3).map(
    lambda records: tuple(
        Record(Question(record.name, "A").name, record.ttl_seconds, record.rdata) for record in records
    )
)
FLAGS = st.lists(st.sampled_from(Flag), unique=True).map(sum)
OPTIONS = st.lists(st.tuples(st.sampled_from([3, 10, 11, 12, 15, 65001]), st.binary(max_size=24)), max_size=3).map(
    tuple
)
MESSAGES = st.builds(
    Message,
    U16,
    FLAGS,
    st.sampled_from(Opcode),
    st.sampled_from([Rcode.NOERROR, Rcode.NXDOMAIN, Rcode.SERVFAIL]),
    st.builds(Question, ANY_NAMES, st.sampled_from(["A", "MX", "TXT", "TYPE65280"])),
    RECORDS,
    RECORDS,
    RECORDS,
    st.none() | st.builds(Edns, U16, st.booleans(), OCTETS, OPTIONS),
)


@given(MESSAGES)
def test_dns_message_parse_of_build_is_the_identity(message: Message) -> None:
    """Values survive the wire."""
    assert message == parse_message(build_message(message))


def _as_dnspython(message: Message) -> dns.message.Message:
    peer = dns.message.QueryMessage(id=message.id)
    peer.flags = dns.flags.Flag(message.flags | message.rcode)
    assert message.question is not None
    question = message.question
    peer.question = [
        dns.rrset.RRset(dns.name.from_text(question.name), dns.rdataclass.IN, dns.rdatatype.from_text(question.type))
    ]
    sections = (message.answers, message.authority, message.additional)
    peer.answer, peer.authority, peer.additional = ([_rrset(record) for record in section] for section in sections)
    if message.edns is not None:
        peer.use_edns(0, dns.flags.DO if message.edns.dnssec_ok else 0, message.edns.datagram_octets)
    return peer


def _rrset(record: Record) -> dns.rrset.RRset:
    number = dns.rdatatype.from_text(record.type)
    octets = record.rdata.to_wire()
    rdata = dns.rdata.from_wire(dns.rdataclass.IN, number, octets, 0, len(octets))
    return dns.rrset.from_rdata(dns.name.from_text(record.name), record.ttl_seconds, rdata)


@given(MESSAGES)
def test_dns_message_built_by_dnspython_parses_to_the_same_values(message: Message) -> None:
    """Compressed by another hand, read by ours: the same message."""
    edns = message.edns and Edns(message.edns.datagram_octets, message.edns.dnssec_ok)
    message = message._replace(edns=edns, opcode=Opcode.QUERY)
    wire = _as_dnspython(message).to_wire(max_size=65535)
    assert message == parse_message(wire)


@given(MESSAGES)
def test_dns_message_built_by_us_is_read_by_dnspython_the_same(message: Message) -> None:
    """What we write, with our compression, is what another reads."""
    edns = message.edns and Edns(message.edns.datagram_octets, message.edns.dnssec_ok)
    message = message._replace(edns=edns, opcode=Opcode.QUERY)
    peer = dns.message.from_wire(build_message(message), one_rr_per_rrset=True)
    assert _as_dnspython(message).to_wire(max_size=65535) == peer.to_wire(max_size=65535)


@given(st.binary(max_size=300))
def test_dns_message_parse_of_any_octets_raises_only_remote_protocol_error(octets: bytes) -> None:
    """A parser of hostile octets has one way to fail."""
    with contextlib.suppress(RemoteProtocolError):
        parse_message(octets)


@given(MESSAGES, st.data())
def test_dns_message_parse_of_damaged_octets_raises_only_remote_protocol_error(
    message: Message, data: st.DataObject
) -> None:
    """Real messages with an octet changed or cut off reach deeper than noise."""
    octets = bytearray(build_message(message))
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place] = data.draw(OCTETS)
    whole = bytes(octets[: data.draw(st.integers(0, len(octets)))]) if data.draw(st.booleans()) else bytes(octets)
    with contextlib.suppress(RemoteProtocolError):
        parse_message(whole)


@given(MESSAGES, st.integers(0, 40))
def test_dns_message_cut_short_is_refused(message: Message, cut: int) -> None:
    """No prefix of a message is one, and nothing may follow it."""
    octets = build_message(message)
    with pytest.raises(RemoteProtocolError):
        parse_message(octets[: max(0, len(octets) - 1 - cut)])
    with pytest.raises(RemoteProtocolError, match="after the end"):
        parse_message(octets + b"\0")


def test_dns_query_is_what_dnspython_writes() -> None:
    """One question, RD, EDNS with the size that passes everywhere unfragmented."""
    peer = dns.message.make_query("example.test", "MX", use_edns=0, payload=1232, id=7)
    assert peer.to_wire() == build_query(Question("example.test", "MX"), 7)
    plain = dns.message.make_query("example.test", "MX", use_edns=False, id=7, flags=0)
    assert plain.to_wire() == build_query(Question("example.test", "MX"), 7, flags=0, edns=None)


def _header(*counts: int) -> bytes:
    return struct.pack("!6H", 1, 0x8000, *counts)


ROOT_A = b"\0" + struct.pack("!HHLH", 1, 1, 60, 4) + b"\x7f\0\0\1"
OPT = b"\0" + struct.pack("!HHLH", 41, 1232, 0, 0)


def test_dns_message_bounds_its_records() -> None:
    """2,048 records pass, one more does not; RFC 9619: one question."""
    assert 2048 == len(parse_message(_header(0, 2048, 0, 0) + ROOT_A * 2048).answers)
    with pytest.raises(LimitExceeded):
        parse_message(_header(0, 2048, 1, 0) + ROOT_A * 2049)
    with pytest.raises(LimitExceeded):
        parse_message(_header(2, 0, 0, 0) + b"\0\0\1\0\1" * 2)


def test_dns_message_edns_stands_once_at_the_root() -> None:
    """RFC 6891 §6.1.1, and the upper bits of the code are the OPT record's (§6.1.3)."""
    with pytest.raises(RemoteProtocolError, match="OPT"):
        parse_message(_header(0, 0, 0, 2) + OPT * 2)
    with pytest.raises(RemoteProtocolError, match="OPT"):
        parse_message(_header(0, 0, 0, 1) + b"\1a" + OPT)
    badvers = b"\0" + struct.pack("!HHLH", 41, 1232, 1 << 24, 0)
    assert Rcode.BADVERS == parse_message(_header(0, 0, 0, 1) + badvers).rcode
    message = Message(1, rcode=Rcode.BADVERS, edns=Edns())
    assert message == parse_message(build_message(message))


def test_dns_message_passes_over_other_classes_and_mends_ttls() -> None:
    """Records of class CH answer no question of class IN; RFC 2181 §8: a TTL with its high bit set is zero."""
    chaos = b"\0" + struct.pack("!HHLH", 16, 3, 60, 2) + b"\1x"
    odd = b"\0" + struct.pack("!HHLH", 1, 1, 0x8000_0000, 4) + b"\x7f\0\0\1"
    assert (Record("", 0, A("127.0.0.1")),) == parse_message(_header(0, 2, 0, 0) + chaos + odd).answers


@pytest.mark.parametrize(
    ("number", "octets"),
    [(1, b"abc"), (28, b"abc"), (16, b"\5abc"), (52, b"ab"), (2, b"\0\0"), (15, b"\0"), (6, b"\0\0\0")],
)
def test_dns_message_refuses_rdata_that_does_not_fill_its_length(number: int, octets: bytes) -> None:
    """Each record ends where its length says."""
    record = b"\0" + struct.pack("!HHLH", number, 1, 60, len(octets)) + octets
    with pytest.raises(RemoteProtocolError):
        parse_message(_header(0, 1, 0, 0) + record)


@pytest.mark.parametrize("octets", [b"abc", b"abcde", b""])
def test_dns_message_skips_malformed_records_where_told_to(octets: bytes) -> None:
    """One record whose data is not of its type takes no others with it, for a resolver that asks so."""
    broken = b"\0" + struct.pack("!HHLH", 1, 1, 60, len(octets)) + octets
    whole = b"\0" + struct.pack("!HHLH", 1, 1, 60, 4) + b"\x7f\0\0\1"
    message = parse_message(_header(0, 3, 0, 0) + broken + whole + broken, skips_malformed=True)
    assert (Record("", 60, A("127.0.0.1")),) == message.answers
