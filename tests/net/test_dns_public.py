"""A name server's public faces on loopback: in the clear, under TLS, and where too many come."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.loops import LOOPS, PATIENCE_SECONDS, jump, run_under
from fakes.self_signed import HOSTNAME, client_context, server_context, write_pem
from scop.dns import A, Answer, Question, Rcode
from scop.dns.message import Flag, Message, Record, build_message, build_query, parse_message
from scop.net.dialer import tcp_dialer
from scop.net.dns_client import StreamNames
from scop.net.dns_exchange import exchange_stream
from scop.net.dns_frames import FrameReader, frame
from scop.net.dns_public import PublicDns, PublicSockets, StreamBounds
from scop.net.dns_server import AnswerQuery, DnsTransport, QuickAnswer
from scop.net.dns_tls import dot_context
from scop.net.faults import TemporaryFailure
from scop.net.peer import Peer

HOST = "127.0.0.1"
ASKED = Question("a.test", "A")
FOUND = (Record("a.test", 60, A("192.0.2.1")),)
QUERY = build_query(ASKED, 7)


def answer(query: bytes, peer: Peer, transport: DnsTransport) -> bytes:
    """Say how it was asked."""
    asked = parse_message(query)
    assert (transport is DnsTransport.TLS) is peer.tls.startswith("TLS1.3")
    records = FOUND * {DnsTransport.DATAGRAM: 1, DnsTransport.STREAM: 2, DnsTransport.TLS: 3}[transport]
    return build_message(Message(asked.id, Flag.RESPONSE, question=asked.question, answers=records))


@dataclass
class Face:
    """A server that runs, and its ports."""

    serving: PublicDns
    datagrams: int
    streams: int
    tls: int


@asynccontextmanager
async def public(
    answering: AnswerQuery = answer,
    *,
    quick: QuickAnswer | None = None,
    bounds: StreamBounds = StreamBounds(),  # noqa: B008  # frozen
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Face]:
    """Serve on ports that the kernel picks."""
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind((HOST, 0))
    streams, tls_streams = socket.create_server((HOST, 0)), socket.create_server((HOST, 0))
    serving = PublicDns(answering, quick=quick, bounds=bounds)
    await serving.open(PublicSockets([datagrams], [streams], [tls_streams], tls or server_context()))
    ports = (each.getsockname()[1] for each in (datagrams, streams, tls_streams))
    try:
        yield Face(serving, *ports)
    finally:
        await serving.drain(0.5)
        await asyncio.sleep(0)


async def asked_by_datagram(port: int, query: bytes = QUERY) -> bytes:
    """Send one datagram, return what comes back."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setblocking(False)
        asking.connect((HOST, port))
        await loop.sock_sendall(asking, query)
        return await loop.sock_recv(asking, 4096)


@pytest.mark.parametrize("loop", LOOPS)
def test_dns_public_answers_by_datagram_stream_and_tls(loop: str) -> None:
    """RFC 7858 §3: the same questions, on three ports."""

    async def main() -> None:
        async with public() as face:
            assert 1 == len(parse_message(await asked_by_datagram(face.datagrams)).answers)
            for port, context, count in ((face.streams, None, 2), (face.tls, client_context(), 3)):
                dial = tcp_dialer(HOST, port, tls=context, server_name=HOSTNAME)
                assert count == len(parse_message(await exchange_stream(dial, QUERY)).answers)

    run_under(loop, main)


@pytest.mark.parametrize("loop", LOOPS)
def test_dns_public_keeps_a_tls_stream_for_many_questions(loop: str) -> None:
    """RFC 7858 §3.4: pipelined, in any order."""

    async def main() -> None:
        async with public() as face:
            names = StreamNames(tcp_dialer(HOST, face.tls, tls=client_context(), server_name=HOSTNAME))
            answers = await asyncio.gather(*(names.lookup(Question(f"{n}.test", "A")) for n in range(500)))
            assert {Rcode.NOERROR} == {each.rcode for each in answers}
            await names.close()

    run_under(loop, main)


