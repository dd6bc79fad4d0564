"""A small Internet of name servers: zones at addresses, asked as values or on real loopback sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from scop.dns import Question
from scop.dns.asking import Server
from scop.dns.message import Message, build_query, parse_message
from scop.dns.zone.answer import MAX_DATAGRAM_OCTETS, MAX_STREAM_OCTETS, Zones
from scop.dns.zone.zone import Zone
from scop.net.dns_server import AnswerQuery, DnsDatagramServer, DnsStreamServer, DnsTransport
from scop.net.faults import TemporaryFailure
from scop.net.peer import Peer

__all__ = ["WorldOfZones", "free_port_on", "serving", "zones_of"]

PORTS_TRIED = 20


def zones_of(**texts: str) -> Zones:
    """Return zones from master files, the origin as keyword: `_` is the root, `a_test` is a.test."""
    return Zones.of(
        [Zone.parse(f"$TTL 300\n{text}", name.strip("_").replace("_", ".")) for name, text in texts.items()]
    )


class WorldOfZones:
    """Answers as the servers at these addresses would; everybody else is silent."""

    def __init__(self, servers: Mapping[str, Zones]) -> None:
        self.servers = dict(servers)
        self.asked: list[tuple[str, Question]] = []

    def answer(self, place: Server, question: Question) -> Message | None:
        """Answer at once, None where nobody does."""
        self.asked.append((place.address, question))
        zones = self.servers.get(place.address)
        octets = zones and zones.answer(build_query(question, 7, flags=0), max_octets=MAX_STREAM_OCTETS)
        return parse_message(octets) if octets else None

    async def ask(self, place: Server, question: Question) -> Message:
        """Answer as a name server that is asked by value does."""
        message = self.answer(place, question)
        if message is None:
            raise TemporaryFailure("nobody there")
        return message

    def serve(self, address: str) -> AnswerQuery:
        """Return what a server on real sockets says at this address."""

        def answer(query: bytes, peer: Peer, transport: DnsTransport) -> bytes | None:
            question = parse_message(query).question
            assert question is not None
            self.asked.append((address, question))
            limit = MAX_DATAGRAM_OCTETS if transport is DnsTransport.DATAGRAM else MAX_STREAM_OCTETS
            return self.servers[address].answer(query, max_octets=limit) if address in self.servers else None

        return answer


def free_port_on(addresses: list[str]) -> tuple[int, list[tuple[socket.socket, socket.socket]]]:
    """Return one port that is free on all addresses, UDP and TCP, with the bound sockets."""
    for _ in range(PORTS_TRIED):
        taken = list[tuple[socket.socket, socket.socket]]()
        port = 0
        try:
            for address in addresses:
                stream = socket.create_server((address, port))
                port = stream.getsockname()[1]
                datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                taken.append((datagram, stream))
                datagram.bind((address, port))
        except OSError:
            for pair in taken:
                pair[0].close()
                pair[1].close()
            continue
        return port, taken
    raise AssertionError(f"no port is free on all of {addresses}")


class _Stream(DnsStreamServer):
    """A connection that is known while it is open."""

    def __init__(self, answer: AnswerQuery, opened: set[_Stream]) -> None:
        super().__init__(answer)
        self._opened = opened

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be known."""
        super().connection_made(transport)
        self._opened.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Be known no more."""
        super().connection_lost(exc)
        self._opened.discard(self)


@asynccontextmanager
async def serving(servers: Mapping[str, AnswerQuery]) -> AsyncIterator[int]:
    """Serve each address on the same port, by datagram and by stream; gives the port."""
    loop = asyncio.get_running_loop()
    port, sockets = free_port_on([*servers])
    datagrams, streams, opened = list[asyncio.BaseTransport](), list[asyncio.Server](), set[_Stream]()
    for (datagram, stream), answer in zip(sockets, servers.values(), strict=True):
        transport, _ = await loop.create_datagram_endpoint(partial(DnsDatagramServer, answer), sock=datagram)
        datagrams.append(transport)
        streams.append(await loop.create_server(partial(_Stream, answer, opened), sock=stream))
    try:
        yield port
    finally:
        for open_socket in datagrams:
            open_socket.close()
        for server in streams:
            server.close()
        for each in tuple(opened):
            each.abort()
        await asyncio.sleep(0)  # the loop closes them on its next turns
        while opened:  # noqa: ASYNC110 - each tells its loop alone
            await asyncio.sleep(0)
