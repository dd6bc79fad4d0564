"""How the primary is spoken to: datagrams and streams in public, streams on its pipe.

Standards: RFC 7766 §6.2.2 (a server may limit connections), RFC 7858.
"""

from __future__ import annotations

import asyncio

from scop.cells.primary.name_server import NameServer
from scop.dns.zone.answer import MAX_DATAGRAM_OCTETS, MAX_STREAM_OCTETS
from scop.net.dns_server import AnswerQuery, DnsDatagramServer, DnsStreamServer, DnsTransport
from scop.net.peer import Peer

__all__ = ["PublicStreams", "neighbour_stream", "public_datagrams"]

IDLE_SECONDS = 10.0  # RFC 7766 §6.2.3: "of the order of a few seconds"; the world's connections are many
_MAX_OCTETS = {DnsTransport.DATAGRAM: MAX_DATAGRAM_OCTETS, DnsTransport.STREAM: MAX_STREAM_OCTETS}


def public_datagrams(server: NameServer) -> DnsDatagramServer:
    """Return the protocol of the public UDP socket."""
    return DnsDatagramServer(_in_public(server))


def neighbour_stream(server: NameServer, peer: Peer) -> DnsStreamServer:
    """Return the protocol of a pipe to a cell."""
    return DnsStreamServer(lambda query, who, _transport: server.answer_neighbour(query, who.cell), peer)


class PublicStreams:
    """Makes the protocol of each public TCP connection, and turns away those beyond `max_streams`."""

    def __init__(self, server: NameServer, max_streams: int) -> None:
        self.answer = _in_public(server)
        self.open: set[asyncio.Transport] = set()
        self.max_streams = max_streams

    def new_protocol(self) -> DnsStreamServer:
        """Return what speaks with one more asker."""
        return _PublicStream(self)

    def close(self) -> None:
        """Hang up on all; an answer that is written already still goes out."""
        for transport in tuple(self.open):
            transport.close()


class _PublicStream(DnsStreamServer):
    def __init__(self, streams: PublicStreams) -> None:
        super().__init__(streams.answer, idle_seconds=IDLE_SECONDS)
        self._streams = streams

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if len(self._streams.open) >= self._streams.max_streams:
            self._transport.abort()
        else:
            self._streams.open.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._streams.open.discard(self._transport)


def _in_public(server: NameServer) -> AnswerQuery:
    return lambda query, _who, transport: server.answer_public(query, _MAX_OCTETS[transport])
