"""Makes the reports of each day: at a time of its own after midnight (UTC) for each domain, or now if somebody asks.

A report, its letters and the end of what it was made of are one commit. Where the DNS is silent about who wants it,
the counts wait, for some days. A domain whose report cannot be made harms no other.

Standards: RFC 9990 §3.1 (daily, one policy domain each), §3.5; RFC 8460 §4.1, §5.3.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from scop.base import printable
from scop.base.days import DAY_SECONDS, day_of
from scop.cells.reporter.aims import Aim, aim_of_dmarc, aim_of_tls
from scop.cells.reporter.arrivals import forget_arrivals, make_room
from scop.cells.reporter.counting import (
    Counts,
    counts_of,
    domains_with_counts,
    drop_counts,
    forget_counts,
    policy_of,
)
from scop.cells.reporter.desk import Desk
from scop.cells.reporter.letters import MadeReport, ReportForm, add_report, forget_reports, hurry, sent_report
from scop.cells.reporter.tls_counting import domains_with_sessions, forget_sessions, note_told, untold_sessions
from scop.cells.reporter.told import (
    Span,
    day_end,
    forget_told,
    note_span,
    span_of,
    tells_of_letters_only,
    tells_of_reports_only,
)
from scop.cells.reporter.writing import write_aggregate_letters, write_tls_letters
from scop.mesh.vocabulary.relay import TlsSessions
from scop.mesh.vocabulary.reporter import ReportsMade, SentReport, Unsent

__all__ = ["Kind", "Rounds", "RoundsOptions", "due_unix"]

FIRST_SECONDS = 300  # after midnight: until then the relay and the verifier have told the rest of the day
SPREAD_SECONDS = 7_200  # RFC 8460 §4.1 and courtesy: not everybody at once
RETRY_SECONDS = 900.0
PATIENCE_SECONDS = 3 * DAY_SECONDS  # then what the DNS does not say counts as no
LONGEST_SLEEP_SECONDS = 3_600.0
SHORTEST_SLEEP_SECONDS = 15.0  # each round looks at all that waits: domains whose times lie close together share one
MAX_AT_ONCE = 8
MAX_REASON = 500
MAX_TOLD = 1_000  # in one answer to the operator
COUNTED_DAYS = 32  # that are kept unreported at most; the relay speaks of the last 30


@dataclass(frozen=True, slots=True)
class RoundsOptions(Desk):
    """What is reported, and for how long it is kept."""

    aggregate: bool = True
    tls: bool = True
    kept_days: int = 400


@dataclass(frozen=True, slots=True)
class Kind:
    """What a report is made of: one kind of counts of one domain on one day."""

    name: ReportForm
    day: str
    domain: str


def due_unix(kind: Kind, *, not_before: float = 0.0) -> float:
    """Return when a day's report is made: each domain has a time of its own, always the same, unless it is put off."""
    digest = hashlib.blake2b(f"{kind.name} {kind.domain}".encode(), digest_size=4).digest()
    return max(day_end(kind.day) + 1 + FIRST_SECONDS + int.from_bytes(digest) % SPREAD_SECONDS, not_before)


