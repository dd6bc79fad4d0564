"""How a resolver that runs alone is reached: datagrams, streams, and streams under TLS, each bounded.

Standards: RFC 7766 §6.2.2 (a server may limit connections), RFC 7858 (DNS over TLS).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from scop.net.dns_server import AnswerQuery, DnsDatagramServer, DnsStreamServer

__all__ = ["IDLE_SECONDS", "Doors", "Listeners"]

IDLE_SECONDS = 10.0  # RFC 7766 §6.2.3: "of the order of a few seconds"
MAX_STREAMS = 500  # at once; each costs a descriptor and some KB


@dataclass(frozen=True, slots=True)
class Listeners:
    """The sockets of a resolver that runs alone: bound, listening, and those that speak TLS."""

    datagrams: tuple[socket.socket, ...] = ()
    streams: tuple[socket.socket, ...] = ()
    tls_streams: tuple[socket.socket, ...] = ()
    tls: ssl.SSLContext | None = None


class Doors:
    """All public ways in, once open."""

    def __init__(self, listeners: Listeners) -> None:
        self._listeners = listeners
        self._datagrams = list[asyncio.BaseTransport]()
        self._servers = list[asyncio.Server]()
        self._streams: set[asyncio.BaseTransport] = set()

    async def open(self, on_datagram: AnswerQuery, on_stream: AnswerQuery) -> None:
        """Answer what comes in by datagram and by stream."""
        loop = asyncio.get_running_loop()
        for bound in self._listeners.datagrams:
            transport, _ = await loop.create_datagram_endpoint(lambda: DnsDatagramServer(on_datagram), sock=bound)
            self._datagrams.append(transport)
        new_stream = self._stream_of(on_stream)
        for listening in self._listeners.streams:
            self._servers.append(await loop.create_server(new_stream, sock=listening))
        for listening in self._listeners.tls_streams:
            self._servers.append(await loop.create_server(new_stream, sock=listening, ssl=self._listeners.tls))

    def stop_accepting(self) -> None:
        """Take no more streams; those that are open, and datagrams, are still answered."""
        for server in self._servers:
            server.close()

    def close(self) -> None:
        """Hang up; an answer that is written already still goes out."""
        for transport in (*self._datagrams, *self._streams):
            transport.close()

    def _stream_of(self, answer: AnswerQuery) -> Callable[[], DnsStreamServer]:
        return lambda: _CountedStream(answer, self._streams)


class _CountedStream(DnsStreamServer):
    """One connection; beyond `MAX_STREAMS` it is ended at once."""

    def __init__(self, answer: AnswerQuery, open_streams: set[asyncio.BaseTransport]) -> None:
        super().__init__(answer, idle_seconds=IDLE_SECONDS)
        self._open = open_streams

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if len(self._open) >= MAX_STREAMS:
            self._transport.abort()
        else:
            self._open.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._open.discard(self._transport)
