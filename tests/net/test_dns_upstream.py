"""Name servers with habits of their own, on loopback: each is asked so that its answers can be believed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from fakes.loops import LOOPS, run_under
from fakes.name_servers import serving
from scop.dns import A, Question, Rcode
from scop.dns.asking import Ask, Protocol, Server
from scop.dns.edns import Cookie, Edns
from scop.dns.header import spelled_question
from scop.dns.message import Flag, Message, Record, build_message, parse_message
from scop.net.dns_server import AnswerQuery, DnsTransport
from scop.net.dns_upstream import Upstream
from scop.net.peer import Peer

HOST = "127.0.0.1"
ASKED = Question("a-name-with-many-letters.lagoon.test", "A")
FOUND = (Record(ASKED.name, 60, A("192.0.2.1")),)
FORGED = (Record(ASKED.name, 60, A("192.0.2.66")),)
UDP, TCP = DnsTransport.DATAGRAM, DnsTransport.STREAM

Answering = Callable[[Message, DnsTransport], Message | bytes | None]


@dataclass
class Host:
    """A server that notes how it was asked; `answering` is handed each query and the honest answer's transport."""

    answering: Answering
    came: list[tuple[DnsTransport, Message]] = field(default_factory=list)

    def __call__(self, query: bytes, peer: Peer, transport: DnsTransport) -> bytes | None:
        """Answer."""
        asked = parse_message(query)
        self.came.append((transport, asked))
        found = self.answering(asked, transport)
        return build_message(found) if isinstance(found, Message) else found

    @property
    def transports(self) -> list[DnsTransport]:
        """How it was asked, in order."""
        return [transport for transport, _ in self.came]

    @property
    def cookies(self) -> list[Cookie | None]:
        """The cookie of each query."""
        return [asked.edns.cookie if asked.edns else None for _, asked in self.came]


def honest(asked: Message, transport: DnsTransport) -> Message:
    """Answer as it should be."""
    return Message(asked.id, Flag.RESPONSE, question=asked.question, answers=FOUND, edns=Edns())


def lower(asked: Message, transport: DnsTransport) -> Message:
    """Repeat the question in lower case."""
    return honest(asked, transport)._replace(question=ASKED)


async def answers_of(answering: AnswerQuery, count: int = 1, ask: Ask | None = None) -> list[Message | None]:
    """Ask such a server that often."""
    upstream = Upstream()
    async with serving({HOST: answering}) as port:
        ask = replace(ask or Ask(Server(HOST), ASKED), server=Server(HOST, port))
        return [await upstream.exchange(ask) for _ in range(count)]


def records_of(messages: list[Message | None]) -> list[tuple[Record, ...] | None]:
    """Return what each says."""
    return [message.answers if message else None for message in messages]


@pytest.mark.parametrize("loop", LOOPS)
def test_dns_upstream_asks_each_time_by_another_port_id_and_spelling(loop: str) -> None:
    """RFC 5452 §9.2: what a forger has to guess is never the same."""
    ways: set[tuple[int, int, bytes | None]] = set()

    def noting(query: bytes, peer: Peer, transport: DnsTransport) -> bytes:
        ways.add((peer.port, parse_message(query).id, spelled_question(query)))
        return build_message(honest(parse_message(query), transport))

    async def main() -> None:
        assert [FOUND] * 8 == records_of(await answers_of(noting, 8))

    run_under(loop, main)
    assert [8] * 3 == [len(set(column)) for column in zip(*ways, strict=True)]


@pytest.mark.parametrize("loop", LOOPS)
def test_dns_upstream_asks_who_loses_the_case_by_tcp_and_then_plainly(loop: str) -> None:
    """Once by TCP, to know that it was the server; from then on no case is asked of it."""
    host = Host(lower)

    async def main() -> None:
        assert [FOUND] * 3 == records_of(await answers_of(host, 3))

    run_under(loop, main)
    assert [UDP, TCP, UDP, UDP] == host.transports