async def test_dns_public_large_answers_pass_through_tls_whole() -> None:
    """64 KB at a time, and a reader that is slower than we write."""
    records = tuple(Record("a.test", 60, A(f"10.0.{n // 256}.{n % 256}")) for n in range(2000))

    def large(query: bytes, peer: Peer, transport: DnsTransport) -> bytes:
        asked = parse_message(query)
        return build_message(Message(asked.id, Flag.RESPONSE, question=asked.question, answers=records))

    async with public(large) as face:
        names = StreamNames(tcp_dialer(HOST, face.tls, tls=client_context(), server_name=HOSTNAME))
        for each in await asyncio.gather(*(names.lookup(ASKED) for _ in range(60))):
            assert 2000 == len(each.records)
        await names.close()


async def test_dns_public_quick_answers_come_first() -> None:
    """What is known by its octets is not looked into; b"" is silence."""
    asked: list[bytes] = []

    def quick(query: bytes, address: str) -> bytes | None:
        assert HOST == address
        asked.append(query)
        return {b"known": b"at once", b"silence": b""}.get(query)

    async with public(quick=quick) as face:
        assert b"at once" == await asked_by_datagram(face.datagrams, b"known")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.02):
                raise AssertionError(await asked_by_datagram(face.datagrams, b"silence"))
        assert 1 == len(parse_message(await asked_by_datagram(face.datagrams)).answers)
    assert [b"known", b"silence", QUERY] == asked


