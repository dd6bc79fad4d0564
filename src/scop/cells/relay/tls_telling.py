"""Tells the reporter how TLS went: the totals of a day, some seconds after they changed, until it has them.

Totals, so that telling twice does no harm; after a start those of today and yesterday are told anew, as nobody knows
what was told before. Mail waits for none of it.

Standards: RFC 8460 §4.1 (a report is about one UTC day).
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from scop.base import Clock, printable
from scop.base.days import DAY_SECONDS, day_of
from scop.cells.relay.tls_tally import TlsTally
from scop.mesh.vocabulary.reporter import NoteTlsSessions, Taken
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log

__all__ = ["Tell", "TlsTelling"]

Tell: TypeAlias = Callable[[NoteTlsSessions], Awaitable[Taken]]

PAUSE_SECONDS = 5.0  # what changes within them is told together
PAUSE_FACTOR = 20  # of a day with very many destinations the telling may take a second: so much longer is the pause
LAST_SECONDS = 3.0  # at the end


class TlsTelling:
    """Runs for the relay's life."""

    def __init__(
        self, tally: TlsTally, tell: Tell, clock: Clock, log: Log, *, pause_seconds: float = PAUSE_SECONDS
    ) -> None:
        self._tally = tally
        self._tell = tell
        self._log = log
        self._pause_seconds = pause_seconds
        now = clock.unix()
        self._untold = {day_of(now), day_of(now - DAY_SECONDS)}
        self._running = asyncio.ensure_future(self._run())
        self._running.add_done_callback(self._ended)

    async def close(self) -> None:
        """Tell the rest, but not for ever: it is counted, and told after the next start."""
        self._running.cancel()
        await asyncio.wait({self._running})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                await self._tell_changed()

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            if not self._untold:  # an idle relay sleeps
                await self._tally.changed()
            began = clock()
            await self._tell_changed()
            await asyncio.sleep(max(self._pause_seconds, PAUSE_FACTOR * (clock() - began)))

    async def _tell_changed(self) -> None:
        self._untold |= self._tally.take_changed()
        for day in sorted(self._untold):
            try:
                await self._tell_day(day)
            except (TemporaryFailure, sqlite3.Error):  # it is told again after the pause
                return
            except PermanentFailure as refusal:
                self._log.warning("tls.untold", reason=printable(str(refusal)))
            self._untold.discard(day)

    async def _tell_day(self, day: str) -> None:
        """Tell all of a day, in as many pieces as it takes: a busy relay has more destinations than a frame holds."""
        told = 0
        sessions = await self._tally.read(day, "")
        while sessions:
            told += sum((each.successes > 0) + len(each.failures) for each in sessions)  # rows
            following = await self._tally.read(day, "", skip=told)
            await self._tell(NoteTlsSessions(day, sessions))
            sessions = following

    def _ended(self, running: asyncio.Task[None]) -> None:
        if not running.cancelled() and (fault := running.exception()) is not None:
            self._log.fault(fault)
