"""The answering end of DNS over datagrams and streams: octets of a query in, octets of a response out.

What the answer is, is the caller's: it is handed the query, who asks and how, and gives back the
response, None for silence, or an awaitable of either where it has to find out first. An answer known
at once costs no task. Datagrams may be shown to a `quick` answerer first, which has the answers to the octets of
the commonest queries and costs as little as can be.

Standards: RFC 7766 (streams: pipelining §6.2.1.1, answers in any order §7, idle connections §6.2.3).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from enum import StrEnum
from typing import TypeAlias, cast

from scop.base import RemoteProtocolError
from scop.net.dns_frames import FrameReader, frame
from scop.net.peer import Peer, peer_of

__all__ = ["AnswerQuery", "DnsDatagramServer", "DnsStreamServer", "DnsTransport", "Response"]

IDLE_SECONDS = 60.0  # RFC 7766 §6.2.3 wants seconds; askers in the mesh come back within a minute
MAX_PIPELINED = 256  # queries of one connection whose answers are looked for; it is read no further then
MAX_DATAGRAMS_WAITING = 4096  # what comes beyond is dropped, as a full socket would


class DnsTransport(StrEnum):
    """How a query came."""

    DATAGRAM = "datagram"
    STREAM = "stream"
    TLS = "tls"  # a stream that nobody else reads, so that lengths are what is left to hide


# Many messages are a zone's transfer: on a stream each is written when there is room for it, and made only then.
Response: TypeAlias = bytes | Iterator[bytes] | None
AnswerQuery: TypeAlias = Callable[[bytes, Peer, DnsTransport], Response | Awaitable[Response]]
# Octets of a datagram and the asker's address; b"" says that it is to hear nothing, None that it is to be looked into.
QuickAnswer: TypeAlias = Callable[[bytes, str], bytes | None]


class DnsStreamServer(asyncio.Protocol):
    """Serves one connection; `peer` is who the mesh says it is, by default who the socket says.

    It ends when for `idle_seconds` no whole query has come and none is being answered.
    """

    def __init__(
        self,
        answer: AnswerQuery,
        peer: Peer | None = None,
        *,
        transport: DnsTransport = DnsTransport.STREAM,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._answer = answer
        self._peer = peer
        self._kind = transport
        self._idle_seconds = idle_seconds
        self._frames = FrameReader()
        self._queued: deque[bytes] = deque()
        self._waiting: set[asyncio.Future[None]] = set()
        self._has_room: asyncio.Future[None] | None = None
        self._is_writable = self._is_reading = True
        self._is_retired = False
        self._heard_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        self._transport = cast(asyncio.Transport, transport)
        self._peer = self._peer or peer_of(transport)
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._timer = self._loop.call_later(self._idle_seconds, self._close_if_idle)

    def data_received(self, data: bytes) -> None:
        """Answer what is whole."""
        try:
            queries = self._frames.receive(data)
        except RemoteProtocolError:
            self._transport.abort()
            return
        if queries:  # an octet now and then keeps no connection
            self._heard_at = self._loop.time()
            self._queued.extend(queries)
            self._go_on()

    def eof_received(self) -> bool:
        """Answer what was asked before the asker closed its half, then close the other."""
        self.retire()
        return True

    def pause_writing(self) -> None:
        """Read no more queries from who does not read answers."""
        self._is_writable = False
        self._go_on()

    def resume_writing(self) -> None:
        """Go on."""
        self._is_writable = True
        if self._has_room is not None:
            self._has_room.set_result(None)
            self._has_room = None
        self._go_on()

    def retire(self) -> None:
        """Close once everything that was asked so far is answered."""
        self._is_retired = True
        self._go_on()

    def abort(self) -> None:
        """Close now."""
        self._transport.abort()

    def quiet_since(self) -> float | None:
        """Return since when, by the loop's clock, nobody is served here; None while somebody is."""
        return None if self._waiting or self._queued else self._heard_at

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop looking for answers that nobody waits for."""
        if self._timer is not None:
            self._timer.cancel()
        self._queued.clear()
        for task in self._waiting:
            task.cancel()

    def _take(self, query: bytes) -> None:
        assert self._peer is not None
        found = self._answer(query, self._peer, self._kind)
        if found is None or isinstance(found, bytes):
            self._send(found)
            return
        task = asyncio.ensure_future(self._send_later(found if isinstance(found, Awaitable) else _at_once(found)))
        self._waiting.add(task)
        task.add_done_callback(self._done)

    async def _send_later(self, found: Awaitable[Response]) -> None:
        response = await found
        if response is None or isinstance(response, bytes):
            self._send(response)
            return
        for message in response:
            await self._room()
            if self._transport.is_closing():
                return
            self._send(message)

    async def _room(self) -> None:
        """Let others have their turn, and wait until what was written has gone; hang up on who does not read it."""
        await asyncio.sleep(0)
        if self._is_writable:
            return
        self._has_room = self._has_room or self._loop.create_future()
        try:
            async with asyncio.timeout(self._idle_seconds):
                await asyncio.shield(self._has_room)
        except TimeoutError:
            self._transport.abort()

    def _send(self, response: bytes | None) -> None:
        if response is not None and not self._transport.is_closing():
            self._transport.write(frame(response))

    def _done(self, task: asyncio.Future[None]) -> None:
        self._waiting.discard(task)
        _report(self._loop, task)
        self._heard_at = self._loop.time()
        self._go_on()

    def _go_on(self) -> None:
        """Take up what may be taken up, and read more only when nothing is left over."""
        while self._queued and self._is_writable and len(self._waiting) < MAX_PIPELINED:
            self._take(self._queued.popleft())
        if self._is_retired and self.quiet_since() is not None:
            self._transport.close()  # what is written still goes out
        may_read = self._is_writable and not self._queued
        if may_read is self._is_reading or self._transport.is_closing():
            return
        self._is_reading = may_read
        if may_read:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _close_if_idle(self) -> None:
        quiet = 0.0 if self._waiting else self._loop.time() - self._heard_at
        if quiet >= self._idle_seconds:
            # Also ends who reads no answers: what is unsent is dropped.
            self._transport.close() if self._is_writable else self._transport.abort()
            return
        self._timer = self._loop.call_later(self._idle_seconds - quiet, self._close_if_idle)


class DnsDatagramServer(asyncio.DatagramProtocol):
    """Serves one bound UDP socket."""

    def __init__(self, answer: AnswerQuery, quick: QuickAnswer | None = None) -> None:
        self._answer = answer
        self._quick = quick
        self._waiting: set[asyncio.Future[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self._loop = asyncio.get_running_loop()

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """Answer one query."""
        if self._quick is not None and (known := self._quick(data, cast(str, addr[0]))) is not None:
            if known:
                self._transport.sendto(known, addr)
            return
        if len(self._waiting) >= MAX_DATAGRAMS_WAITING:
            return
        found = self._answer(data, Peer(str(addr[0]), int(addr[1])), DnsTransport.DATAGRAM)
        if not isinstance(found, Awaitable):
            self._send(found, addr)
            return
        task = asyncio.ensure_future(self._send_later(found, addr))
        self._waiting.add(task)
        task.add_done_callback(self._done)

    async def drain(self, timeout_seconds: float) -> None:
        """Wait until what was asked so far is answered, and close."""
        if self._waiting:
            await asyncio.wait(tuple(self._waiting), timeout=timeout_seconds)
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop looking for answers."""
        for task in self._waiting:
            task.cancel()

    async def _send_later(self, found: Awaitable[Response], addr: tuple[str | int, ...]) -> None:
        self._send(await found, addr)

    def _send(self, response: Response, addr: tuple[str | int, ...]) -> None:
        # Many messages do not come by datagram.
        if isinstance(response, bytes) and not self._transport.is_closing():
            self._transport.sendto(response, addr)

    def _done(self, task: asyncio.Future[None]) -> None:
        self._waiting.discard(task)
        _report(self._loop, task)


async def _at_once(response: Response) -> Response:
    return response


def _report(loop: asyncio.AbstractEventLoop, task: asyncio.Future[None]) -> None:
    """Tell the loop of a bug in the answering side; the asker hears nothing and asks again."""
    if not task.cancelled() and (error := task.exception()) is not None:
        loop.call_exception_handler({"message": "no answer to a DNS query", "exception": error, "future": task})
