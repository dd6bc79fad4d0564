"""A primary and a resolver in one server on loopback, as small as they can be and still real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fakes.loops import PATIENCE_SECONDS
from fakes.mail_sessions import Listening, listen
from fakes.mesh import KeptLog
from scop.base import Clock
from scop.cells.primary.holdings import Author, Holdings, Unsigned
from scop.cells.primary.name_server import NameServer, Rights
from scop.dns.tsig import TsigKey
from scop.dns.zone.first_zone import first_zone
from scop.dns.zone.grants import Grant
from scop.dns.zone.zone import Zone
from scop.net.dialer import Dialer
from scop.net.dns_server import DnsStreamServer, DnsTransport, Response
from scop.net.peer import Peer

__all__ = ["SmallDns", "small_dns"]


@dataclass
class SmallDns:
    """Answers for a zone and takes UPDATE by `key`; `silent_lookups` of the next questions fail."""

    server: NameServer
    key: TsigKey
    stored: list[Zone] = field(default_factory=list)
    silent_lookups: int = 0
    listening: Listening | None = None
    holdings: Holdings | None = None
    _heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def updates(self, count: int) -> None:
        """Wait until that many further UPDATEs have come."""
        for _ in range(count):
            self._heard.clear()
            await asyncio.wait_for(self._heard.wait(), PATIENCE_SECONDS)

    def dial(self) -> Dialer:
        """Return how to reach it."""
        assert self.listening is not None
        return self.listening.dialer()

    async def answer(self, query: bytes, _peer: Peer, _transport: DnsTransport) -> Response:
        """Answer as the primary does on its pipe."""
        is_update = (query[2] >> 3) & 15 == 5
        if is_update:
            self._heard.set()
        if not is_update and self.silent_lookups:
            self.silent_lookups -= 1
            return query[:2] + b"\x80\x02" + query[4:]  # SERVFAIL
        found = self.server.answer_neighbour(query, "signer")
        return await found if isinstance(found, Awaitable) else found


@dataclass(frozen=True)
class _Stored:
    """A history in memory."""

    zones: list[Zone]

    def commit(self, zone: Zone, by: Author) -> None:
        """Keep it."""
        self.zones.append(zone)


@asynccontextmanager
async def small_dns(clock: Clock, domain: str = "lagoon.test") -> AsyncIterator[SmallDns]:
    """Serve until the block ends."""
    key = TsigKey("signer.lagoon.test", b"k" * 32)
    grant = Grant(key.name, f"*._domainkey.{domain}", frozenset({"TXT"}))
    rights = Rights(grants=(grant,), pipe_keys=(key,))
    zone = Zone.parse(first_zone(domain, f"mx.{domain}", "127.0.10.1"), domain)
    stored: list[Zone] = []
    holdings = Holdings([zone], _Stored(stored), Unsigned(), clock.unix)
    server = NameServer(holdings, rights, KeptLog().log("primary"), clock)
    dns = SmallDns(server, key, stored, holdings=holdings)
    async with listen(lambda: DnsStreamServer(dns.answer)) as listening:
        dns.listening = listening
        yield dns