class Dialled:
    """One open connection that asks by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._frames = FrameReader()

    @classmethod
    async def to(cls, port: int) -> Dialled:
        """Connect."""
        return cls(*await asyncio.open_connection(HOST, port))

    async def answered(self) -> bool:
        """Ask, and tell whether an answer came before the end."""
        try:
            self.writer.write(frame(QUERY))
            return bool(self._frames.receive(await self.reader.read(4096)))
        except ConnectionError:
            return False

    async def ended(self) -> bool:
        """Wait for the end."""
        try:
            return await self.reader.read(4096) == b""
        except ConnectionError:
            return True


async def test_dns_public_quietest_stream_makes_room() -> None:
    """Who holds connections and asks nothing keeps nobody out (RFC 7766 §6.2.3)."""
    async with public(bounds=StreamBounds(max_streams=3)) as face:
        first, second, third = [await Dialled.to(face.streams) for _ in range(3)]
        for each in (first, second, third, first):
            assert await each.answered()
        fourth = await Dialled.to(face.streams)
        assert await fourth.answered()
        assert await second.ended()
        assert [True] * 3 == [await each.answered() for each in (first, third, fourth)]
        for each in (first, second, third, fourth):
            each.writer.close()


@pytest.mark.parametrize("is_tls", [False, True])
async def test_dns_public_one_address_has_its_share(is_tls: bool) -> None:
    """RFC 7766 §6.2.2; a place counts from the first octet, also before TLS is up."""
    async with public(bounds=StreamBounds(max_per_address=2)) as face:
        port = face.tls if is_tls else face.streams
        kept = [await Dialled.to(port) for _ in range(2)]
        turned_away = await Dialled.to(port)
        assert await turned_away.ended()
        kept[0].writer.close()
        while not is_tls:  # the server hears of it on one of its next turns
            another = await Dialled.to(port)
            is_answered = await another.answered()
            another.writer.close()
            if is_answered:
                break
        for each in (*kept, turned_away):
            each.writer.close()


async def test_dns_public_idle_ends_also_for_who_drips() -> None:
    """An octet now and then is no query."""
    async with public(bounds=StreamBounds(idle_seconds=30)) as face:
        dripping = await Dialled.to(face.streams)
        ended, passed_seconds = asyncio.ensure_future(dripping.ended()), 0
        while not ended.done():
            jump(1)
            passed_seconds += 1
            dripping.writer.write(b"\x10")  # of a query of 4112 octets
            await asyncio.sleep(0)
        assert await ended
        assert passed_seconds >= 30
        dripping.writer.close()


async def test_dns_public_drain_answers_what_was_asked() -> None:
    """SIGTERM: nobody new, and nobody is left waiting."""
    gate, came = asyncio.Event(), asyncio.Semaphore(0)

    async def late(query: bytes, peer: Peer, transport: DnsTransport) -> bytes:
        came.release()
        await gate.wait()
        return answer(query, peer, transport)

    def answering(query: bytes, peer: Peer, transport: DnsTransport) -> Awaitable[bytes]:
        return late(query, peer, transport)

    async with public(answering) as face:
        asking = asyncio.create_task(exchange_stream(tcp_dialer(HOST, face.streams), QUERY))
        other = asyncio.create_task(asked_by_datagram(face.datagrams))
        for _ in (asking, other):
            await came.acquire()
        draining = asyncio.create_task(face.serving.drain(PATIENCE_SECONDS))
        await asyncio.sleep(0)
        with pytest.raises(TemporaryFailure):
            await exchange_stream(tcp_dialer(HOST, face.streams), QUERY)
        gate.set()
        assert [2, 1] == [len(parse_message(octets).answers) for octets in await asyncio.gather(asking, other)]
        await draining


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("is_tls", [False, True])
def test_dns_public_answers_who_has_closed_its_half(loop: str, is_tls: bool) -> None:
    """A stream that says no more still listens; it is closed once all is answered."""

    async def main() -> None:
        gate = asyncio.Event()

        async def late(query: bytes, peer: Peer, transport: DnsTransport) -> bytes:
            await gate.wait()
            return answer(query, peer, transport)

        async with public(late) as face:
            port, layer = (face.tls, ByHand()) if is_tls else (face.streams, None)
            reader, writer = await asyncio.open_connection(HOST, port)
            if layer is not None:
                await layer.shake(reader, writer)
            sent = frame(QUERY) * 2
            writer.write(sent if layer is None else layer.encrypted(sent))
            writer.write_eof()
            asyncio.get_running_loop().call_later(0.02, gate.set)
            octets = await reader.read()
            assert 2 == len(FrameReader().receive(octets if layer is None else layer.decrypted(octets)))
            writer.close()

    run_under(loop, main)


class ByHand:
    """A client's TLS that can close one half of its connection."""

    def __init__(self) -> None:
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = client_context().wrap_bio(self._came, self._goes, server_hostname=HOSTNAME)

    async def shake(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do the handshake."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                writer.write(self._goes.read())
                self._came.write(await reader.read(65536))
            else:
                writer.write(self._goes.read())
                return

    def encrypted(self, octets: bytes) -> bytes:
        """Return the octets as they go, and the last word of this half."""
        self._tls.write(octets)
        with contextlib.suppress(ssl.SSLWantReadError):
            self._tls.unwrap()
        return self._goes.read()

    def decrypted(self, octets: bytes) -> bytes:
        """Return what came."""
        self._came.write(octets)
        self._came.write_eof()
        said = b""
        with contextlib.suppress(ssl.SSLError):
            while piece := self._tls.read(65536):
                said += piece
        return said


async def test_dns_public_tls_hangs_up_on_who_speaks_none() -> None:
    """In the clear on the port for TLS: an alert and the end, and never an answer."""
    async with public() as face:
        clear = await Dialled.to(face.tls)
        clear.writer.write(frame(QUERY))
        with contextlib.suppress(ConnectionError):
            assert QUERY[:2] not in await clear.reader.read()
        clear.writer.close()
        silent = StreamNames(tcp_dialer(HOST, face.streams, tls=client_context()), timeout_seconds=0.1)
        assert Answer(ASKED, Rcode.SERVFAIL) == await silent.lookup(ASKED)
        await silent.close()


async def test_dns_public_tls_says_that_it_is_dot(tmp_path: Path) -> None:
    """RFC 7301: `dot` is this protocol's name; who names none is served too."""
    pem = str(write_pem(tmp_path))
    async with public(tls=dot_context(pem, pem)) as face:
        context = client_context()
        context.set_alpn_protocols(["dot"])
        _, writer = await asyncio.open_connection(HOST, face.tls, ssl=context, server_hostname=HOSTNAME)
        assert "dot" == writer.get_extra_info("ssl_object").selected_alpn_protocol()
        writer.close()
        dial = tcp_dialer(HOST, face.tls, tls=client_context(), server_name=HOSTNAME)
        assert 3 == len(parse_message(await exchange_stream(dial, QUERY)).answers)