async def test_dns_upstream_believes_no_forged_case() -> None:
    """Who guessed id and port has to guess every letter too; the true answer comes by TCP."""

    def answering(asked: Message, transport: DnsTransport) -> Message:
        if transport is UDP:
            return lower(asked, transport)._replace(answers=FORGED)
        return honest(asked, transport)

    assert [FOUND] == records_of(await answers_of(Host(answering)))


async def test_dns_upstream_asks_by_datagram_again_where_there_is_no_tcp() -> None:
    """A server that loses the case and takes no TCP still answers; a forger would have to guess twice."""

    def answering(asked: Message, transport: DnsTransport) -> Message | bytes | None:
        return lower(asked, transport) if transport is UDP else b""  # not even a header

    host = Host(answering)
    assert [FOUND] == records_of(await answers_of(host))
    assert [UDP, TCP, UDP] == host.transports


def baking(asked: Message, transport: DnsTransport) -> Message:
    """Answer with a cookie, and to none but that."""
    cookie = asked.edns.cookie if asked.edns else None
    assert cookie is not None or transport is TCP
    if cookie is None:
        return honest(asked, transport)
    baked = Edns(options=(Cookie(cookie.client, b"baked for you").to_option(),))
    rcode = Rcode.NOERROR if cookie.server == b"baked for you" else Rcode.BADCOOKIE
    found = honest(asked, transport)._replace(rcode=rcode, edns=baked)
    return found if rcode is Rcode.NOERROR else found._replace(answers=())


async def test_dns_upstream_brings_the_cookie_that_it_was_given() -> None:
    """RFC 7873 §5.3: BADCOOKIE is asked once more with the new one, and all later queries bring it."""
    host = Host(baking)
    assert [FOUND] * 2 == records_of(await answers_of(host, 2))
    assert [UDP] * 3 == host.transports
    assert [b"", b"baked for you", b"baked for you"] == [cookie.server for cookie in host.cookies if cookie]
    assert 1 == len({cookie.client for cookie in host.cookies if cookie})


async def test_dns_upstream_asks_who_forgets_its_cookie_by_tcp() -> None:
    """One machine of many behind an address may know none: what it says is true if TCP says it."""
    host = Host(lambda asked, transport: baking(asked, transport) if len(host.came) < 3 else honest(asked, transport))
    assert [FOUND] * 3 == records_of(await answers_of(host, 3))
    assert [UDP, UDP, UDP, TCP, UDP] == host.transports
    assert b"" == host.cookies[-1].server if host.cookies[-1] else False


async def test_dns_upstream_gives_up_on_cookies_that_are_never_right() -> None:
    """Some datagrams, then TCP."""

    def answering(asked: Message, transport: DnsTransport) -> Message:
        return honest(asked, transport)._replace(rcode=Rcode.BADCOOKIE if transport is UDP else Rcode.NOERROR)

    host = Host(answering)
    assert [FOUND] == records_of(await answers_of(host))
    assert [UDP, UDP, UDP, TCP] == host.transports


async def test_dns_upstream_asks_without_a_cookie_who_is_confused_by_it() -> None:
    """FORMERR for an option that it should pass over (RFC 6891 §6.1.2); EDNS itself it may know."""

    def answering(asked: Message, transport: DnsTransport) -> Message:
        if asked.edns and asked.edns.options:
            return Message(asked.id, Flag.RESPONSE, rcode=Rcode.FORMERR)
        return honest(asked, transport)

    host = Host(answering)
    assert [FOUND] * 2 == records_of(await answers_of(host, 2))
    assert [False, True, True] == [cookie is None for cookie in host.cookies]


async def test_dns_upstream_asks_without_a_cookie_after_a_silence() -> None:
    """A firewall may have dropped it; in the end the server is down, and hears one again."""
    host = Host(lambda asked, transport: None)
    ask = Ask(Server(HOST), ASKED, timeout_seconds=0.02)
    assert [None] * 3 == await answers_of(host, 3, ask)
    assert [False, True, False] == [cookie is None for cookie in host.cookies]


