"""Zones that we answer for and another server keeps: fetched when it says so or when their time has come.

Theory of operation. One task a zone. It asks for what changed since the version that is here (IXFR), or for the whole,
over TCP and signed; what comes is shown at once and kept in the journal, so a restart has it again. The SOA says how
long to wait until the next look (REFRESH), how long after a failure (RETRY), and for how long the zone may be shown
without the primary having been heard (EXPIRE). A NOTIFY under a key of ours ends the waiting.

Standards: RFC 1034 §4.3.5 (refresh, retry, expire), RFC 1995 §4, RFC 1996 §4, RFC 5936, RFC 8945 §5.3.1.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from scop.base import Clock, RemoteProtocolError
from scop.cells.primary.holdings import Author, Holdings
from scop.cells.primary.journals import Journals
from scop.dns.asking import Server
from scop.dns.tsig import TsigKey, sign_request
from scop.dns.words import Ede
from scop.dns.zone.transfer import TransferOutcome, TransferReader, build_transfer_query
from scop.dns.zone.zone import Zone
from scop.net.dialer import Dialer, tcp_dialer
from scop.net.dns_transfer import exchange_many
from scop.net.faults import TemporaryFailure
from scop.net.log import Log

__all__ = ["Secondaries", "SecondaryZone", "wait_seconds"]

CONNECT_SECONDS = 10.0
MIN_WAIT_SECONDS = 2.0  # whatever the SOA says: a REFRESH of 0 must not become a flood
MAX_WAIT_SECONDS = 2_419_200.0  # four weeks
FIRST_RETRY_SECONDS = 5.0  # while there is no SOA that says how long; doubled each time
MAX_FIRST_RETRY_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class SecondaryZone:
    """A zone, whom to ask for it, and the key that signs both sides."""

    origin: str
    primary: Server
    key: TsigKey


def wait_seconds(zone: Zone | None, failures: int, silent_seconds: float = 0.0) -> float:
    """Return how long to wait before the next look, after so many failures in a row.

    Never beyond the end of the time for which the zone may be shown while its primary is silent.
    """
    if zone is None:
        return float(min(FIRST_RETRY_SECONDS * 2 ** min(max(failures - 1, 0), 16), MAX_FIRST_RETRY_SECONDS))
    soa = zone.soa_rdata
    wanted = soa.retry_seconds if failures else soa.refresh_seconds
    return max(MIN_WAIT_SECONDS, min(wanted, MAX_WAIT_SECONDS, soa.expire_seconds - silent_seconds))


class Secondaries:
    """Every zone of one server that it fetches from another one."""

    def __init__(
        self,
        zones: Iterable[SecondaryZone],
        holdings: Holdings,
        journals: Journals,
        log: Log,
        clock: Clock,
        *,
        dial: Callable[[Server], Dialer] | None = None,
    ) -> None:
        tools = _Tools(holdings, journals, log, clock, dial or _plain_dialer)
        self._keeping = {zone.origin: _Keeping(zone, tools) for zone in zones}

    def notice(self, origin: str, key_name: str) -> bool:
        """Take a NOTIFY signed by this key; say whether the zone is one of these."""
        keeping = self._keeping.get(origin)
        if keeping is None or keeping.zone.key.name != key_name:
            return False
        keeping.noticed.set()
        return True

    async def run(self) -> None:
        """Keep every zone fresh until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for keeping in self._keeping.values():
                tasks.create_task(keeping.run())


@dataclass(frozen=True, slots=True)
class _Tools:
    """What all of them work with."""

    holdings: Holdings
    journals: Journals
    log: Log
    clock: Clock
    dial: Callable[[Server], Dialer]


class _Keeping:
    """Keeps one zone fresh."""

    def __init__(self, zone: SecondaryZone, tools: _Tools) -> None:
        self.zone = zone
        self.noticed = asyncio.Event()
        self._holdings = tools.holdings
        self._journals = tools.journals
        self._log = tools.log
        self._clock = tools.clock
        self._dial = tools.dial
        self._heard_at = tools.clock.unix()
        self._failures = 0

    @property
    def _shown(self) -> Zone | None:
        return self._holdings.shown.by_origin.get(self.zone.origin)

    @property
    def _silent_seconds(self) -> float:
        """For how long the primary was not heard."""
        return self._clock.unix() - self._heard_at

    async def run(self) -> None:
        await self._begin()
        while True:
            self.noticed.clear()
            await self._look()
            self._expire()
            try:
                async with asyncio.timeout(wait_seconds(self._shown, self._failures, self._silent_seconds)):
                    await self.noticed.wait()
            except TimeoutError:
                continue

    async def _begin(self) -> None:
        """Show what the last process had, if it is not too old."""
        origin = self.zone.origin
        restored = self._journals.restored.get(origin)
        if restored is None:
            self._holdings.withhold(origin, Ede.NOT_READY)
            return
        self._heard_at = self._journals.checked_at(origin) or self._heard_at
        self._journals.begin(restored)
        await self._holdings.adopt(restored, Author(str(self.zone.primary), "as it was"))
        self._expire()

    async def _look(self) -> None:
        try:
            await self._fetch(self._shown)
        except (RemoteProtocolError, TemporaryFailure) as fault:
            self._failures += 1
            reason = str(fault)
            self._log.warning("zone.unreachable", zone=self.zone.origin, peer=str(self.zone.primary), reason=reason)
        else:
            self._failures = 0
            self._heard_at = self._clock.unix()
            self._journals.checked(self.zone.origin, self._heard_at)

    async def _fetch(self, before: Zone | None) -> None:
        try:
            await self._transfer(before)
        except RemoteProtocolError as fault:
            if before is None:
                raise
            # RFC 1995 §4: a server that cannot say what changed, or changes that do not fit: all of it, then.
            self._log.info("zone.fetched_whole", zone=self.zone.origin, reason=str(fault))
            await self._transfer(None)

    async def _transfer(self, before: Zone | None) -> None:
        origin = self.zone.origin
        query = build_transfer_query(origin, before, int.from_bytes(os.urandom(2)))
        sent = sign_request(query, self.zone.key, int(self._clock.unix()))
        replies, reader = sent.replies(), TransferReader(origin, before)

        def take(message: bytes) -> bool:
            opened = replies.open(message, int(self._clock.unix()))
            return reader.receive(opened) is not TransferOutcome.UNFINISHED

        await exchange_many(self._dial(self.zone.primary), sent.octets, take)
        if not replies.is_vouched_for:
            raise RemoteProtocolError("the end of the transfer is not signed")
        if reader.outcome is TransferOutcome.UP_TO_DATE:
            return
        zone = await asyncio.to_thread(reader.result)
        await self._show(zone, reader.outcome)

    async def _show(self, zone: Zone, outcome: TransferOutcome) -> None:
        shown = self._shown
        if shown is not None and shown == zone:
            return
        await self._holdings.adopt(zone, Author(str(self.zone.primary), f"transfer: {outcome}"))
        self._log.info("zone.fetched", zone=zone.origin, serial=zone.serial, kind=str(outcome))

    def _expire(self) -> None:
        """RFC 1034 §4.3.5: a zone whose primary was not heard for too long is answered for no more."""
        zone = self._shown
        if zone is not None and self._silent_seconds >= zone.soa_rdata.expire_seconds:
            self._log.error("zone.expired", zone=zone.origin, serial=zone.serial)
            self._holdings.withhold(zone.origin, Ede.INVALID_DATA)


def _plain_dialer(server: Server) -> Dialer:
    return tcp_dialer(server.address, server.port, connect_seconds=CONNECT_SECONDS)
