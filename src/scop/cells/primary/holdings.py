"""The zones of one server, and the one way to change them.

Theory of operation. What an operator or a key writes is the *source* of a zone: without signatures. A change edits the
source under a lock, moves its serial, is made durable in the zone's history, is signed, and only then shown; who
watches (secondaries that want a NOTIFY, a remote that wants a push) hears of it last. An edit that changes nothing
writes nothing. What is shown is swapped whole, so an answer never mixes two versions.

Standards: RFC 1982, RFC 2136 §3.5 (durable before it is answered) and §3.6.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from scop.dns.words import Ede
from scop.dns.zone import Zone, Zones
from scop.dns.zone.identity import ANONYMOUS, Identity

__all__ = ["Author", "Change", "Edit", "History", "Holdings", "Signing", "Unsigned", "Watcher"]


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes a zone, and why: what its history will tell."""

    who: str
    why: str


# Takes the source as it is and returns it as it should be, the serial moved; the same zone where nothing changes.
# Raises `Refused` of its own kind, which leaves everything as it was.
Edit: TypeAlias = Callable[[Zone], Zone]


@dataclass(frozen=True, slots=True)
class Change:
    """One change as it is shown: the signed zones before and after it."""

    before: Zone | None
    after: Zone
    by: Author


Watcher: TypeAlias = Callable[[Change], None]


class History(Protocol):
    """Where sources live."""

    def commit(self, zone: Zone, by: Author) -> None:
        """Make a source durable before returning; blocks, and raises `OSError` where it cannot."""


class Signing(Protocol):
    """What turns a source into what is shown; it may be called on another thread, never twice at once."""

    def signs(self, origin: str) -> bool:
        """Say whether this zone is shown with signatures of ours."""

    def signed(self, source: Zone, shown: Zone | None, now_unix: int) -> Zone:
        """Return the zone with its signatures, reusing those of `shown` that still hold."""


class Unsigned:
    """Shows a zone as it is written."""

    def signs(self, origin: str) -> bool:
        """Sign none."""
        return False

    def signed(self, source: Zone, shown: Zone | None, now_unix: int) -> Zone:
        """Return the source."""
        return source


class Holdings:
    """Every zone of one server: its source, and what is shown of it."""

    def __init__(
        self,
        sources: Iterable[Zone],
        history: History,
        signing: Signing,
        now_unix: Callable[[], float],
        *,
        identity: Identity = ANONYMOUS,
        always: Edit = lambda zone: zone,
    ) -> None:
        self._sources = {zone.origin: zone for zone in sources}
        self._history = history
        self._signing = signing
        self._now_unix = now_unix
        self._always = always  # what every version has, whoever wrote it
        self._changing = asyncio.Lock()
        self._watchers: list[Watcher] = []
        shown = Zones.of(self._signed(zone, None) for zone in self._sources.values())
        self.shown = replace(shown, identity=identity)

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher` of every change, after it is shown."""
        self._watchers.append(watcher)

    def source(self, origin: str) -> Zone | None:
        """Return a zone as it was written, None where it is not ours."""
        return self._sources.get(origin)

    def is_signed_here(self, origin: str) -> bool:
        """Say whether we sign a zone, so that nobody else may write what its signer makes."""
        return self._signing.signs(origin)

    async def change(self, origin: str, edit: Edit, by: Author) -> Change | None:
        """Change a zone; None where nothing changed. Raises `KeyError`, and what the edit and the history raise."""
        async with self._changing:
            source = self._sources[origin]
            edited = edit(source)
            if edited is source:
                return None
            edited = self._always(edited)
            # In a thread: a busy disk can hold an fsync for a second, and port 53 has to go on answering.
            await asyncio.to_thread(self._history.commit, edited, by)
            return await self._show(edited, by)

    async def add(self, zone: Zone, by: Author) -> Change:
        """Take one more zone; raises `ValueError` where it is ours already, and what the history raises."""
        async with self._changing:
            if zone.origin in self._sources:
                raise ValueError(f"{zone.origin or '.'} is a zone of ours already")
            await asyncio.to_thread(self._history.commit, zone, by)
            return await self._show(zone, by)

    async def adopt(self, zone: Zone, by: Author) -> Change:
        """Show a zone as its primary has it: no source of ours, no history, no signatures but those it came with."""
        async with self._changing:
            before = self.shown.by_origin.get(zone.origin)
            self.shown = self.shown.replaced(zone)
            return self._told(Change(before, zone, by))

    def withhold(self, origin: str, reason: Ede) -> None:
        """Answer for a zone no more, and say why."""
        self.shown = self.shown.withheld(origin, reason)

    async def renew(self, origin: str, by: Author, next_serial: Edit) -> Change:
        """Sign a zone anew whose signatures or keys are due, under a serial of its own."""
        async with self._changing:
            source = next_serial(self._sources[origin])
            await asyncio.to_thread(self._history.commit, source, by)
            return await self._show(source, by)

    async def drained(self) -> None:
        """Wait until no change is being written."""
        async with self._changing:
            pass

    async def _show(self, source: Zone, by: Author) -> Change:
        before = self.shown.by_origin.get(source.origin)
        if self._signing.signs(source.origin):
            # In a thread too: signing a large zone with other keys takes seconds.
            after = await asyncio.to_thread(self._signed, source, before)
        else:
            after = self._signed(source, before)
        self._sources[source.origin] = source
        self.shown = self.shown.replaced(after)
        return self._told(Change(before, after, by))

    def _told(self, change: Change) -> Change:
        for watcher in self._watchers:
            watcher(change)
        return change

    def _signed(self, source: Zone, shown: Zone | None) -> Zone:
        return self._signing.signed(source, shown, int(self._now_unix()))
