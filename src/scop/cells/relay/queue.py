"""The durable queue: messages, and for each recipient what is still to be done.

A message is there until its last recipient is settled. What has passed is remembered for some days
by delivery id and recipient, so that the same mail handed in again is not carried twice.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from scop.cells.relay.letters import Held, Letter, Load, Settled
from scop.cells.relay.queue_bodies import Bodies, BodyLost
from scop.cells.relay.queue_due import due, next_due
from scop.cells.relay.queue_rows import Kept, add, body_is_used, hold_lost, octets_of, settle, still_waiting
from scop.cells.relay.queue_schema import SCHEMA
from scop.cells.relay.queue_trouble import is_disk_trouble
from scop.net.log import Log
from scop.store import Database

__all__ = ["Queue"]

FILE_OCTETS = 16_384  # a body that is larger is a file of its own
HEADER_OCTETS = 65_536  # a mail without an end of its header so far is kept as if it were all body
PAUSE_SECONDS = 1.0  # after the disk refused to take what became of a mail

_Result = TypeVar("_Result")


class Queue:
    """Opened once by the relay; every change is durable when it returns.

    What is underway is known in memory only: it was begun and is not settled yet.
    """

    def __init__(self, state: Path, log: Log, *, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._log = log
        self._pause_seconds = pause_seconds
        self._database = Database.open(state / "queue.db", SCHEMA)
        self._bodies = Bodies(state / "bodies")
        self._underway: set[int] = set()

    # Mail comes

    def free_octets(self) -> int:
        """Return how much the disk can still take."""
        return self._bodies.free_octets()

    async def add(self, letter: Letter, now_unix: float) -> int:
        """Queue a letter for every recipient that does not have it yet; return how many these are.

        Raises `OSError` or `sqlite3.Error` where the disk cannot take them.
        """
        fresh, kept = 0, list[Kept]()
        try:
            async with self._kept((letter,)) as kept:
                fresh = await self._database.write(lambda sql: add(sql, kept[0], now_unix))
        finally:
            if not fresh:  # a body that nobody needs takes no room, least of all on a disk that is full
                await self._remove(each.body_key for each in kept if each.body_key is not None)
        return fresh

    # Mail goes

    async def due(self, now_unix: float, limit: int, held: Held) -> tuple[Load, ...]:
        """Return what is to be tried now: by priority, then the longest due first."""
        return await self._database.read(lambda sql: due(sql, now_unix, limit, held))

    async def next_due(self, held: Held) -> float | None:
        """Return when the next recipient is due; None where nothing waits."""
        return await self._database.read(lambda sql: next_due(sql, held))

    async def begin(self, load: Load, now_unix: float) -> tuple[Load, bytes] | None:
        """Return the load as it is by now, and its octets; None where the operator has taken it back meanwhile.

        What was begun has to be settled.
        """
        ids = {waiting.id for waiting in load.recipients}
        self._underway |= ids
        try:
            begun = await self._database.read(lambda sql: self._begin(sql, load))
        except BodyLost as lost:
            begun, words = None, str(lost)
            self._log.error("mail.held", trace=load.trace, reason=words)
            await self._database.write(lambda sql: hold_lost(sql, ids, now_unix, words))
        self._underway -= ids - ({waiting.id for waiting in begun[0].recipients} if begun else set())
        return begun

    async def settle(self, load: Load, settled: Sequence[Settled], notices: Sequence[Letter], now_unix: float) -> None:
        """Note what became of a load, and queue the notices that follow from it, all or nothing.

        A disk that cannot take it is tried until it can: else what was carried would be carried again.
        """
        done_with: tuple[bytes, ...] | None = None
        while done_with is None:
            try:
                async with self._kept(notices) as kept:
                    done_with = await self._database.write(lambda sql: settle(sql, load, settled, kept, now_unix))
            except (sqlite3.Error, OSError) as fault:
                if not is_disk_trouble(fault):
                    raise
                self._log.error("mail.unsettled", trace=load.trace, reason=str(fault))
                await asyncio.sleep(self._pause_seconds)
        self._underway.difference_update(each.id for each in settled)
        await self._remove(done_with)

    # The operator

    @property
    def underway(self) -> frozenset[int]:
        """Recipients that are being tried at this moment."""
        return frozenset(self._underway)

    async def read(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Run a query of the operator's."""
        return await self._database.read(work)

    async def write(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Run a change of the operator's."""
        return await self._database.write(work)

    def octets(self, sql: sqlite3.Connection, message: int) -> bytes | None:
        """Return a message, inside of a `read`; None where it is gone."""
        return octets_of(sql, message, self._bodies.read)

    # The end

    async def sweep(self) -> None:
        """Remove files that no message refers to, as a process that was killed leaves them."""
        await self._remove(self._bodies.keys())

    async def close(self) -> None:
        """Finish and close."""
        await self._database.close()  # whose works still reach for bodies
        await self._bodies.close()

    @asynccontextmanager
    async def _kept(self, letters: Sequence[Letter]) -> AsyncIterator[list[Kept]]:
        """Hold the large bodies of letters until their rows are committed."""
        kept: list[Kept] = []
        try:
            for letter in letters:
                kept.append(await self._keep(letter))  # noqa: PERF401 - each is to be let go of, whatever happens
            yield kept
        finally:
            for each in kept:
                if each.body_key is not None:
                    self._bodies.release(each.body_key)

    async def _keep(self, letter: Letter) -> Kept:
        octets = letter.octets
        end = octets.find(b"\r\n\r\n", 0, HEADER_OCTETS) + 4
        below = end if end > 3 else 0
        if len(octets) - below <= FILE_OCTETS:
            return Kept(letter, octets, None)
        return Kept(letter, octets[:below], await self._bodies.hold(memoryview(octets)[below:]))

    def _begin(self, sql: sqlite3.Connection, load: Load) -> tuple[Load, bytes] | None:
        waiting = still_waiting(sql, load)
        octets = self.octets(sql, load.message) if waiting else None
        return None if octets is None else (replace(load, recipients=waiting), octets)

    async def _remove(self, keys: Iterable[bytes]) -> None:
        for key in keys:  # one read for each: it sees what was committed before the body is asked for
            await self._database.read(partial(self._remove_unused, key))

    def _remove_unused(self, key: bytes, sql: sqlite3.Connection) -> None:
        self._bodies.remove(key, lambda key: body_is_used(sql, key))