class Rounds:
    """Runs for the reporter's life."""

    def __init__(self, options: RoundsOptions) -> None:
        self._options = options
        self._retries: dict[Kind, float] = {}
        self._making = asyncio.Lock()  # two rounds at once would ask and write the same
        self._writing = asyncio.Lock()  # the largest report takes a hundred megabytes

    async def run(self) -> None:
        """Make what is due, for ever."""
        while True:
            try:
                await self.make_due()
                next_unix = await self._next_unix()
            except sqlite3.Error as fault:  # a full disk is emptied some day, and the counts wait
                self._options.log.error("report.stuck", reason=str(fault))
                next_unix = self._options.clock.unix() + RETRY_SECONDS
            seconds = max(next_unix - self._options.clock.unix(), SHORTEST_SLEEP_SECONDS)
            await asyncio.sleep(min(seconds, LONGEST_SLEEP_SECONDS))

    async def make_due(self) -> ReportsMade:
        """Make the reports whose time has come, and forget what is old."""
        now = self._options.clock.unix()
        await self._options.database.write(lambda sql: self._forget(sql, now))
        waiting = await self._waiting(day_of(now - DAY_SECONDS))
        return await self._make(kind for kind in waiting if self._due_unix(kind) <= now)

    async def make_now(self) -> ReportsMade:
        """Make reports of all that is counted, of this day up to now, and have every letter tried at once."""
        options = self._options
        now = options.clock.unix()
        made = await self._make(await self._waiting(day_of(now)))
        await options.database.write(lambda sql: hurry(sql, now))
        options.wake_posting()
        return made

    async def _waiting(self, up_to_day: str) -> list[Kind]:
        def read(sql: sqlite3.Connection) -> list[Kind]:
            mails = domains_with_counts(sql, up_to_day=up_to_day) if self._options.aggregate else []
            sessions = domains_with_sessions(sql, up_to_day=up_to_day) if self._options.tls else []
            return [
                *(Kind(ReportForm.AGGREGATE, *each) for each in mails),
                *(Kind(ReportForm.TLS, *each) for each in sessions),
            ]

        return await self._options.database.read(read)

    async def _next_unix(self) -> float:
        today = day_of(self._options.clock.unix())
        dues = map(self._due_unix, await self._waiting(today))
        return min(day_end(today) + 1 + FIRST_SECONDS, min(dues, default=math.inf))

    def _due_unix(self, kind: Kind) -> float:
        return due_unix(kind, not_before=self._retries.get(kind, 0.0))

    async def _make(self, kinds: Iterable[Kind]) -> ReportsMade:
        reports: list[SentReport] = []
        unsent: list[Unsent] = []
        faults: list[sqlite3.Error] = []

        async def work() -> None:
            for kind in left:
                try:
                    one = await self._make_one(kind)
                except sqlite3.Error as fault:
                    faults.append(fault)
                    return
                if isinstance(one, SentReport):
                    reports.append(one)
                else:
                    unsent.append(one)
                del reports[MAX_TOLD:], unsent[MAX_TOLD:]

        async with self._making:
            left = iter(kinds)
            await asyncio.gather(*(work() for _ in range(MAX_AT_ONCE)))
        self._options.wake_posting()
        if faults:
            raise faults[0]
        return ReportsMade(tuple(reports), tuple(unsent))

    async def _make_one(self, kind: Kind) -> SentReport | Unsent:
        work: Callable[[Kind], Awaitable[SentReport | str]]
        work = self._make_aggregate if kind.name is ReportForm.AGGREGATE else self._make_tls
        try:
            outcome = await work(kind)
        except sqlite3.Error:
            raise
        except Exception as fault:  # a bug that one domain's counts bring out: they stay, and the others go on
            self._options.log.fault(fault)
            self._put_off(kind)
            outcome = f"a fault of ours: {type(fault).__name__}"
        if isinstance(outcome, SentReport):
            self._options.log.info(
                "report.made",
                kind=kind.name,
                about=kind.domain,
                report_id=outcome.report_id,
                mails=outcome.mails,
                recipients=[letter.destination for letter in outcome.letters],
            )
            return outcome
        reason = printable(outcome, limit=MAX_REASON)
        self._options.log.info("report.unsent", kind=kind.name, about=kind.domain, day=kind.day, reason=reason)
        return Unsent(kind.name, kind.domain, reason)

    async def _make_aggregate(self, kind: Kind) -> SentReport | str:
        options = self._options
        policy = await options.database.read(lambda sql: policy_of(sql, kind.day, kind.domain))
        if policy is None:
            return "nothing is counted"
        aim = await aim_of_dmarc(kind.domain, policy.rua, options.names)
        if self._has_to_wait(kind, aim):
            return "; ".join(aim.reasons)
        async with self._writing:
            return await self._settle_aggregate(kind, aim)

    async def _settle_aggregate(self, kind: Kind, aim: Aim) -> SentReport | str:
        """Tell what is counted, or nobody; either way it is settled."""
        options = self._options
        counts = await options.database.read(lambda sql: counts_of(sql, kind.day, kind.domain))
        if counts is None:  # forgotten meanwhile, after weeks
            return "nothing is counted"
        now, span = await self._span(kind)
        reason = _why_unwanted(aim) or await options.database.read(lambda sql: _why_silent(sql, span, counts))
        made = reason or await _written(lambda: write_aggregate_letters(options.author, aim, span, counts, now))

        def write(sql: sqlite3.Connection) -> SentReport | str:
            drop_counts(sql, kind.day, kind.domain, counts.mails)
            return _add(sql, kind, span, made, now)

        return await options.database.write(write)

    async def _make_tls(self, kind: Kind) -> SentReport | str:
        aim = await aim_of_tls(kind.domain, self._options.names)
        if self._has_to_wait(kind, aim):
            return "; ".join(aim.reasons)
        async with self._writing:
            return await self._settle_tls(kind, aim)

    async def _settle_tls(self, kind: Kind, aim: Aim) -> SentReport | str:
        options = self._options
        sessions = await options.database.read(lambda sql: untold_sessions(sql, kind.day, kind.domain))
        now, span = await self._span(kind)
        reason = _why_unwanted(aim) or await options.database.read(
            lambda sql: _why_tls_silent(sql, kind.day, span, sessions)
        )
        made = reason or await _written(lambda: write_tls_letters(options.author, aim, span, sessions, now))

        def write(sql: sqlite3.Connection) -> SentReport | str:
            note_told(sql, kind.day, sessions)
            return _add(sql, kind, span, made, now)

        return await options.database.write(write)

    async def _span(self, kind: Kind) -> tuple[float, Span]:
        """Return what time it is, and what a report that is made now is about."""
        now = self._options.clock.unix()
        span = await self._options.database.read(
            lambda sql: span_of(sql, kind.name, kind.domain, day=kind.day, now_unix=now)
        )
        return now, span

    def _has_to_wait(self, kind: Kind, aim: Aim) -> bool:
        if aim.is_open and self._options.clock.unix() < day_end(kind.day) + PATIENCE_SECONDS:
            self._put_off(kind)
            return True
        self._retries.pop(kind, None)
        return False

    def _put_off(self, kind: Kind) -> None:
        self._retries[kind] = self._options.clock.unix() + RETRY_SECONDS

    def _forget(self, sql: sqlite3.Connection, now_unix: float) -> None:
        before = now_unix - self._options.kept_days * DAY_SECONDS
        forget_reports(sql, before)
        forget_arrivals(sql, before)
        before_day = day_of(now_unix - COUNTED_DAYS * DAY_SECONDS)
        forget_counts(sql, before_day)  # as of reports that were switched off meanwhile
        forget_sessions(sql, before_day)
        forget_told(sql, before_day)
        make_room(sql, 0)


