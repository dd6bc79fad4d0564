"""What is read out of one response."""

from typing import TypeAlias

from scop.dns import A, Question
from scop.dns.message import Flag, Message, Record
from scop.dns.rdata import RRSIG
from scop.dns.resolver.responses import Asked, Found, read_response

Records: TypeAlias = tuple[Record, ...]

TTL = 300
QUESTION = Question("www.example.org", "A")
ASKED = Asked("example.org", QUESTION)
ADDRESS = Record("www.example.org", TTL, A("185.1.1.1"))


def signature(owner: str, covered: str) -> Record:
    """Return a signature that nobody checks here."""
    return Record(owner, TTL, RRSIG(covered, 13, 3, TTL, 2, 1, 7, "example.org", b"signed"))


def response(question: Question, *answers: Record, authority: Records = (), additional: Records = ()) -> Message:
    """Return an authority's response with these sections."""
    message = Message(1, Flag.RESPONSE | Flag.AUTHORITATIVE, question=question, answers=answers)
    return message._replace(authority=authority, additional=additional)


def test_answer_takes_its_signature_from_any_section() -> None:
    """RFC 4035 §3.1.1 wants it beside what it signs; some servers put it elsewhere, and it is checked all the same."""
    signed = signature("www.example.org", "A")
    for message in (
        response(QUESTION, ADDRESS, authority=(signed,)),
        response(QUESTION, ADDRESS, additional=(signed,)),
    ):
        found = read_response(message, ASKED)
        assert isinstance(found, Found)
        assert [rrset.signatures for rrset in found.known.rrsets] == [(signed.rdata,)]


def test_question_for_signatures_is_answered_by_the_answer_section_alone() -> None:
    """RFC 1035 §4.1: what stands elsewhere was not said as an answer."""
    question = Question("www.example.org", "RRSIG")
    said, other = signature("www.example.org", "A"), signature("www.example.org", "MX")
    found = read_response(response(question, said, additional=(other,)), Asked("example.org", question))
    assert isinstance(found, Found)
    assert [rrset.rdatas for rrset in found.known.rrsets] == [(said.rdata,)]
