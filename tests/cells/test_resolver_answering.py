"""Queries' octets to responses' octets."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.jumping_clock import JumpingClock
from fakes.mesh import KeptLog
from scop.cells.resolver.answering import Answering
from scop.cells.resolver.guests import Guests
from scop.cells.resolver.recursion import Recursion, Surroundings
from scop.dns import Opcode, Question, Rcode
from scop.dns.asking import Ask, Server
from scop.dns.header import header_reply
from scop.dns.known import Known, Reason
from scop.dns.message import Edns, Flag, Message, OptionCode, Record, build_message, build_query, parse_message
from scop.dns.rdata import TXT, A
from scop.dns.resolver.cache import Cache
from scop.dns.resolver.options import ResolverOptions
from scop.dns.resolver.reply import Manners
from scop.dns.rrset import RRset
from scop.dns.words import Ede, Security
from scop.net.dns_server import DnsTransport
from scop.net.peer import Peer

ASKED = Question("host.test", "A")
BIG = Question("big.test", "TXT")
BOGUS = Question("bogus.test", "TXT")
TEXTS = tuple(TXT((b"%02d" % number + b"x" * 200,)) for number in range(9))
DATAGRAM, STREAM = DnsTransport.DATAGRAM, DnsTransport.STREAM
STRANGER = Peer("192.0.2.9", 5353)


async def nobody(ask: Ask) -> Message | None:
    """Answer nothing."""
    return None


CLOCK = JumpingClock()
CACHE = Cache()
SURROUNDINGS = Surroundings(nobody, CLOCK, KeptLog().log())


def answering() -> Answering:
    """Return what answers from a cache that holds a big answer and a bogus one, in a world that is silent."""
    settings = ResolverOptions(roots=(Server("127.0.30.1"),))
    now = CLOCK.monotonic()
    big = Known(Rcode.NOERROR, (RRset(BIG.name, "TXT", 300, TEXTS),), security=Security.INSECURE)
    expired = Reason("it ran out", Ede.SIGNATURE_EXPIRED)
    bogus = Known(Rcode.NOERROR, (RRset(BOGUS.name, "TXT", 300, TEXTS[:1]),), (), "", Security.BOGUS, expired)
    host = Known(Rcode.NOERROR, (RRset(ASKED.name, "A", 300, (A("192.0.2.1"),)),), security=Security.INSECURE)
    CACHE.learn(ASKED, host, now)
    CACHE.learn(BIG, big, now)
    CACHE.learn(BOGUS, bogus, now)
    return Answering(Recursion(settings, CACHE, SURROUNDINGS), CLOCK, Manners())


async def answered(query: bytes, transport: DnsTransport = DATAGRAM) -> Message:
    """Return the response."""
    found = answering().answer(query, STRANGER, transport)
    octets = found if found is None or isinstance(found, bytes) else await found
    assert octets is not None
    assert len(octets) <= 1232 or transport is STREAM
    return parse_message(octets)


async def test_resolver_answers_what_it_knows() -> None:
    """QR, RA and RD back, id and question kept, EDNS to who speaks it; never AD for what is not proved."""
    message = await answered(build_query(ASKED, 77))
    flags = Flag.RESPONSE | Flag.RECURSION_AVAILABLE | Flag.RECURSION_DESIRED
    assert (77, flags, ASKED, Edns()) == (message.id, message.flags, message.question, message.edns)
    assert ["A"] == [record.type for record in message.answers]
    assert (await answered(build_query(ASKED, 77, edns=None))).edns is None


@pytest.mark.parametrize(
    ("query", "rcode"),
    [
        (build_query(ASKED, 7, flags=0), Rcode.REFUSED),
        (build_query(Question("a.test", "MAILB"), 7), Rcode.NOTIMP),
        (build_query(Question("a.test", "AXFR"), 7), Rcode.REFUSED),
        (build_query(ASKED, 7, edns=Edns(version=1)), Rcode.BADVERS),
        (build_message(Message(7, opcode=Opcode.UPDATE, question=Question("a.test", "SOA"))), Rcode.NOTIMP),
        (build_message(Message(7)), Rcode.FORMERR),
        (build_query(ASKED, 7)[:-3], Rcode.FORMERR),
        (build_query(ASKED, 7)[:12], Rcode.FORMERR),
    ],
)
async def test_resolver_says_no_to_what_it_does_not_do(query: bytes, rcode: Rcode) -> None:
    """RFC 8906 §3: a refusal, not silence, and it bears the id."""
    message = await answered(query)
    assert (7, rcode) == (message.id, message.rcode)


@pytest.mark.parametrize(
    "octets", [b"", b"\0" * 11, build_message(Message(7, Flag.RESPONSE, question=ASKED)), b"\x80" * 12]
)
def test_resolver_is_silent_to_responses_and_scraps(octets: bytes) -> None:
    """Two servers that answered each other's answers would never end."""
    assert answering().answer(octets, STRANGER, DATAGRAM) is None


@pytest.mark.parametrize(
    ("edns", "transport", "is_whole"),
    [(None, DATAGRAM, False), (Edns(4096), DATAGRAM, False), (Edns(0), DATAGRAM, False), (None, STREAM, True)],
)
async def test_resolver_sends_whole_answers_or_none(edns: Edns | None, transport: DnsTransport, is_whole: bool) -> None:
    """RFC 2181 §9, RFC 6891 §6.2.5: what does not fit a datagram is TC and nothing else; a stream holds all."""
    message = await answered(build_query(BIG, 7, edns=edns), transport)
    assert message.is_truncated is not is_whole
    assert message.answers == (tuple(Record(BIG.name, 300, text) for text in TEXTS) if is_whole else ())


