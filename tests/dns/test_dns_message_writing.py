"""What is written of a message: the asker's own spelling, compression, what is left out, and other classes."""

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dns import CNAME, MX, NS, SOA, TLSA, TXT, A, Opaque, Opcode, Question, Rcode
from scop.dns.header import (
    edns_version,
    expects_response,
    header_reply,
    is_same_question,
    opcode_of,
    rcode_of,
    spelled_question,
)
from scop.dns.message import Edns, Flag, Message, Record, build_message, build_query, parse_message

SPELLED = b"\3wWw\7ExAmPlE\4tEsT\0"
ASKED = Question("www.example.test", "A", spelling=SPELLED)


def test_dns_response_repeats_the_spelling_of_the_question() -> None:
    """RFC 4343 §4.1: upper and lower case as they came, which an asker may have chosen by chance."""
    query = parse_message(build_query(ASKED, 7))
    assert query.question == Question("www.example.test", "A")
    octets = build_message(Message(7, Flag.RESPONSE, question=query.question))
    assert SPELLED == octets[12 : 12 + len(SPELLED)]
    assert SPELLED + b"\0\1\0\1" == spelled_question(octets)


def test_dns_question_has_no_spelling_of_another_name() -> None:
    """A value that exists is valid."""
    with pytest.raises(ValueError, match="another name"):
        Question("a.test", "A", spelling=SPELLED)
    with pytest.raises(ValueError, match="class"):
        Question("a.test", "A", "INTERNET")


@pytest.mark.parametrize(("qclass", "number"), [("CH", 3), ("HS", 4), ("ANY", 255), ("CLASS17", 17)])
def test_dns_question_of_another_class_is_read_and_is_another_question(qclass: str, number: int) -> None:
    """RFC 4892: `version.bind` is asked in class CH; a server sees it and can refuse."""
    octets = build_query(Question("version.bind", "TXT", qclass), 7, edns=None)
    assert number == octets[-1]
    question = parse_message(octets).question
    assert question == Question("version.bind", "TXT", qclass)
    assert question != Question("version.bind", "TXT")


@pytest.mark.parametrize("qclass", ["HS", "NONE", "ANY", "CLASS17"])
def test_dns_records_of_any_class_are_read_as_written(qclass: str) -> None:
    """Only ANY is no class that a record may have."""
    answers = (Record("a.test", 0, Opaque("TYPE65280", b"\0\1\2")),)
    message = Message(1, Flag.RESPONSE, question=Question("a.test", "TYPE65280", qclass), answers=answers)
    assert message == parse_message(build_message(message))


def test_dns_records_are_of_their_questions_class() -> None:
    """An answer to CH is of CH; an A record there has another shape and is carried as octets."""
    answers = (Record("version.bind", 0, TXT((b"none",))), Record("version.bind", 0, Opaque("A", b"\0\1\2")))
    message = Message(1, Flag.RESPONSE, question=Question("version.bind", "TXT", "CH"), answers=answers)
    octets = build_message(message)
    assert message == parse_message(octets)
    octets = build_message(message._replace(answers=answers[:1]))
    assert "version.bind. 0 CH TXT" in dns.message.from_wire(octets).to_text()


NAMES = ("example.test", "ns1.example.test", "ns2.sub.example.test", "else.where", "test")


def test_dns_names_are_compressed_where_every_reader_knows_it() -> None:
    """RFC 3597 §4: owners and the rdata of RFC 1035; each name costs two octets where it stood before."""
    owner = "example.test"
    soa = SOA("ns1.example.test", "hostmaster.example.test", 1, 2, 3, 4, 5)
    answers = tuple(Record(owner, 60, rdata) for rdata in (NS("ns1.example.test"), MX(5, "example.test"), soa))
    message = Message(1, question=Question(owner, "ANY"), answers=answers)
    octets = build_message(message)
    assert 12 + 18 + (12 + 6) + (12 + 4) + (12 + 2 + 13 + 20) == len(octets)
    assert message == parse_message(octets)


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=30))
def test_dns_compressed_names_read_the_same_by_dnspython(pairs: list[tuple[str, str]]) -> None:
    """Whatever was written before, another reader finds the same names."""
    answers = tuple(Record(owner, 60, CNAME(target)) for owner, target in pairs)
    octets = build_message(Message(1, question=Question("example.test", "CNAME"), answers=answers))
    peer = dns.message.from_wire(octets, one_rr_per_rrset=True)
    told = [(str(rrset.name).rstrip("."), str(rrset[0].target).rstrip(".")) for rrset in peer.answer]
    assert pairs == told


def test_dns_names_beyond_the_reach_of_a_pointer_are_written_whole() -> None:
    """RFC 1035 §4.1.4: an offset has fourteen bits."""
    filler = tuple(Record("a.test", 0, TXT((bytes(255),))) for _ in range(70))
    late = tuple(Record("late.example", 0, NS("late.example")) for _ in range(3))
    message = Message(1, question=Question("a.test", "TXT"), answers=filler, authority=late)
    octets = build_message(message)
    assert len(octets) > 0x4000 + 3 * 2 * len(b"\4late\7example\0")
    assert message == parse_message(octets)


