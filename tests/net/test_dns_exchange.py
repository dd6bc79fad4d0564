"""One query to one name server, honest or not."""

from __future__ import annotations

import asyncio

import pytest

from fakes.loops import LOOPS, run_under
from fakes.name_servers import serving
from scop.dns import A, Opcode, Question, Rcode
from scop.dns.asking import Server
from scop.dns.message import Flag, Message, Record, build_message, build_query, parse_message
from scop.net.dialer import tcp_dialer
from scop.net.dns_datagram import MAX_STRAYS
from scop.net.dns_exchange import exchange_datagram, exchange_stream
from scop.net.dns_server import DnsTransport
from scop.net.faults import TemporaryFailure
from scop.net.peer import Peer

HOST = "127.0.0.1"
ASKED = Question("mx.lagoon.test", "A")
HOSTS = tuple(Record("mx.lagoon.test", 60, A(f"192.0.2.{number}")) for number in range(200))


def honest(query: bytes, peer: Peer, transport: DnsTransport) -> bytes:
    """Answer with more than a datagram holds."""
    message = parse_message(query)
    limit = 1232 if transport is DnsTransport.DATAGRAM else 65535
    return build_message(Message(message.id, Flag.RESPONSE, question=message.question, answers=HOSTS), max_octets=limit)


class Forger(asyncio.DatagramProtocol):
    """Sends forgeries first, then the true answer unless there is none."""

    def __init__(self, *, forgeries: int = 1, then_honest: bool = True) -> None:
        self._forgeries = forgeries
        self._then_honest = then_honest

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # it is one
        """Take the socket."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """Answer with a wrong id, to another question, with the query itself, with a scrap; then truly."""
        asked = parse_message(data)
        other = Message(asked.id, Flag.RESPONSE, question=Question("other.test", "A"), answers=HOSTS[:1])
        wrong_id = Message(asked.id ^ 1, Flag.RESPONSE, question=asked.question, answers=HOSTS[:1])
        for _ in range(self._forgeries):
            for octets in (
                build_message(wrong_id),
                build_message(other),
                data,
                data[:5],
                build_message(Message(asked.id, Flag.RESPONSE)),
            ):
                self._transport.sendto(octets, addr)
        if self._then_honest:
            self._transport.sendto(build_message(wrong_id._replace(id=asked.id, answers=HOSTS[1:2])), addr)


async def asked_of(forger: Forger, timeout_seconds: float = 5.0) -> Message:
    """Ask such a server."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: forger, (HOST, 0))
    place = Server(*transport.get_extra_info("sockname"))
    try:
        return parse_message(await exchange_datagram(place, build_query(ASKED, 4711), timeout_seconds=timeout_seconds))
    finally:
        transport.close()
        await asyncio.sleep(0)


async def test_dns_exchange_hears_only_what_answers_its_query() -> None:
    """Id and question must be ours, and it must be a response (RFC 5452 §9.1)."""
    assert HOSTS[1:2] == (await asked_of(Forger())).answers


async def test_dns_exchange_gives_up_where_somebody_guesses() -> None:
    """RFC 5452 §9.2: many wrong answers are an attack; the true one may be next to be guessed."""
    with pytest.raises(TemporaryFailure, match="guesses"):
        await asked_of(Forger(forgeries=MAX_STRAYS, then_honest=False))


async def test_dns_exchange_loses_patience() -> None:
    """A silent server is a temporary failure."""
    with pytest.raises(TemporaryFailure, match="within"):
        await asked_of(Forger(forgeries=0, then_honest=False), timeout_seconds=0.02)


@pytest.mark.parametrize("loop", LOOPS)
def test_dns_exchange_with_nobody_fails_at_once(loop: str) -> None:
    """A closed port says so."""

    async def main() -> None:
        async with serving({HOST: honest}) as port:
            pass
        with pytest.raises(TemporaryFailure):
            await exchange_datagram(Server(HOST, port), build_query(ASKED, 1), timeout_seconds=10)
        with pytest.raises(TemporaryFailure):
            await exchange_stream(tcp_dialer(HOST, port), build_query(ASKED, 1))

    run_under(loop, main)


async def test_dns_exchange_by_stream_takes_a_bare_answer_to_an_update() -> None:
    """RFC 2136 §3.8: its sections may be left out, also where all is well; the octets sent are untouched."""
    update = build_message(Message(7, opcode=Opcode.UPDATE, question=Question("lagoon.test", "SOA")))
    came: list[bytes] = []

    def server(query: bytes, peer: Peer, transport: DnsTransport) -> bytes:
        came.append(query)
        return build_message(Message(7, Flag.RESPONSE, opcode=Opcode.UPDATE))

    async with serving({HOST: server}) as port:
        octets = await exchange_stream(tcp_dialer(HOST, port), update)
    assert ([update], Rcode.NOERROR) == (came, parse_message(octets).rcode)


async def test_dns_exchange_by_stream_that_ends_without_an_answer_fails() -> None:
    """Silence has an end, noise too."""

    def silent(query: bytes, peer: Peer, transport: DnsTransport) -> None:
        return None

    def noise(query: bytes, peer: Peer, transport: DnsTransport) -> bytes:
        return b""  # a frame of nothing

    async with serving({HOST: silent}) as port:
        with pytest.raises(TemporaryFailure, match="within"):
            await exchange_stream(tcp_dialer(HOST, port), build_query(ASKED, 1), timeout_seconds=0.02)
    async with serving({HOST: noise}) as port:
        with pytest.raises(TemporaryFailure, match="without an answer"):
            await exchange_stream(tcp_dialer(HOST, port), build_query(ASKED, 1))
