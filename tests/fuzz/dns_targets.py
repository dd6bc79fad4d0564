"""What the fuzzer asks of the faces of `scop.dns` that strangers reach: laws for any octets; a target raises."""

from __future__ import annotations

from functools import cache

from fakes.jumping_clock import JumpingClock
from scop.base import RemoteProtocolError
from scop.dns.answer import Question
from scop.dns.asking import Ask, Server
from scop.dns.dnssec.trust import Anchors
from scop.dns.dnssec.validation import Validator
from scop.dns.edns import Cookie
from scop.dns.header import spelled_question
from scop.dns.message import Message, build_message, build_query, parse_message
from scop.dns.rdata import DS
from scop.dns.resolver.cache import Cache
from scop.dns.resolver.limits import MAX_QUERIES
from scop.dns.resolver.options import ResolverOptions
from scop.dns.resolver.resolver import Resolver
from scop.dns.tsig import TsigError, Verifier
from scop.dns.tsig_keys import TsigKey
from scop.dns.zone.answer import MAX_DATAGRAM_OCTETS, MAX_STREAM_OCTETS, Zones
from scop.dns.zone.grants import Grant
from scop.dns.zone.update import apply_update
from scop.dns.zone.zone import Zone
from scop.net.dns_query import Query, Verdict

__all__ = ["dns_message", "dns_primary", "dns_reply", "dns_resolver", "dns_update"]

NOW = 1_800_000_000
ZONE = """$TTL 300
@ SOA ns.a.test. mail.a.test. 1 7200 3600 1209600 300
@ NS ns
@ MX 10 mx
ns A 192.0.2.1
mx A 192.0.2.2
*.wild TXT "any"
alias CNAME mx
dname DNAME else.test.
sub NS ns.sub
ns.sub A 192.0.2.3
"""
ASKED = Ask(Server("192.0.2.1"), Question("www.a.test", "A"))
OURS = Cookie(b"8 octets", b"and theirs")
DIGEST = DS(4711, 13, 2, bytes(32))


def dns_message(octets: bytes) -> None:
    """Octets are a message or `RemoteProtocolError`; what can be read can be written, and reads as the same."""
    try:
        message = parse_message(octets)
    except RemoteProtocolError:
        return
    written = parse_message(build_message(message))
    # Names that came compressed in types which we do not compress may not fit any more.
    assert message == written or (written.is_truncated and not message.is_truncated), (message, written)


def dns_reply(octets: bytes) -> None:
    """Only what repeats id, question, case and cookie is an answer."""
    query = Query.of(ASKED, 4711, OURS, spelling=b"\3wWw\1a\4TEst\0")
    octets = query.octets[:2] + octets
    heard = query.judge(octets)
    if heard is not None and heard.verdict is Verdict.ANSWER:
        assert heard.message is not None
        asked = spelled_question(query.octets)
        assert spelled_question(octets) == asked or octets[4:6] == b"\0\0" or heard.message.is_truncated


@cache
def _zones() -> Zones:
    return Zones.of([Zone.parse(ZONE, "a.test")])


def dns_primary(octets: bytes) -> None:
    """Whatever is asked, the response is one, is not larger than it may be, and has the query's id."""
    for room in (MAX_DATAGRAM_OCTETS, MAX_STREAM_OCTETS):
        response = _zones().answer(octets, max_octets=room)
        if response is not None:
            assert len(response) <= room
            message = parse_message(response)
            assert message.is_response
            assert response[:2] == octets[:2]


def dns_update(octets: bytes) -> None:
    """An UPDATE changes a zone wholly or not at all, and only under a signature; the key signs none of these."""
    zone = _zones().by_origin["a.test"]
    outcome = apply_update(zone, octets, (Grant.parse("k:*:*")))
    assert outcome.zone is zone or outcome.rcode == 0
    try:
        opened = Verifier((TsigKey("k", b"another secret than the seeds' own"),)).open(octets, NOW)
    except RemoteProtocolError:
        return
    assert opened.signer is None
    opened.seal(build_message(Message(1)), NOW)
    assert opened.error in TsigError


def dns_resolver(octets: bytes) -> None:
    """Whatever servers say, a question ends within its bounds; the first octet says how it is resolved.

    After it stands what they say in turn: two octets of length, the third and fourth of a header, its three counts of
    records, and the records.
    """
    if not octets:
        return
    clock = JumpingClock(NOW)
    options = ResolverOptions(roots=(Server("198.41.0.4"),), prime=bool(octets[0] & 2), minimise=bool(octets[0] & 4))
    judge = Validator(Anchors({"": (DIGEST,)}), clock) if octets[0] & 1 else None
    step = Resolver(options, Cache(), clock, judge).resolve(ASKED.question)
    pieces, asked = _cut(octets[1:]), 0
    try:
        ask = next(step)
        while True:
            said = _said(ask, pieces[asked % len(pieces)])
            asked += 1
            assert asked <= MAX_QUERIES, "more questions than one may cost"
            clock.jump(0.01)
            ask = step.send(said)
    except StopIteration:
        return


def _cut(octets: bytes) -> list[bytes]:
    pieces = []
    while octets:
        size = int.from_bytes(octets[:2]) & 0x0FFF
        pieces.append(octets[2 : 2 + size])
        octets = octets[2 + size :]
    return pieces or [b""]


def _said(ask: Ask, piece: bytes) -> Message | None:
    """Return a piece as what a server says to `ask`."""
    flags, counts, records = piece[:2].ljust(2, b"\0"), piece[2:5].ljust(3, b"\0"), piece[5:]
    question = build_query(ask.question, 1, edns=None)[12:]
    head = b"\0\1" + bytes((flags[0] | 0x80, flags[1])) + b"\0\1" + b"".join(bytes((0, count)) for count in counts)
    try:
        return parse_message(head + question + records)
    except RemoteProtocolError:
        return None