async def _written(write: Callable[[], MadeReport]) -> MadeReport | str:
    """Return a report and its letters, or why it cannot be told; the largest take many seconds, beside the loop."""
    try:
        return await asyncio.to_thread(write)
    except ValueError as fault:  # such as a domain that no subject can bear
        return f"it cannot be written: {fault}"


def _why_unwanted(aim: Aim) -> str:
    return "" if aim.is_wanted else "; ".join(aim.reasons) or "nobody wants it"


def _why_silent(sql: sqlite3.Connection, span: Span, counts: Counts) -> str:
    if not counts.mails:
        return "nothing is counted"
    return "all that came were reports" if tells_of_reports_only(sql, span, counts) else ""


def _why_tls_silent(sql: sqlite3.Connection, day: str, span: Span, sessions: tuple[TlsSessions, ...]) -> str:
    if not sessions:
        return "nothing is counted"
    return "all that went there were reports" if tells_of_letters_only(sql, day, span, sessions) else ""


def _add(sql: sqlite3.Connection, kind: Kind, span: Span, made: MadeReport | str, now_unix: float) -> SentReport | str:
    """Write a report down with its letters; what was counted up to then is settled, also where nobody is told of it."""
    note_span(sql, kind.name, kind.domain, day=kind.day, span=span)
    if isinstance(made, str):
        return made
    report = sent_report(sql, add_report(sql, made, now_unix))
    assert report is not None
    return report
