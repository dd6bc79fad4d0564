"""Open connections to mail hosts that wait a few seconds for the next mail.

A connection is known by address, port, login and what it was proved to be: one that was opened for less is never
used for more.

Standards: RFC 5321 §4.5.4.1 (use of connections).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from scop.cells.relay.tls_link import Link
from scop.cells.relay.tls_policy import Demand

__all__ = ["LinkKey", "Links"]

KEPT_SECONDS = 5.0
MAX_TRANSACTIONS = 100  # on one connection: hosts behind one name get their share


@dataclass(frozen=True, slots=True)
class LinkKey:
    """Which connections are as good as each other."""

    address: str
    port: int
    login: str
    demand: Demand


class Links:
    """Idle connections, each used by one load at a time."""

    def __init__(self) -> None:
        self._idle: dict[LinkKey, list[Link]] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._leaving: set[asyncio.Future[None]] = set()

    def take(self, key: LinkKey) -> Link | None:
        """Return a connection that waits, the youngest first."""
        waiting = self._idle.get(key, [])
        while waiting:
            link = waiting.pop()
            self._forget(key, link)
            if link.client.is_usable:
                link.client.answers = 0
                return link
            link.client.close()
        return None

    def keep(self, key: LinkKey, link: Link) -> None:
        """Let a connection wait, or end it where it is of no further use."""
        if not link.client.is_usable:
            link.client.close()
        elif link.transactions >= MAX_TRANSACTIONS:
            self._leave(link)
        else:
            self._idle.setdefault(key, []).append(link)
            expire = asyncio.get_running_loop().call_later
            self._timers[id(link)] = expire(KEPT_SECONDS, self._expire, key, link)

    async def close(self) -> None:
        """Take leave everywhere."""
        for key, waiting in tuple(self._idle.items()):
            for link in tuple(waiting):
                self._expire(key, link)
        await asyncio.gather(*self._leaving)

    def _expire(self, key: LinkKey, link: Link) -> None:
        """Take leave of a host that was not needed again."""
        self._idle[key].remove(link)
        self._forget(key, link)
        self._leave(link)

    def _forget(self, key: LinkKey, link: Link) -> None:
        self._timers.pop(id(link)).cancel()
        if not self._idle[key]:
            del self._idle[key]

    def _leave(self, link: Link) -> None:
        leaving = asyncio.ensure_future(link.client.quit())
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
