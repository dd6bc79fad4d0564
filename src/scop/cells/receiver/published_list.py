"""Shows whom the firewall shuts out as a DNS zone of our primary's, by UPDATE with a key of our own.

Theory of operation. What stands in the zone is fetched whole (AXFR) at the start, after every failure and now and then:
nothing has to be remembered, and whatever happened to either side, what is too much goes and what is missing comes.
From then on each change is the difference to what stands there; changes of one second travel together. An entry that
ends is taken out then; a cache may hold its records longer, by as much as it lasted and five minutes at most.

Standards: RFC 5782, RFC 2136, RFC 5936, RFC 8945.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from scop.base import Clock, RemoteProtocolError
from scop.dns import TXT, A, Rcode
from scop.dns.tsig import TsigKey, sign_request
from scop.dns.update import Addition, Change, Deletion, build_update, read_update_reply
from scop.dns.zone import Zone
from scop.dns.zone.transfer import TransferOutcome, TransferReader, build_transfer_query
from scop.net.dialer import Dialer
from scop.net.dns_exchange import exchange_stream
from scop.net.dns_transfer import exchange_many
from scop.net.faults import TemporaryFailure
from scop.net.log import Log
from scop.reputation import listed_names
from scop.reputation.entries import Entries
from scop.reputation.zone import ListedNames

__all__ = ["ListRegistry", "PublishedList"]

GATHER_SECONDS = 1.0  # between two UPDATEs
COMPARE_SECONDS = 300.0  # between two looks at the whole zone, which somebody may have rolled back
FIRST_PAUSE_SECONDS = 0.05  # at the start of a mesh the neighbours come up together with us
MAX_PAUSE_SECONDS = 30.0
MAX_NAMES = 100  # in one UPDATE, of four changes each
MAX_UPDATE_OCTETS = 48_000  # of changes: names are not compressed, a spammer's may be long, a message has 64 KB


_Written: TypeAlias = dict[str, tuple[A | None, TXT | None]]  # what is written, by owner


@dataclass(frozen=True, slots=True)
class ListRegistry:
    """Where the list is written, and by whom."""

    zone: str
    dial_primary: Dialer
    tsig: TsigKey
    gather_seconds: float = GATHER_SECONDS


class PublishedList:
    """Keeps one zone as the entries are."""

    def __init__(self, entries: Callable[[], Entries], registry: ListRegistry, log: Log, clock: Clock) -> None:
        self._entries = entries
        self._registry = registry
        self._log = log
        self._clock = clock
        self._changed = asyncio.Event()
        self._standing: _Written = {}
        self._written_unix = 0.0  # what ended until then is gone

    def notice(self) -> None:
        """Hear that entries have changed."""
        self._changed.set()

    async def keep(self) -> None:
        """Keep the zone up to date until cancelled."""
        pause, told = FIRST_PAUSE_SECONDS, ""
        while True:
            try:
                await self._fetch()
                await self._follow(self._clock.monotonic() + COMPARE_SECONDS)
            except (TemporaryFailure, RemoteProtocolError) as fault:
                if str(fault) != told:  # once, not at every turn
                    told = str(fault)
                    self._log.warning("list.unpublished", zone=self._registry.zone, reason=told)
            else:
                pause, told = FIRST_PAUSE_SECONDS, ""
                continue
            await asyncio.sleep(pause)
            pause = min(2 * pause, MAX_PAUSE_SECONDS)

    async def _follow(self, until: float) -> None:
        """Write each change, until it is time to look at the whole zone."""
        while (left := until - self._clock.monotonic()) > 0:
            self._changed.clear()
            await self._publish()
            await asyncio.sleep(self._registry.gather_seconds)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, self._seconds_to_next_end())):
                    await self._changed.wait()

    def _seconds_to_next_end(self) -> float:
        end = self._entries().next_end(self._written_unix)
        return COMPARE_SECONDS if end is None else end - self._clock.unix()

    async def _publish(self) -> None:
        now = self._written_unix = self._clock.unix()
        entries = tuple(self._entries().holding(now))
        # On a thread: ten thousand entries take some hundred milliseconds, and port 25 has to go on answering.
        wanted = await asyncio.to_thread(listed_names, entries, self._registry.zone, now)
        names = [name for name in {**self._standing, **wanted} if self._differs(name, wanted)]
        for piece in _pieces(names, wanted):
            await self._update([change for changes in piece.values() for change in changes])
            for name in piece:
                self._standing.pop(name, None)
                if (listed := wanted.get(name)) is not None:
                    self._standing[name] = (listed.address, listed.text)
        if names:
            count = len(self._standing)
            self._log.info("list.published", zone=self._registry.zone, changed=len(names), names=count)

    def _differs(self, name: str, wanted: ListedNames) -> bool:
        listed = wanted.get(name)
        return self._standing.get(name) != (None if listed is None else (listed.address, listed.text))

    async def _update(self, changes: list[Change]) -> None:
        registry, now_unix = self._registry, int(self._clock.unix())
        message_id = secrets.randbits(16)
        request = build_update(registry.zone, changes, registry.tsig, now_unix=now_unix, message_id=message_id)
        reply = await exchange_stream(registry.dial_primary, request.octets)
        rcode = read_update_reply(request, reply, int(self._clock.unix()))
        if rcode is not Rcode.NOERROR:
            raise TemporaryFailure(f"the primary answers the UPDATE with {rcode.name}")

    async def _fetch(self) -> None:
        """Find out what stands in the zone."""
        registry = self._registry
        query = build_transfer_query(registry.zone, None, secrets.randbits(16))
        sent = sign_request(query, registry.tsig, int(self._clock.unix()))
        replies, reader = sent.replies(), TransferReader(registry.zone, None)

        def take(message: bytes) -> bool:
            opened = replies.open(message, int(self._clock.unix()))
            return reader.receive(opened) is not TransferOutcome.UNFINISHED

        await exchange_many(registry.dial_primary, sent.octets, take)
        if not replies.is_vouched_for:
            raise RemoteProtocolError("the end of the transfer is not signed")
        self._standing = await asyncio.to_thread(lambda: _standing_in(reader.result()))


def _standing_in(zone: Zone) -> _Written:
    standing: _Written = {}
    for rrset in zone.rrsets():
        if rrset.owner == zone.origin:
            continue
        address, text = standing.get(rrset.owner, (None, None))
        only = rrset.rdatas[0] if len(rrset.rdatas) == 1 else None
        standing[rrset.owner] = (only if isinstance(only, A) else address, only if isinstance(only, TXT) else text)
    return standing


def _pieces(names: list[str], wanted: ListedNames) -> Iterator[dict[str, tuple[Change, ...]]]:
    """Yield the changes of each name, as many names together as go into one message."""
    piece: dict[str, tuple[Change, ...]] = {}
    octets = 0
    for name in names:
        changes = tuple(_changes(name, wanted))
        size = sum(len(change.to_octets()) for change in changes)
        if piece and (len(piece) >= MAX_NAMES or octets + size > MAX_UPDATE_OCTETS):
            yield piece
            piece, octets = {}, 0
        piece[name] = changes
        octets += size
    if piece:
        yield piece


def _changes(name: str, wanted: ListedNames) -> Iterator[Change]:
    yield Deletion(name, "A")
    yield Deletion(name, "TXT")
    if (listed := wanted.get(name)) is not None:
        yield Addition(name, listed.ttl_seconds, listed.address)
        yield Addition(name, listed.ttl_seconds, listed.text)
