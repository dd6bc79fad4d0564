"""What is read out of one response."""

from typing import TypeAlias

from fakes.signed_world import NOW, SignedWorld, SignedZone
from scop.dns import CNAME, NS, A, Question
from scop.dns.dnssec.trust import Anchors
from scop.dns.dnssec.validation import Validator
from scop.dns.message import Flag, Message, Record
from scop.dns.rdata import DNAME, NSEC, RRSIG
from scop.dns.resolver import Ask, Cache, HandClock, Resolver, ResolverOptions, Server, drive
from scop.dns.resolver.responses import Asked, Found, Useless, read_response
from scop.dns.words import Rcode, Security

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


def test_denials_beside_an_alias_may_speak_of_the_ds_of_its_target() -> None:
    """RFC 4035 §3.1.4: they are looked at where the DS itself cannot be had, and only of names in the zone."""
    denial = Record("sub.example.org", TTL, NSEC("t.example.org", b"\0\1\x20"))
    signed = signature("sub.example.org", "NSEC")
    for target, names in (
        ("a.sub.example.org", ["a.sub.example.org", "sub.example.org"]),
        ("a.sub.example.net", []),
    ):
        alias = Record("www.example.org", TTL, CNAME(target))
        found = read_response(response(QUESTION, alias, authority=(denial, signed)), ASKED)
        assert isinstance(found, Found)
        assert [question for question, _ in found.signers] == [Question(name, "DS") for name in names]
        unsigned = read_response(response(QUESTION, alias, authority=(denial,)), ASKED)
        assert isinstance(unsigned, Found)
        assert unsigned.signers == ()


def test_resolver_proves_by_an_alias_denials_that_its_target_is_unsigned() -> None:
    """A server that gave the proof beside the alias may have no answer to the question for the DS."""
    zone = SignedZone("test", {("www.test", "CNAME"): (CNAME("host.sub.test"),), ("sub.test", "NS"): (NS("ns.test"),)})
    world = SignedWorld(zone)
    judge = Validator(Anchors(world.anchors("test")), HandClock(NOW))
    options = ResolverOptions(roots=(Server("198.41.0.4"),), has_own_root=True, prime=False, minimise=False)

    def transport(ask: Ask) -> Message | None:
        asked = ask.question
        if asked.name == "host.sub.test":
            return None if asked.type == "DS" else response(asked, Record(asked.name, TTL, A("185.1.1.1")))
        if asked.type == "DS":
            return None
        known = zone.ask(asked)
        records = tuple(r for rrset in known.rrsets for r in rrset.records(with_signatures=True))
        denials = tuple(r for rrset in zone.denying("sub.test") for r in rrset.records(with_signatures=True))
        return response(asked, *records, authority=denials if asked.type == "A" else ())

    resolver = Resolver(options, Cache(), HandClock(NOW), judge)
    resolution = drive(resolver.resolve(Question("www.test", "A")), transport)
    assert (resolution.rcode, resolution.security) == (Rcode.NOERROR, Security.INSECURE)
    assert [rrset.type for rrset in resolution.answers] == ["CNAME", "A"]
    assert {rrset.type for rrset in resolution.authority} == {"NSEC"}


def test_response_that_repeats_no_question_says_nothing() -> None:
    """RFC 5452 §9.1: only a refusal may leave it out; the letters of a name are part of what a forger has to guess."""
    dname = Record("example.org", TTL, DNAME("x" * 60 + ".example.net"))
    for rcode in (Rcode.NOERROR, Rcode.NXDOMAIN, Rcode.YXDOMAIN):
        message = response(QUESTION, dname)._replace(rcode=rcode, question=None)
        assert isinstance(read_response(message, ASKED), Useless)


def test_resolver_that_names_servers_beside_nothing_says_that_there_is_nothing() -> None:
    """RFC 2308 §2.2: without SOA; one that refers further down, or offers no recursion, is of no use."""
    beside = Record("example.org", TTL, NS("ns.example.org"))
    offers = Flag.RESPONSE | Flag.RECURSION_AVAILABLE
    for zone, flags, kind in (
        ("example.org", offers, Found),
        ("example.org", Flag.RESPONSE, Useless),
        ("", offers, Useless),
    ):
        message = response(QUESTION, authority=(beside,))._replace(flags=flags)
        assert isinstance(read_response(message, Asked(zone, QUESTION, is_forward=True)), kind)