@pytest.mark.parametrize("cut", [0, 3])
async def test_dns_upstream_returns_what_was_cut_as_truncated(cut: int) -> None:
    """Who asks decides whether to come by TCP (RFC 7766 §5)."""

    def answering(asked: Message, transport: DnsTransport) -> bytes:
        octets = build_message(honest(asked, transport)._replace(flags=Flag.RESPONSE | Flag.TRUNCATED))
        return octets[: len(octets) - cut]

    host = Host(answering)
    (message,) = await answers_of(host)
    assert message is not None
    assert message.is_truncated
    assert [UDP] == host.transports


async def test_dns_upstream_asks_by_tcp_where_it_is_told_to() -> None:
    """The id is as random there, the spelling plain."""
    host = Host(honest)
    assert [FOUND] == records_of(await answers_of(host, 1, Ask(Server(HOST), ASKED, Protocol.TCP)))
    assert [TCP] == host.transports


class Repeater(asyncio.DatagramProtocol):
    """Says everything twice, and before it what it said last."""

    def __init__(self) -> None:
        self._last = b""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # it is one
        """Take the socket."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """Answer late, then in time, then again."""
        asked = parse_message(data)
        assert asked.question is not None
        found = (Record(asked.question.name, 60, A("192.0.2.1")),)
        answer = build_message(Message(asked.id, Flag.RESPONSE, question=asked.question, answers=found))
        for octets in (self._last, answer, answer):
            self._transport.sendto(octets, addr)
        self._last = answer


async def test_dns_upstream_is_not_disturbed_by_late_and_doubled_answers() -> None:
    """Each query has a socket of its own; what comes for another one is passed over."""
    loop = asyncio.get_running_loop()
    repeater, _ = await loop.create_datagram_endpoint(Repeater, (HOST, 0))
    server, upstream = Server(*repeater.get_extra_info("sockname")), Upstream()
    for number in range(20):
        question = Question(f"n{number}.lagoon.test", "A")
        message = await upstream.exchange(Ask(server, question))
        assert message is not None
        assert [question.name] == [record.name for record in message.answers]
    repeater.close()


class Guesser(asyncio.DatagramProtocol):
    """Answers with every wrong id."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # it is one
        """Take the socket."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """Guess."""
        asked = parse_message(data)
        for number in range(1, 100):
            forged = honest(asked._replace(id=asked.id ^ number), UDP)._replace(answers=FORGED)
            self._transport.sendto(build_message(forged), addr)


async def test_dns_upstream_asks_by_tcp_where_somebody_guesses() -> None:
    """RFC 5452 §9.2: before one of the guesses is right."""
    loop = asyncio.get_running_loop()
    host = Host(honest)
    async with serving({HOST: host}) as port:
        guesser, _ = await loop.create_datagram_endpoint(Guesser, (HOST, 0), reuse_port=False)
        guessing = guesser.get_extra_info("sockname")[1]
        upstream = Upstream()
        # The guesser has no TCP of its own.
        assert await upstream.exchange(Ask(Server(HOST, guessing), ASKED)) is None
        guesser.close()
        assert FOUND == getattr(await upstream.exchange(Ask(Server(HOST, port), ASKED)), "answers", None)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("address", [HOST, "::1"])
def test_dns_upstream_hears_at_once_that_nobody_is_there(loop: str, address: str) -> None:
    """A closed port says so, by datagram and by stream, and so does a machine without IPv6."""

    async def main() -> None:
        async with serving({HOST: Host(honest)}) as port:
            pass
        for protocol in Protocol:
            ask = Ask(Server(address, port), ASKED, protocol, timeout_seconds=30)
            assert await Upstream().exchange(ask) is None

    run_under(loop, main)


async def test_dns_upstream_has_no_more_sockets_than_it_may() -> None:
    """Who waits for one gets it when another is answered."""
    at_once, most = 0, 0
    is_full = asyncio.Event()

    async def slow(query: bytes, peer: Peer, transport: DnsTransport) -> bytes:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        if at_once == 3:
            is_full.set()
        await is_full.wait()
        at_once -= 1
        return build_message(honest(parse_message(query), transport))

    upstream = Upstream(max_sockets=3)
    async with serving({HOST: slow}) as port:
        asks = [upstream.exchange(Ask(Server(HOST, port), ASKED)) for _ in range(9)]
        assert [FOUND] * 9 == records_of(list(await asyncio.gather(*asks)))
    assert 3 == most
