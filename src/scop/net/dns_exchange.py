"""One message to one name server and its answer, octet for octet: by datagram, or on a stream of its own.

It knows nothing of the message but its id and question, and so serves for what is signed as it stands. How a resolver
asks those whom it must not believe too much is in `dns_upstream`.

Standards: RFC 1035 §4.2, RFC 5452 §9.1 (what an answer repeats), RFC 2136 §3.8.
"""

from __future__ import annotations

import asyncio
from typing import cast

from scop.base import RemoteProtocolError
from scop.dns.asking import Server
from scop.dns.header import HEADER_OCTETS, is_same_question, opcode_of, rcode_of, spelled_question
from scop.net.dialer import Dialer
from scop.net.dns_datagram import hear_datagram
from scop.net.dns_frames import FrameReader, frame
from scop.net.faults import TemporaryFailure

__all__ = ["exchange_datagram", "exchange_stream"]

DATAGRAM_SECONDS = 1.5  # what a distant server needs; who asks then turns to another one
STREAM_SECONDS = 5.0
_RESPONSE = 0x80  # of the third octet


async def exchange_datagram(server: Server, query: bytes, *, timeout_seconds: float = DATAGRAM_SECONDS) -> bytes:
    """Send one datagram and return the one that answers it; raises `TemporaryFailure`."""

    def judge(octets: bytes) -> bytes | None:
        return octets if _answers(query, octets) else None

    return await hear_datagram(server, query, judge, timeout_seconds=timeout_seconds)


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
    if len(octets) < HEADER_OCTETS or octets[:2] != query[:2] or not octets[2] & _RESPONSE:
        return False
    if octets[4:6] == b"\0\0":  # RFC 2136 §3.8: the answer to an UPDATE may leave its sections out
        return bool(rcode_of(octets) or opcode_of(query))
    asked, answered = spelled_question(query), spelled_question(octets)
    return asked is not None and answered is not None and is_same_question(asked, answered)


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
