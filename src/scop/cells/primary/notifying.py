"""NOTIFY out: tells secondaries of every new version until they say that they heard, or too often did not.

Versions that follow each other closely are told once: a secondary is told again only when it has answered, and then of
the newest; one that has not answered yet is told of it at once.

Standards: RFC 1996 §3.5 to §3.7 (retry with a growing interval, end with a response), RFC 8945.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from scop.base import Clock, RemoteProtocolError
from scop.cells.primary.holdings import Change
from scop.dns.asking import Server
from scop.dns.header import rcode_of
from scop.dns.tsig import SignedRequest, TsigKey, sign_request
from scop.dns.words import Rcode
from scop.dns.zone.notify import build_notify
from scop.dns.zone.zone import Zone
from scop.net.faults import TemporaryFailure
from scop.net.log import Log

__all__ = ["Exchange", "Notifier", "Target"]

# RFC 1996 §3.6 suggests 60 s and five retries; a secondary that is up answers within the first.
PAUSES_SECONDS = (2.0, 4.0, 8.0, 15.0, 30.0, 60.0)

Exchange: TypeAlias = Callable[[Server, bytes], Awaitable[bytes]]  # one datagram and its answer


@dataclass(frozen=True, slots=True)
class Target:
    """A secondary, and the key that signs what it is told."""

    server: Server
    key: TsigKey | None = None


class Notifier:
    """Tells the secondaries of one server."""

    def __init__(self, targets: Iterable[Target], exchange: Exchange, log: Log, clock: Clock) -> None:
        self._targets = tuple(targets)
        self._exchange = exchange
        self._log = log
        self._clock = clock
        self._newest: dict[str, Zone] = {}
        self._told: dict[tuple[str, Target], int] = {}  # the version that each has heard of
        self._telling: dict[tuple[str, Target], asyncio.Task[None]] = {}
        self._answered: dict[tuple[str, Target], int] = {}  # with which code
        self._news: dict[str, asyncio.Event] = {}  # by zone, for who waits for a newer version

    def watch(self, change: Change) -> None:
        """Tell of a change."""
        self.tell(change.after)

    def tell(self, zone: Zone) -> None:
        """Tell everybody of a zone's version, now or once the one before is told."""
        self._newest[zone.origin] = zone
        if (news := self._news.pop(zone.origin, None)) is not None:
            news.set()
        for target in self._targets:
            key = zone.origin, target
            if key not in self._telling:
                self._telling[key] = asyncio.ensure_future(self._tell(zone.origin, target))

    async def told(self) -> None:
        """Wait until all have heard of what is newest, or are given up."""
        while self._telling:
            await asyncio.gather(*self._telling.values())

    async def close(self) -> None:
        """Tell no more."""
        tasks = tuple(self._telling.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self, origin: str, target: Target) -> None:
        try:
            while self._told.get((origin, target)) != (serial := self._newest[origin].serial):
                await self._tell_version(self._newest[origin], target)
                self._told[origin, target] = serial
        finally:  # in the same step as the last look at what is newest, so that nothing is missed between
            del self._telling[origin, target]

    async def _tell_version(self, zone: Zone, target: Target) -> None:
        fault = ""
        for pause in PAUSES_SECONDS:
            try:
                rcode = await self._ask(zone, target)
            except (TemporaryFailure, RemoteProtocolError) as failure:
                fault = str(failure)
            else:
                known = self._answered.get((zone.origin, target))
                self._answered[zone.origin, target] = rcode
                if rcode != Rcode.NOERROR and rcode != known:  # told once: a list of offenders changes all day long
                    self._log.warning("notify.refused", zone=zone.origin, peer=str(target.server), reply=rcode)
                return
            if await self._hears_of_news(zone, pause):
                return  # whoever was down for this version may be up for the next one
        self._log.warning("notify.unheard", zone=zone.origin, peer=str(target.server), reason=fault)

    async def _hears_of_news(self, zone: Zone, seconds: float) -> bool:
        """Wait for so long, or until there is a newer version; tell whether there is."""
        if self._newest[zone.origin].serial == zone.serial:
            news = self._news.setdefault(zone.origin, asyncio.Event())
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), seconds)
        return self._newest[zone.origin].serial != zone.serial

    async def _ask(self, zone: Zone, target: Target) -> int:
        message = build_notify(zone.origin, int.from_bytes(os.urandom(2)), zone.soa)
        if target.key is None:
            return rcode_of(await self._exchange(target.server, message))
        sent: SignedRequest = sign_request(message, target.key, int(self._clock.unix()))
        reply = await self._exchange(target.server, sent.octets)
        return rcode_of(sent.open_reply(reply, int(self._clock.unix())))
