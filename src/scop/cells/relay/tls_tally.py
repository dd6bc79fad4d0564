"""Counts how TLS went with each destination, by UTC day, for those who are told of it.

A session is counted once, when it was opened or was not; how many mails it carried is of no interest. Counts wait
in memory for a second, so that many share one write.

Standards: RFC 8460 §3 (what is reported), §4.1 (days), §4.3 (words), §4.4 (fields).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter

from scop.base import Clock, printable
from scop.base.days import DAY_SECONDS, day_of
from scop.cells.relay.tls_policy import Reported, TlsResult
from scop.cells.relay.tls_store import Attempt, add_sessions, forget_before, sessions
from scop.mesh.vocabulary.relay import TlsFailures, TlsSessions
from scop.net.log import Log
from scop.store import Database

__all__ = ["TlsTally"]

KEPT_DAYS = 30  # what `scop queue tls` can show
FLUSH_SECONDS = 1.0  # what a killed relay forgets
MAX_DAY_CHARACTERS = 33_554_432  # of all that is counted on one day: at 500 a line some 60,000 of them
MAX_REASON = 120  # characters; so that hosts which word each failure anew do not fill the table


class TlsTally:
    """What is counted; one for the relay's life."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        log: Log,
        *,
        sending_address: str = "",
        max_day_characters: int = MAX_DAY_CHARACTERS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._log = log
        self._sending_address = sending_address
        self._max_day_characters = max_day_characters
        self._counted: Counter[Attempt] = Counter()
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self._known: set[Attempt] = set()  # of this day
        self._known_day, self._known_characters = "", 0
        self._changed: set[str] = set()  # days of which somebody may want to hear
        self._has_changed = asyncio.Event()
        self._swept = ""  # the day on which old ones were last forgotten

    def note(
        self, reported: Reported, result: TlsResult, *, mx_host: str = "", address: str = "", reason: str = ""
    ) -> None:
        """Count one attempt at a session; a success needs neither host nor reason."""
        day = self._day()
        if result is TlsResult.SUCCESS:
            attempt = Attempt(day, reported, result)
        else:
            words = printable(reason, limit=MAX_REASON)
            attempt = Attempt(day, reported, result, mx_host, address, self._sending_address, words)
        if not self._has_room(attempt):
            return
        self._counted[attempt] += 1
        self._changed.add(day)
        self._has_changed.set()
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._begin_flush)

    def take_changed(self) -> set[str]:
        """Return the days whose counts changed since this was asked last."""
        changed, self._changed = self._changed, set()
        self._has_changed.clear()
        return changed

    async def changed(self) -> None:
        """Wait until there is something to take."""
        await self._has_changed.wait()

    async def read(self, day: str, domain: str, *, skip: int = 0) -> tuple[TlsSessions, ...]:
        """Return the counts of a day or of all days, of a domain or of all, as many as an answer holds."""
        await self.flush()
        rows = await self._database.read(lambda sql: sessions(sql, day, domain, skip=skip))
        by_policy: dict[tuple[str, Reported], list[tuple[Attempt, int]]] = {}
        for attempt, count in rows:
            by_policy.setdefault((attempt.day, attempt.reported), []).append((attempt, count))
        return tuple(_summary(of_day, reported, found) for (of_day, reported), found in by_policy.items())

    async def flush(self) -> None:
        """Write what was counted; all that was is on the disk when this returns."""
        async with self._writing:
            counted, self._counted = self._counted, Counter()
            if counted:
                await self._write(counted)

    async def close(self) -> None:
        """Write the rest."""
        if self._timer is not None:
            self._timer.cancel()
        await self.flush()

    def _has_room(self, attempt: Attempt) -> bool:
        """Tell whether the day has room for one more line, or has this one already; the first that has none is told."""
        if attempt.day != self._known_day:
            self._known, self._known_day, self._known_characters = set(), attempt.day, 0
        if attempt in self._known:
            return True
        was_full = self._known_characters > self._max_day_characters
        self._known_characters += attempt.characters
        if self._known_characters > self._max_day_characters:
            if not was_full:
                self._log.warning("tls.uncounted", reason="the room for counts of this day is taken", sessions=1)
            return False
        self._known.add(attempt)
        return True

    def _begin_flush(self) -> None:
        self._timer = None
        self._flushing = asyncio.ensure_future(self.flush())

    async def _write(self, counted: Counter[Attempt]) -> None:
        now = self._clock.unix()
        today, oldest = day_of(now), day_of(now - KEPT_DAYS * DAY_SECONDS)
        try:
            await self._database.write(lambda sql: add_sessions(sql, counted))
            if self._swept != today:
                await self._database.write(lambda sql: forget_before(sql, oldest))
                self._swept = today
        except sqlite3.Error as fault:
            # Counts are worth less than the mail that waits behind a full disk.
            self._log.error("tls.uncounted", reason=str(fault), sessions=counted.total())

    def _day(self) -> str:
        return day_of(self._clock.unix())


def _summary(day: str, reported: Reported, found: list[tuple[Attempt, int]]) -> TlsSessions:
    failures = tuple(
        TlsFailures(
            result_type=attempt.result.value,
            mx_host=attempt.mx_host,
            receiving_address=attempt.receiving_address,
            sending_address=attempt.sending_address,
            reason=attempt.reason,
            sessions=count,
        )
        for attempt, count in found
        if attempt.result is not TlsResult.SUCCESS
    )
    return TlsSessions(
        day=day,
        domain=reported.domain,
        policy_type=reported.type.value,
        policy=reported.strings,
        mx=reported.mx,
        successes=sum(count for attempt, count in found if attempt.result is TlsResult.SUCCESS),
        failures=failures,
    )
