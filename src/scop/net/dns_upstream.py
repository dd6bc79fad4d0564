"""Asking the name servers that a resolver's generator names, and remembering how each of them is best asked.

Theory of operation. A query by datagram has a random id, a random port and socket of its own, letters of random case,
and a cookie. A reply that lacks the case or the cookie which the server is thought to keep may be forged, and many
wrong ones are somebody's guesses: the question goes by TCP then, whose answer nobody can forge who does not see it,
and which shows what the server loses. One that cannot be reached by TCP is asked by datagram once more; whoever
forged by luck needs the same luck again.

Standards: RFC 5452 §9 (ids, ports, guessing), RFC 7873 §5 and RFC 9018 §3 (cookies), RFC 7766 §5.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from scop.base import RemoteProtocolError
from scop.dns import Rcode
from scop.dns.asking import Ask, Protocol, Server
from scop.dns.edns import CLIENT_COOKIE_OCTETS, Cookie
from scop.dns.message import Message, parse_message
from scop.dns.names import MAX_NAME_OCTETS
from scop.net.dialer import tcp_dialer
from scop.net.dns_datagram import Guessed, hear_datagram
from scop.net.dns_exchange import exchange_stream
from scop.net.dns_query import Heard, Query, Verdict, spelled_by
from scop.net.faults import TemporaryFailure

__all__ = ["Upstream"]

MAX_SOCKETS = 400  # queries on their way at once; each has a descriptor of its own, and 1,024 is a usual limit
MAX_SERVERS_KNOWN = 10_000  # some 300 octets each
MAX_DATAGRAMS = 3  # for one answer: one more with a new cookie, one more without any
SECRET_OCTETS = 16
ID_OCTETS = 2

_CONFUSED = (Rcode.FORMERR, Rcode.NOTIMP, Rcode.BADVERS)


@dataclass(frozen=True, slots=True)
class _Habits:
    """What is known of one server; at first the best is thought of it."""

    keeps_case: bool = True
    takes_cookies: bool = True
    server_cookie: bytes = b""


class Upstream:
    """The way out of a resolver; `chance` gives octets that nobody can foresee."""

    def __init__(self, *, max_sockets: int = MAX_SOCKETS, chance: Callable[[int], bytes] = os.urandom) -> None:
        self._chance = chance
        self._secret = chance(SECRET_OCTETS)
        self._sockets = asyncio.Semaphore(max_sockets)
        self._known: dict[Server, _Habits] = {}

    async def exchange(self, ask: Ask) -> Message | None:
        """Return the server's answer, None where none came in time that can be believed; never raises.

        What did not fit a datagram comes back marked as truncated.
        """
        async with self._sockets:
            return await (self._by_stream(ask) if ask.protocol is Protocol.TCP else self._by_datagram(ask))

    async def _by_datagram(self, ask: Ask) -> Message | None:
        for _ in range(MAX_DATAGRAMS):
            query = self._query(ask)
            try:
                heard = await _hear(ask, query)
            except Guessed:
                return await self._by_stream(ask)
            except TemporaryFailure:
                self._note_silence(ask.server, query)
                return None
            if heard.message is None:
                return await self._proved(ask, heard.verdict)
            if not self._wants_another_try(ask.server, query, heard.message):
                return heard.message
        return await self._by_stream(ask)

    async def _proved(self, ask: Ask, doubt: Verdict) -> Message | None:
        """Ask so that no stranger can answer, and learn from that what the server loses."""
        message = await self._by_stream(ask)
        if message is None:
            try:
                return (await _hear(ask, self._plain(ask))).message
            except TemporaryFailure:
                return None
        habits = self._habits(ask.server)
        if doubt is Verdict.OTHER_CASE:
            self._learn(ask.server, replace(habits, keeps_case=False))
        elif doubt is Verdict.NO_COOKIE:
            self._learn(ask.server, replace(habits, server_cookie=b""))
        return message

    async def _by_stream(self, ask: Ask) -> Message | None:
        dial = tcp_dialer(ask.server.address, ask.server.port)
        try:
            octets = await exchange_stream(dial, self._plain(ask).octets, timeout_seconds=ask.timeout_seconds)
            return parse_message(octets, skips_malformed=True)
        except (TemporaryFailure, RemoteProtocolError):
            return None

    # What is sent

    def _query(self, ask: Ask) -> Query:
        habits = self._habits(ask.server)
        cookie = Cookie(self._client_cookie(ask.server), habits.server_cookie) if habits.takes_cookies else None
        spelling = spelled_by(ask.question.name, self._chance(MAX_NAME_OCTETS)) if habits.keeps_case else b""
        return Query.of(ask, self._id(), cookie, spelling=spelling)

    def _plain(self, ask: Ask) -> Query:
        return Query.of(ask, self._id())

    def _id(self) -> int:
        return int.from_bytes(self._chance(ID_OCTETS))

    def _client_cookie(self, server: Server) -> bytes:
        # RFC 9018 §3: made of the server's address and a secret, so that two servers do not see the same one.
        address = server.address.encode("ascii", "replace")
        return hashlib.blake2b(address, key=self._secret, digest_size=CLIENT_COOKIE_OCTETS).digest()

    # What is learned

    def _wants_another_try(self, server: Server, query: Query, message: Message) -> bool:
        cookie = message.edns.cookie if message.edns is not None else None
        habits = self._habits(server)
        if cookie is not None and cookie.server and cookie.server != habits.server_cookie:
            self._learn(server, replace(habits, server_cookie=cookie.server))
        if query.cookie is None:
            return False
        if cookie is None and message.rcode in _CONFUSED:  # by the option, or by EDNS; who asks finds out the latter
            self._learn(server, replace(habits, takes_cookies=False))
            return True
        return message.rcode is Rcode.BADCOOKIE  # RFC 7873 §5.3: once more, with the new one

    def _note_silence(self, server: Server, query: Query) -> None:
        # Some firewalls drop options that they do not know: the next query goes without, the one after it with.
        habits = self._habits(server)
        if not habits.server_cookie:
            self._learn(server, replace(habits, takes_cookies=query.cookie is None))

    def _habits(self, server: Server) -> _Habits:
        return self._known.get(server, _Habits())

    def _learn(self, server: Server, habits: _Habits) -> None:
        self._known.pop(server, None)
        while len(self._known) >= MAX_SERVERS_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[server] = habits


async def _hear(ask: Ask, query: Query) -> Heard:
    return await hear_datagram(ask.server, query.octets, query.judge, timeout_seconds=ask.timeout_seconds)
