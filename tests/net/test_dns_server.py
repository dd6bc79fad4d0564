"""The answering end on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from functools import partial

import pytest

from fakes.loops import LOOPS, jump, run_under
from scop.net.dns_frames import FrameReader, frame
from scop.net.dns_server import MAX_PIPELINED, AnswerQuery, DnsDatagramServer, DnsStreamServer, DnsTransport
from scop.net.peer import Peer

HOST = "127.0.0.1"
QUERY = b"Q" * 12


class Watched(DnsStreamServer):
    """Tells of its connection's end, and when it can write no more for now."""

    def __init__(self, answer: AnswerQuery, idle_seconds: float) -> None:
        super().__init__(answer, idle_seconds=idle_seconds)
        self.lost, self.is_full = asyncio.Event(), asyncio.Event()

    def pause_writing(self) -> None:
        """Tell, and wait."""
        super().pause_writing()
        self.is_full.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """End, and tell."""
        super().connection_lost(exc)
        self.lost.set()


@asynccontextmanager
async def watched(
    answer: AnswerQuery, idle_seconds: float = 60.0
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, Watched]]:
    """Serve one stream; give a connection, and its other end."""
    served = Watched(answer, idle_seconds)
    server = await asyncio.get_running_loop().create_server(lambda: served, HOST, 0)
    reader, writer = await asyncio.open_connection(HOST, server.sockets[0].getsockname()[1])
    try:
        yield reader, writer, served
    finally:
        writer.close()
        server.close()
        await served.lost.wait()