async def test_resolver_gives_bogus_answers_to_who_checks_itself_only() -> None:
    """RFC 4035 §5.5, RFC 8914 §4.8: SERVFAIL with the reason; the records only for CD."""
    refused = await answered(build_query(BOGUS, 7))
    assert refused.edns is not None
    codes = [error.info_code for error in refused.edns.errors]
    assert (refused.rcode, refused.answers, codes) == (Rcode.SERVFAIL, (), [Ede.SIGNATURE_EXPIRED])
    given_ = await answered(build_query(BOGUS, 7, flags=Flag.RECURSION_DESIRED | Flag.CHECKING_DISABLED))
    assert (given_.rcode, len(given_.answers)) == (Rcode.NOERROR, 1)


def test_resolver_answers_those_it_is_meant_for() -> None:
    """RFC 5358 §4: others are refused in twelve octets, whether or not the answer is ready."""
    settings = ResolverOptions()
    recursion = Recursion(settings, CACHE, SURROUNDINGS)
    desk = Answering(recursion, CLOCK, Manners(), Guests().may_ask)
    query = build_query(ASKED, 7)
    inside, outside = Peer("127.0.0.1", 5353), Peer("8.8.8.8", 5353)
    assert isinstance(desk.answer(query, inside, DATAGRAM), bytes)
    assert desk.answer_quickly(query, inside.address) is not None
    assert desk.answer_quickly(query, outside.address) is None
    assert desk.answer(query, outside, DATAGRAM) == header_reply(query, Rcode.REFUSED)


@pytest.mark.parametrize(
    ("networks", "allowed"),
    [
        ((), ["127.0.0.1", "10.0.0.1", "::1", "fe80::1%eth0", "::ffff:10.0.0.1"]),
        (("8.8.8.0/24",), ["8.8.8.8", "::ffff:8.8.8.8"]),
        (("0.0.0.0/0",), ["127.0.0.1", "10.0.0.1", "8.8.8.8", "::ffff:10.0.0.1", "::ffff:8.8.8.8"]),
    ],
)
def test_resolver_guests_are_of_networks(networks: tuple[str, ...], allowed: list[str]) -> None:
    """By default those that the Internet does not route; IPv4 addresses in IPv6 clothes are what they are."""
    guests = Guests(networks)
    everybody = [
        "127.0.0.1",
        "10.0.0.1",
        "8.8.8.8",
        "::1",
        "fe80::1%eth0",
        "2600::1",
        "::ffff:10.0.0.1",
        "::ffff:8.8.8.8",
    ]
    assert [address for address in everybody if guests.may_ask(address)] == allowed


def test_resolver_guests_of_no_network_are_a_mistake() -> None:
    """It is named."""
    with pytest.raises(ValueError, match="'x' is no network"):
        Guests(("x",))


def test_resolver_has_answers_ready_for_who_repeats_a_query() -> None:
    """The same octets come back with their own id, and with less time."""
    desk = answering()
    first = desk.answer(build_query(BIG, 7), STRANGER, STREAM)
    CLOCK.jump(100)
    second = desk.answer(build_query(BIG, 8), STRANGER, STREAM)
    assert isinstance(first, bytes)
    assert isinstance(second, bytes)
    assert parse_message(second) == parse_message(first)._replace(
        id=8, answers=tuple(Record(BIG.name, 200, text) for text in TEXTS)
    )


def test_resolver_has_answers_ready_whatever_cookie_comes_with_a_query() -> None:
    """RFC 7873 §5.2: a cookie that is not heeded changes nothing; an option that is asked for something else does."""
    desk = answering()
    cookies = [build_query(ASKED, 7, edns=Edns(options=((OptionCode.COOKIE, bytes(8 + n)),))) for n in (0, 8)]
    first, second = (desk.answer(query, STRANGER, DATAGRAM) for query in cookies)
    assert first == second == desk.answer_quickly(build_query(ASKED, 7), STRANGER.address)
    named = Answering(Recursion(ResolverOptions(), CACHE, SURROUNDINGS), CLOCK, Manners(nsid=b"ns1"))
    asking = build_query(ASKED, 7, edns=Edns(options=((OptionCode.NSID, b""),)))
    for _ in range(2):
        octets = named.answer(asking, STRANGER, DATAGRAM)
        assert isinstance(octets, bytes)
        edns = parse_message(octets).edns
        assert edns is not None
        assert edns.options == ((OptionCode.NSID, b"ns1"),)


@given(st.binary(max_size=80))
def test_resolver_answers_or_is_silent_whatever_comes(octets: bytes) -> None:
    """Nothing escapes."""
    found = answering().answer(octets, STRANGER, DATAGRAM)
    if isinstance(found, Awaitable):
        found.close()  # type: ignore[attr-defined]  # a coroutine that nobody will run


async def test_resolver_answers_later_what_it_has_to_find_out() -> None:
    """Where nobody knows, SERVFAIL."""
    message = await answered(build_query(Question("a.example.org", "A"), 9))
    assert (9, Rcode.SERVFAIL) == (message.id, message.rcode)
