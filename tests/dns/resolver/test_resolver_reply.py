"""What askers of a resolver are told."""

from __future__ import annotations

import dataclasses

import pytest

from scop.dns.answer import Question
from scop.dns.edns import Edns, OptionCode
from scop.dns.known import Reason
from scop.dns.message import Flag, Message, Record
from scop.dns.rdata import NSEC, RRSIG, SOA, TXT, A
from scop.dns.resolver.reply import Manners, refusal, reply
from scop.dns.resolver.resolution import Resolution
from scop.dns.rrset import RRset
from scop.dns.words import Ede, Opcode, Rcode, Security

RD, AD, CD = Flag.RECURSION_DESIRED, Flag.AUTHENTIC_DATA, Flag.CHECKING_DISABLED
ANSWERING = Flag.RESPONSE | Flag.RECURSION_AVAILABLE | RD
QUESTION = Question("a.test", "A", spelling=b"\1A\4tEst\0")
SIGNATURE = RRSIG("A", 13, 2, 300, 2, 1, 1, "test", b"s")
ADDRESS = RRset("a.test", "A", 300, (A("192.0.2.1"),), (SIGNATURE,))
PROOF = RRset("test", "NSEC", 300, (NSEC.of("z.test", ("NS",)),), (SIGNATURE,))
START = RRset("test", "SOA", 300, (SOA("ns.test", "root.test", 1, 2, 3, 4, 5),))
SECURE = Resolution(Rcode.NOERROR, (ADDRESS,), (PROOF,), Security.SECURE)
PLAIN = Manners()
SPEAKS_EDNS = Edns()


def query(question: Question | None = QUESTION, *, flags: int = RD, edns: Edns | None = SPEAKS_EDNS) -> Message:
    """Return a query as it comes."""
    return Message(7, flags, question=question, edns=edns)


def errors(message: Message) -> list[tuple[int, str]]:
    """Return the reasons in a response."""
    return [] if message.edns is None else [(error.info_code, error.text) for error in message.edns.errors]


def test_reply_repeats_the_question_and_its_flags() -> None:
    """RFC 1035 §4.1.1, RFC 4343 §4.1: id, question with its case, RD and CD come back; RA is ours."""
    message = reply(query(flags=RD | CD), SECURE, PLAIN)
    assert (message.id, message.flags) == (7, ANSWERING | CD)
    assert message.question is not None
    assert message.question.spelling == QUESTION.spelling
    assert message.answers == (Record("a.test", 300, A("192.0.2.1")),)


@pytest.mark.parametrize(
    ("flags", "edns", "is_told"),
    [(RD, Edns(), False), (RD | AD, None, True), (RD, Edns(dnssec_ok=True), True), (RD, None, False)],
)
def test_reply_says_secure_to_who_understands_it(flags: int, edns: Edns | None, is_told: bool) -> None:
    """RFC 6840 §5.7 and §5.8: AD for DO or AD in the query."""
    assert bool(reply(query(flags=flags, edns=edns), SECURE, PLAIN).flags & AD) is is_told


@pytest.mark.parametrize("security", [Security.INSECURE, Security.BOGUS, Security.INDETERMINATE])
def test_reply_calls_nothing_else_secure(security: Security) -> None:
    """RFC 4035 §3.2.3: AD only where everything is authentic."""
    resolution = dataclasses.replace(SECURE, security=security)
    assert not reply(query(flags=RD | AD), resolution, PLAIN).flags & AD


def test_reply_gives_proofs_to_who_wants_them() -> None:
    """RFC 4035 §3.2.1: signatures and proofs for DO, neither without."""
    message = reply(query(edns=Edns(dnssec_ok=True)), SECURE, PLAIN)
    assert [record.type for record in message.answers + message.authority] == ["A", "RRSIG", "NSEC", "RRSIG"]
    assert message.edns is not None
    assert message.edns.dnssec_ok
    assert [record.type for record in reply(query(), SECURE, PLAIN).authority] == []


def test_reply_gives_the_soa_of_an_absence_to_all() -> None:
    """RFC 2308 §3: who is told that there is nothing is told for how long."""
    message = reply(query(), Resolution(Rcode.NXDOMAIN, (), (START, PROOF), Security.SECURE), PLAIN)
    assert (message.rcode, [record.type for record in message.authority]) == (Rcode.NXDOMAIN, ["SOA"])


