"""One query to one name server: by datagram, by stream where the answer did not fit.

A datagram can be forged by who guesses its id, our port and the question; each query has a random id
and a socket of its own (so a random port), connected, so that nobody but the server's address is heard.

Standards: RFC 1035 §4.2, RFC 5452 §9 (resilience against forged answers), RFC 7766 §5 (TC, then TCP).
"""

from __future__ import annotations

import asyncio
import os
from typing import cast

from scop.base import RemoteProtocolError
from scop.dns import Question
from scop.dns.message import Message, build_query, parse_message
from scop.dns.resolver.asking import Server
from scop.net.dialer import Dialer, tcp_dialer
from scop.net.dns_frames import FrameReader, frame
from scop.net.faults import TemporaryFailure

__all__ = ["ask_name_server", "exchange_datagram", "exchange_stream"]

DATAGRAM_SECONDS = 1.5  # what a distant server needs; who asks then turns to another one
STREAM_SECONDS = 5.0
MAX_STRAYS = 32  # datagrams that answer something else; more is somebody guessing (RFC 5452 §9.2)
_TRUNCATED = 0x02
_RESPONSE = 0x80
_OPCODE = 0x78
_RCODE = 0x0F


async def ask_name_server(server: Server, question: Question, *, flags: int = 0) -> Message:
    """Return the server's answer to `question`; raises `TemporaryFailure` where none comes that can be read."""
    query = build_query(question, int.from_bytes(os.urandom(2)), flags=flags)
    octets = await exchange_datagram(server, query)
    if octets[2] & _TRUNCATED:
        octets = await exchange_stream(tcp_dialer(server.address, server.port), query)
    try:
        message = parse_message(octets)
    except RemoteProtocolError as fault:
        raise TemporaryFailure(f"no DNS from {server}: {fault}") from fault
    return message


async def exchange_datagram(server: Server, query: bytes, *, timeout_seconds: float = DATAGRAM_SECONDS) -> bytes:
    """Send one datagram and return the one that answers it; raises `TemporaryFailure`."""
    loop = asyncio.get_running_loop()
    try:
        transport, asking = await loop.create_datagram_endpoint(
            lambda: _AskingDatagram(query), remote_addr=(server.address, server.port)
        )
    except OSError as fault:  # no route, or no descriptor left
        raise TemporaryFailure(f"no way to {server}: {fault}") from fault
    try:
        async with asyncio.timeout(timeout_seconds):
            return await asking.answer
    except TimeoutError:
        raise TemporaryFailure(f"no answer from {server} within {timeout_seconds} s") from None
    finally:
        transport.close()


async def exchange_stream(dial: Dialer, query: bytes, *, timeout_seconds: float = STREAM_SECONDS) -> bytes:
    """Send one message on a stream of its own and return what answers it; raises `TemporaryFailure`.

    The octets travel untouched, so it serves for what is signed, as an UPDATE with TSIG.
    """
    transport = None
    try:
        async with asyncio.timeout(timeout_seconds):
            transport, asking = await dial(lambda: _AskingStream(query))
            return await asking.answer
    except TimeoutError:
        raise TemporaryFailure(f"no answer within {timeout_seconds} s") from None
    finally:
        if transport is not None:
            transport.abort()


def _answers(query: bytes, octets: bytes) -> bool:
    """Say whether `octets` answer `query`: its id, and its question unless that is refused as unreadable."""
    if len(octets) < 12 or octets[:2] != query[:2] or not octets[2] & _RESPONSE:
        return False
    if octets[4:6] == b"\0\0":  # RFC 2136 §3.8: the answer to an UPDATE may leave its sections out
        return bool(octets[3] & _RCODE or query[2] & _OPCODE)
    end = _question_end(query)
    return octets[4:6] == query[4:6] and octets[12:end].lower() == query[12:end].lower()


def _question_end(query: bytes) -> int:
    position = 12
    while query[position]:
        position += query[position] + 1
    return position + 5


class _AskingDatagram(asyncio.DatagramProtocol):
    """Waits for the one datagram that answers."""

    def __init__(self, query: bytes) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._query = query
        self._strays = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.DatagramTransport, transport).sendto(self._query)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        if self.answer.done():
            return
        if _answers(self._query, data):
            self.answer.set_result(data)
            return
        self._strays += 1
        if self._strays > MAX_STRAYS:
            self.answer.set_exception(TemporaryFailure("somebody guesses at answers"))

    def error_received(self, exc: Exception) -> None:
        self._fail(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc)

    def _fail(self, exc: Exception | None) -> None:
        if not self.answer.done():
            self.answer.set_exception(TemporaryFailure(f"the name server cannot be reached: {exc or 'closed'}"))
            self.answer.exception()  # whoever asked may have lost patience


class _AskingStream(asyncio.Protocol):
    """Waits for the first message of the other side."""

    def __init__(self, query: bytes) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._query = query
        self._frames = FrameReader()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(frame(self._query))

    def data_received(self, data: bytes) -> None:
        try:
            messages = self._frames.receive(data)
        except RemoteProtocolError as fault:
            self._fail(str(fault))
            return
        for octets in messages:
            if not self.answer.done() and _answers(self._query, octets):
                self.answer.set_result(octets)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(str(exc or "closed by the server"))

    def _fail(self, reason: str) -> None:
        if not self.answer.done():
            self.answer.set_exception(TemporaryFailure(f"the stream ended without an answer: {reason}"))
            self.answer.exception()
