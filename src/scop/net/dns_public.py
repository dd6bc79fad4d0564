"""A DNS server's faces to everybody: datagrams, streams, and streams under TLS, within bounds.

Where there are too many streams, the one that was quiet for longest makes room: who holds many open and asks nothing
keeps nobody out.

Standards: RFC 7766 §6.2.2 (limits for one client), §6.2.3 (what is idle may be closed at any time), RFC 7858 (TLS).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from scop.net.connections import Connections
from scop.net.dns_every_address import EveryAddress, is_every_address
from scop.net.dns_server import AnswerQuery, DnsDatagramServer, DnsStreamServer, DnsTransport, QuickAnswer
from scop.net.dns_tls import TlsEnd
from scop.net.entrance import BACKLOG
from scop.net.visitors import Visitors

__all__ = ["PublicDns", "PublicSockets", "StreamBounds"]


@dataclass(frozen=True, slots=True)
class StreamBounds:
    """How many streams there may be, and how long one may be idle."""

    max_streams: int = 500
    max_per_address: int = 100  # a resolver for many people is one address
    idle_seconds: float = 10.0  # RFC 7766 §6.2.3: "of the order of a few seconds"; the world's connections are many


@dataclass(frozen=True, slots=True)
class PublicSockets:
    """Where a server is reached: bound UDP sockets, listening TCP ones, and those for TLS with its context."""

    datagrams: Sequence[socket.socket] = ()
    streams: Sequence[socket.socket] = ()
    tls_streams: Sequence[socket.socket] = ()
    tls: ssl.SSLContext | None = None


_USUAL_BOUNDS = StreamBounds()


class PublicDns:
    """Serves everybody; `quick` may know the response to a datagram without looking into it."""

    def __init__(
        self, answer: AnswerQuery, *, quick: QuickAnswer | None = None, bounds: StreamBounds = _USUAL_BOUNDS
    ) -> None:
        self._answer = answer
        self._quick = quick
        self._idle_seconds = bounds.idle_seconds
        self._guests = _Guests(bounds)
        self._servers: list[asyncio.Server] = []
        self._datagrams: list[DnsDatagramServer] = []

    async def open(self, sockets: PublicSockets) -> None:
        """Begin to serve."""
        for bound in sockets.datagrams:
            await self._take_datagrams(bound)
        await self._listen(self._new_stream, sockets.streams)
        if sockets.tls is not None:
            context = sockets.tls
            await self._listen(lambda: self._new_tls_end(context), sockets.tls_streams)

    async def drain(self, timeout_seconds: float) -> None:
        """Take nobody in any more, answer what was asked so far, and close."""
        for server in self._servers:
            server.close()
        draining = [serving.drain(timeout_seconds) for serving in self._datagrams]
        await asyncio.gather(self._guests.open.drain(timeout_seconds), *draining)

    async def _take_datagrams(self, bound: socket.socket) -> None:
        serving = DnsDatagramServer(self._answer, self._quick)
        if is_every_address(bound):
            EveryAddress(bound, serving).open()
        else:
            await asyncio.get_running_loop().create_datagram_endpoint(lambda: serving, sock=bound)
        self._datagrams.append(serving)

    async def _listen(self, new_protocol: Callable[[], asyncio.Protocol], sockets: Sequence[socket.socket]) -> None:
        loop = asyncio.get_running_loop()
        for listening in sockets:
            self._servers.append(await loop.create_server(new_protocol, sock=listening, backlog=BACKLOG))

    def _new_stream(self) -> asyncio.Protocol:
        return _PublicStream(self._guests, self._answer, idle_seconds=self._idle_seconds)

    def _new_tls_end(self, context: ssl.SSLContext) -> asyncio.Protocol:
        inner = DnsStreamServer(self._answer, transport=DnsTransport.TLS, idle_seconds=self._idle_seconds)
        return _PublicTlsEnd(self._guests, context, inner)


class _Guest(Protocol):
    """A connection as far as its place is concerned."""

    def retire(self) -> None: ...
    def abort(self) -> None: ...
    def quiet_since(self) -> float | None: ...


class _Guests:
    """The open streams of one server."""

    def __init__(self, bounds: StreamBounds) -> None:
        self.open = Connections()
        self._max_streams = bounds.max_streams
        self._visitors = Visitors(bounds.max_streams, bounds.max_per_address)
        self._addresses: dict[_Guest, str] = {}

    def enter(self, guest: _Guest, transport: asyncio.BaseTransport) -> None:
        """Give a place to who came, or turn it away."""
        place = transport.get_extra_info("peername")
        address = str(place[0]) if isinstance(place, tuple) else ""
        if len(self._addresses) >= self._max_streams:
            self._make_room()
        if not self._visitors.enter(address):
            guest.abort()
            return
        self._addresses[guest] = address
        self.open.add(guest)

    def leave(self, guest: _Guest) -> None:
        """Free the place of who has gone, or was turned away."""
        address = self._addresses.pop(guest, None)
        if address is not None:
            self._visitors.leave(address)
            self.open.discard(guest)

    def _make_room(self) -> None:
        quiet = [(since, id(guest), guest) for guest in self._addresses if (since := guest.quiet_since()) is not None]
        if quiet:
            _, _, guest = min(quiet)
            self.leave(guest)
            guest.abort()


class _PublicStream(DnsStreamServer):
    def __init__(self, guests: _Guests, answer: AnswerQuery, *, idle_seconds: float) -> None:
        super().__init__(answer, idle_seconds=idle_seconds)
        self._guests = guests

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._guests.enter(self, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._guests.leave(self)


class _PublicTlsEnd(TlsEnd):
    def __init__(self, guests: _Guests, context: ssl.SSLContext, inner: DnsStreamServer) -> None:
        super().__init__(context, inner)
        self._guests = guests

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._guests.enter(self, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._guests.leave(self)