def test_reply_says_why_there_is_no_answer() -> None:
    """RFC 8914 §3: the code to all who speak EDNS, the sentence to neighbours only."""
    bogus = Resolution(Rcode.SERVFAIL, security=Security.BOGUS, reason=Reason("it ran out", Ede.SIGNATURE_EXPIRED))
    assert errors(reply(query(), bogus, PLAIN)) == [(7, "")]
    assert errors(reply(query(), bogus, Manners(explains=True))) == [(7, "it ran out")]
    assert reply(query(edns=None), bogus, PLAIN).edns is None


def test_reply_gives_no_reason_that_says_nothing() -> None:
    """An answer that is as it should be needs no words."""
    insecure = Resolution(Rcode.NOERROR, (ADDRESS,), reason=Reason("the zone is not signed"))
    assert errors(reply(query(), insecure, PLAIN)) == []


def test_reply_names_the_server_to_who_asks_for_it() -> None:
    """RFC 5001 §2.1: NSID in the response only if the query had it and there is one."""
    asking = query(edns=Edns(options=((OptionCode.NSID, b""),)))
    for nsid, options in ((b"ns1", ((OptionCode.NSID, b"ns1"),)), (b"", ())):
        message = reply(asking, SECURE, Manners(nsid=nsid))
        assert message.edns is not None
        assert message.edns.options == options
    assert reply(query(), SECURE, Manners(nsid=b"ns1")).edns == Edns()


def test_reply_says_how_long_a_stream_may_idle() -> None:
    """RFC 7828 §3.2.2: in units of 100 ms, on streams."""
    asking = query(edns=Edns(options=((OptionCode.KEEPALIVE, b""),)))
    message = reply(asking, SECURE, Manners(idle_seconds=30.0))
    assert message.edns is not None
    assert message.edns.keepalive_seconds == 30.0


@pytest.mark.parametrize(
    ("asked", "rcode", "code"),
    [
        (query(flags=0), Rcode.REFUSED, [(Ede.NOT_AUTHORITATIVE, "")]),
        (query(Question("a.test", "MAILB")), Rcode.NOTIMP, [(Ede.NOT_SUPPORTED, "")]),
        (query(Question("a.test", "TSIG")), Rcode.NOTIMP, [(Ede.NOT_SUPPORTED, "")]),
        (query(Question("a.test", "AXFR")), Rcode.REFUSED, []),
        (query(Question("a.test", "IXFR")), Rcode.REFUSED, []),
        (query(edns=Edns(version=1)), Rcode.BADVERS, []),
        (query(edns=Edns(options=((OptionCode.KEEPALIVE, b"\0\xff"),))), Rcode.FORMERR, []),
        (query(None), Rcode.FORMERR, []),
        (query()._replace(opcode=Opcode.UPDATE), Rcode.NOTIMP, []),
        (query()._replace(authority=START.records()), Rcode.FORMERR, []),
        (query(Question("version.bind", "TXT", "CH")), Rcode.REFUSED, []),
        (query(Question("a.test", "A", "CH")), Rcode.REFUSED, []),
    ],
)
def test_refusal_says_no_in_words(asked: Message, rcode: Rcode, code: list[tuple[int, str]]) -> None:
    """RFC 8906 §3: each thing that is not done has its code, and bears the id."""
    refused = refusal(asked, PLAIN)
    assert refused is not None
    assert (refused.id, refused.rcode, errors(refused)) == (7, rcode, code)


def test_refusal_offers_no_recursion_for_what_is_no_look_up() -> None:
    """RFC 1035 §4.1.1: RA is about look-ups."""
    refused = refusal(query(Question("a.test", "AXFR"), flags=0), PLAIN)
    assert refused is not None
    assert refused.flags == Flag.RESPONSE


def test_refusal_lets_look_ups_pass() -> None:
    """There is nothing to refuse."""
    assert refusal(query(), PLAIN) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [("version.bind", b"v1"), ("version.server", b"v1"), ("id.server", b"me"), ("hostname.bind", b"me")],
)
def test_refusal_tells_of_the_server_what_it_may(name: str, text: bytes) -> None:
    """RFC 4892 §2: who the server is stands at names of class CH."""
    told = refusal(query(Question(name, "TXT", "CH"), flags=0), Manners(version="v1", identity="me"))
    assert told is not None
    assert (told.rcode, told.answers) == (Rcode.NOERROR, (Record(name, 0, TXT((text,))),))