HOSTS = tuple(Record("a.test", 60, A(f"192.0.2.{last}")) for last in (1, 2))
SIGNED = TLSA(3, 1, 1, bytes(32))


@pytest.mark.parametrize(("room", "kept", "truncated"), [(67, 2, False), (66, 0, True), (35, 0, True)])
def test_dns_message_that_does_not_fit_is_cut_and_says_so(room: int, kept: int, truncated: bool) -> None:
    """RFC 2181 §9: whole RRsets are left out, and TC tells the asker to come by TCP."""
    message = Message(1, question=Question("a.test", "A"), answers=HOSTS, edns=Edns())
    octets = build_message(message, max_octets=room)
    parsed = parse_message(octets)
    assert (kept, truncated) == (len(parsed.answers), parsed.is_truncated)
    assert len(octets) <= room


@pytest.mark.parametrize(("required", "truncated"), [(0, False), (2, False), (3, True)])
def test_dns_message_drops_what_is_only_additional_without_a_word(required: int, truncated: bool) -> None:
    """RFC 2181 §9: TC is for what was asked for; RFC 9471 §3: the glue of a referral is."""
    more = (*HOSTS, Record("b.test", 60, A("192.0.2.3")))
    referral = Message(1, question=Question("a.test", "A"), authority=(Record("test", 1, NS("a.test")),))
    whole = build_message(referral._replace(additional=more))
    octets = build_message(referral._replace(additional=more), max_octets=len(whole) - 1, required_additional=required)
    parsed = parse_message(octets)
    assert (2, truncated) == (len(parsed.additional), parsed.is_truncated)
    assert referral.authority == parsed.authority


def test_dns_message_that_is_emptied_keeps_question_and_edns() -> None:
    """Come by TCP, in as few octets as can be."""
    message = Message(1, Flag.RESPONSE, question=ASKED, answers=HOSTS, edns=Edns())
    assert message._replace(flags=Flag.RESPONSE | Flag.TRUNCATED, answers=()) == message.emptied()


@pytest.mark.parametrize("opcode", Opcode)
def test_dns_header_is_enough_to_say_no(opcode: Opcode) -> None:
    """RFC 8906 §3: every kind of message gets an answer, with its id, kind and RD."""
    query = build_message(Message(4711, Flag.RECURSION_DESIRED, opcode, question=ASKED))
    reply = header_reply(query, Rcode.NOTIMP)
    assert opcode is opcode_of(query)
    assert (12, Rcode.NOTIMP) == (len(reply), rcode_of(reply))
    assert Message(4711, Flag.RESPONSE | Flag.RECURSION_DESIRED, opcode, Rcode.NOTIMP) == parse_message(reply)
    assert (True, False, False) == tuple(map(expects_response, (query, reply, query[:11])))


@pytest.mark.parametrize("rcode", [Rcode.FORMERR, Rcode.NOTIMP, Rcode.BADVERS])
@pytest.mark.parametrize("tail", [b"", b"?"])
def test_dns_header_reply_has_edns_to_who_has_it(rcode: Rcode, tail: bytes) -> None:
    """RFC 6891 §7: a FORMERR or NOTIMP without OPT says that a server has no EDNS at all."""
    more = (Record("a.test", 1, A("192.0.2.1")),)
    for edns, version in ((Edns(version=3), 3), (Edns(4096, True), 0), (None, None)):
        query = build_message(Message(5, question=ASKED, authority=more, additional=more, edns=edns)) + tail
        assert version == edns_version(query)
        expected = Message(5, Flag.RESPONSE, rcode=rcode, edns=None if edns is None else Edns())
        said = parse_message(header_reply(query, rcode))
        assert said == (expected if edns is not None or rcode < 16 else expected._replace(rcode=Rcode.NOERROR))


@given(st.binary(min_size=12, max_size=60))
def test_dns_edns_version_of_any_octets(octets: bytes) -> None:
    """Strangers choose the octets."""
    assert edns_version(octets) in {None, *range(256)}


@given(st.binary(max_size=40))
def test_dns_spelled_question_of_any_octets_is_a_part_of_them_or_none(octets: bytes) -> None:
    """A server that only echoes need not read."""
    spelled = spelled_question(octets)
    assert spelled is None or octets[12:].startswith(spelled)


def test_dns_questions_are_the_same_in_any_case_of_letters_only() -> None:
    """Type 65 (HTTPS) and type 97 differ as `A` and `a` do, and are two types."""
    assert is_same_question(b"\1a\0\0\x41\0\1", b"\1A\0\0\x41\0\1")
    assert not is_same_question(b"\1a\0\0\x41\0\1", b"\1a\0\0\x61\0\1")