@asynccontextmanager
async def connected(answer: AnswerQuery) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Serve one stream and give a connection."""
    async with watched(answer) as (reader, writer, _):
        yield reader, writer


async def exact_answers(reader: asyncio.StreamReader, count: int) -> list[bytes]:
    """Read exactly that many messages and nothing beyond."""
    messages = list[bytes]()
    for _ in range(count):
        messages.append(await reader.readexactly(int.from_bytes(await reader.readexactly(2))))
    return messages


async def answers(reader: asyncio.StreamReader, count: int) -> list[bytes]:
    """Read that many messages."""
    frames, messages = FrameReader(), list[bytes]()
    while len(messages) < count:
        octets = await reader.read(65536)
        assert octets, "the server hung up"
        messages += frames.receive(octets)
    return messages


@pytest.mark.parametrize("loop", LOOPS)
def test_dns_stream_server_answers_pipelined_queries_as_each_is_ready(loop: str) -> None:
    """RFC 7766 §6.2.1.1: a slow answer does not hold up the next one."""
    held = asyncio.Event
    order: list[bytes] = []

    async def main() -> None:
        slow = held()

        async def late(query: bytes) -> bytes:
            await slow.wait()
            return query

        def answer(query: bytes, peer: Peer, transport: DnsTransport) -> bytes | Awaitable[bytes | None] | None:
            assert (HOST, DnsTransport.STREAM) == (peer.address, transport)
            if query.startswith(b"silent"):
                return None
            return late(query) if query.startswith(b"slow") else query

        async with connected(answer) as (reader, writer):
            writer.write(frame(b"slow......12") + frame(b"silent....12") + frame(b"fast......12"))
            order.extend(await answers(reader, 1))
            slow.set()
            order.extend(await answers(reader, 1))

    run_under(loop, main)
    assert [b"fast......12", b"slow......12"] == order


@pytest.mark.parametrize("loop", LOOPS)
def test_dns_stream_server_hangs_up_on_who_speaks_no_dns(loop: str) -> None:
    """A frame without a header."""

    async def main() -> None:
        async with connected(lambda query, peer, transport: query) as (reader, writer):
            writer.write(b"\0\3abc")
            with contextlib.suppress(ConnectionResetError):
                assert b"" == await reader.read()

    run_under(loop, main)


async def test_dns_stream_server_closes_what_is_idle_but_not_what_waits() -> None:
    """RFC 7766 §6.2.3: seconds of silence; an answer on its way is no silence."""
    is_asked, gate = asyncio.Event(), asyncio.Event()

    async def late(query: bytes) -> bytes:
        is_asked.set()
        await gate.wait()
        return query

    async with watched(lambda query, peer, transport: late(query), idle_seconds=30) as (reader, writer, _):
        writer.write(frame(QUERY))
        await is_asked.wait()
        jump(100)
        await asyncio.sleep(0)
        gate.set()
        assert [QUERY] == await answers(reader, 1)
        jump(100)
        assert b"" == await reader.read()


async def test_dns_stream_server_reads_no_further_than_it_may_answer() -> None:
    """Queries beyond the bound stay in the socket until answers are out; none is lost."""
    gate, is_full = asyncio.Event(), asyncio.Event()
    asked = 0

    async def late(query: bytes) -> bytes:
        nonlocal asked
        asked += 1
        if asked == MAX_PIPELINED:
            is_full.set()
        await gate.wait()
        return query

    async with connected(lambda query, peer, transport: late(query)) as (reader, writer):
        writer.write(frame(QUERY) * 1000)
        await is_full.wait()
        assert MAX_PIPELINED == asked
        gate.set()
        assert [QUERY] * 1000 == await answers(reader, 1000)


async def test_dns_stream_server_tells_the_loop_of_a_bug_and_goes_on() -> None:
    """A fault in the answering side costs that answer only."""
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(str(context["exception"])))

    async def answer(query: bytes, peer: Peer, transport: DnsTransport) -> bytes:
        if query.startswith(b"bug"):
            raise RuntimeError("a bug")
        return query

    async with connected(answer) as (reader, writer):
        writer.write(frame(b"bug.......12") + frame(QUERY))
        assert [QUERY] == await answers(reader, 1)
    assert ["a bug"] == told


async def test_dns_stream_server_makes_many_messages_as_they_are_read() -> None:
    """A response of many messages is made only as fast as its asker reads it, and the next query is still answered."""
    made: list[int] = []

    async def transfer(_query: bytes) -> Iterator[bytes]:
        def messages() -> Iterator[bytes]:
            for number in range(400):
                made.append(number)
                yield number.to_bytes(2, "big") + bytes(60_000)

        return messages()

    def answer(query: bytes, _peer: Peer, _transport: DnsTransport) -> bytes | Awaitable[Iterator[bytes]]:
        return transfer(query) if query == QUERY else query

    async with connected(answer) as (reader, writer):
        writer.write(frame(QUERY))
        (first,) = await exact_answers(reader, 1)
        assert len(made) < 400
        rest = await exact_answers(reader, 399)
        assert [*range(400)] == [int.from_bytes(message[:2]) for message in (first, *rest)]
        writer.write(frame(b"q" * 12))
        assert [b"q" * 12] == await answers(reader, 1)


async def test_dns_stream_server_hangs_up_on_who_asks_for_much_and_reads_nothing() -> None:
    """Nobody holds a transfer for longer than a connection may be idle."""

    def answer(_query: bytes, _peer: Peer, _transport: DnsTransport) -> Iterator[bytes]:
        return iter([bytes(60_000)] * 4000)

    async with watched(answer, idle_seconds=30) as (reader, writer, served):
        writer.write(frame(QUERY))
        await served.is_full.wait()
        while not served.lost.is_set():
            jump(1)
            await asyncio.sleep(0)
        with contextlib.suppress(ConnectionError):
            size = len(await reader.read(-1))
            assert size < 4000 * 60_000


class Datagrams(asyncio.DatagramProtocol):
    """Keeps what comes."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """Keep it."""
        self.came.put_nowait(data)


@pytest.mark.parametrize("loop", LOOPS)
def test_dns_datagram_server_answers_at_once_later_or_not(loop: str) -> None:
    """Each datagram alone."""

    async def late(query: bytes) -> bytes:
        await asyncio.sleep(0)
        return query

    def answer(query: bytes, peer: Peer, transport: DnsTransport) -> bytes | Awaitable[bytes | None] | None:
        assert (HOST, DnsTransport.DATAGRAM) == (peer.address, transport)
        if query == b"silent":
            return None
        return late(query) if query == b"late" else query

    async def main() -> None:
        running = asyncio.get_running_loop()
        server, _ = await running.create_datagram_endpoint(partial(DnsDatagramServer, answer), (HOST, 0))
        client, asking = await running.create_datagram_endpoint(
            Datagrams, remote_addr=server.get_extra_info("sockname")
        )
        for query in (b"silent", b"late", b"now"):
            client.sendto(query)
        assert {b"late", b"now"} == {await asking.came.get(), await asking.came.get()}
        client.close()
        server.close()
        await asyncio.sleep(0)

    run_under(loop, main)
