"""What the reporter answers: how mail was judged and how TLS went is counted, and the operator sees what came of it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from scop.base import Clock
from scop.base.days import DAY_SECONDS, day_of
from scop.cells.reporter.arrivals import arrived_report, arrived_reports, octets_of
from scop.cells.reporter.counting import add_judgements
from scop.cells.reporter.letters import document_of, sent_report, sent_reports
from scop.cells.reporter.rounds import Rounds
from scop.cells.reporter.senders import senders
from scop.cells.reporter.tls_counting import keep_sessions
from scop.iprev import IprevWord, reverse_name
from scop.mesh.calls.messages import encode
from scop.mesh.calls.server import Answers
from scop.mesh.vocabulary.reporter import (
    CountedDomain,
    JudgedMail,
    NoteJudgements,
    NoteTlsSessions,
    ReadReport,
    ReadReports,
    ReadSenders,
    ReportPage,
    Reports,
    ReportsMade,
    Senders,
    SendingSource,
    SendReports,
    Taken,
)
from scop.net.dns_client import Names, drive
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log
from scop.net.peer import Peer
from scop.store import Database, StoreError

__all__ = ["Management", "ManagementOptions"]

PIECE_OCTETS = 1_048_576  # of a report in one answer
MAX_REPORTS = 1_000  # in one answer: some 500 KB, but ...
MAX_LIST_OCTETS = 1_048_576  # ... whatever strangers wrote into them, an answer fits into a frame
MAX_DAYS = 3_660  # ten years
MAX_COUNTED = 1_000  # days of domains in one answer
MAX_NAMED = 50  # sources whose names are looked up for one answer
NAMING_SECONDS = 4.0  # a person waits for it

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class ManagementOptions:
    """What the answers are made of; `judged` is told of each mail."""

    database: Database
    rounds: Rounds
    names: Names
    judged: Callable[[JudgedMail], None]
    clock: Clock
    log: Log
    aggregate: bool = True
    tls: bool = True


class Management:
    """Answers each question by the method that bears its name."""

    def __init__(self, options: ManagementOptions) -> None:
        self._options = options

    def verifier_answers(self) -> Answers:
        """Return what the verifier may say."""
        return {NoteJudgements: self.note_judgements}

    def relay_answers(self) -> Answers:
        """Return what the relay may say."""
        return {NoteTlsSessions: self.note_tls_sessions}

    def operator_answers(self) -> Answers:
        """Return what the operator may ask."""
        return {
            ReadSenders: self.read_senders,
            ReadReports: self.read_reports,
            ReadReport: self.read_report,
            SendReports: self.send_reports,
        }

    async def note_judgements(self, noted: NoteJudgements, _peer: Peer) -> Taken:
        """Count mails."""
        options = self._options
        if options.aggregate:
            uncounted = await self._write(lambda sql: add_judgements(sql, noted.judgements))
            if uncounted:
                options.log.warning("judgements.uncounted", reason="the room for counts is taken", mails=uncounted)
        for mail in noted.judgements:
            options.judged(mail)
        return Taken(len(noted.judgements))

    async def note_tls_sessions(self, noted: NoteTlsSessions, _peer: Peer) -> Taken:
        """Keep the totals of a day."""
        options = self._options
        if options.tls:
            uncounted = await self._write(lambda sql: keep_sessions(sql, noted.day, noted.sessions))
            if uncounted:
                options.log.warning("tls.uncounted", reason="the room for counts is taken", lines=uncounted)
        return Taken(len(noted.sessions))

    async def read_senders(self, asked: ReadSenders, _peer: Peer) -> Senders:
        """Say who sends as us."""
        since = day_of(self._since(asked.days))
        found = await self._read(lambda sql: senders(sql, asked, since))
        sources = _fitting(found.sources, 2 * MAX_LIST_OCTETS)
        named = await self._named(sources[:MAX_NAMED])
        return msgspec.structs.replace(found, sources=(*named, *sources[MAX_NAMED:]))

    async def read_reports(self, asked: ReadReports, _peer: Peer) -> Reports:
        """Say what came, what was sent and what waits."""
        since, limit = self._since(asked.days), max(0, min(asked.limit, MAX_REPORTS))

        def read(sql: sqlite3.Connection) -> Reports:
            arrived, sent = arrived_reports(sql, since, limit), sent_reports(sql, since, limit)
            return Reports(_fitting(arrived, MAX_LIST_OCTETS), _fitting(sent, MAX_LIST_OCTETS), _counted(sql))

        return await self._read(read)

    async def read_report(self, asked: ReadReport, _peer: Peer) -> ReportPage:
        """Show one report."""

        def read(sql: sqlite3.Connection) -> ReportPage | None:
            if asked.is_sent:
                octets = document_of(sql, asked.id)
                return None if octets is None else _page(asked, octets, ReportPage(sent=sent_report(sql, asked.id)))
            arrived = arrived_report(sql, asked.id)
            return None if arrived is None else _page(asked, octets_of(sql, asked.id), ReportPage(arrived=arrived))

        found = await self._read(read)
        if found is None:
            raise PermanentFailure(f"no report {'was sent' if asked.is_sent else 'came'} under the number {asked.id}")
        return found

    async def send_reports(self, _asked: SendReports, _peer: Peer) -> ReportsMade:
        """Make and send reports of all that is counted up to now."""
        return await self._or_later(self._options.rounds.make_now())

    async def _named(self, sources: tuple[SendingSource, ...]) -> tuple[SendingSource, ...]:
        """Return the sources with the names that the DNS confirms, as far as it says them in a few seconds."""
        asking = [asyncio.ensure_future(drive(reverse_name(each.address), self._options.names)) for each in sources]
        if asking:
            await asyncio.wait(asking, timeout=NAMING_SECONDS)
        named = []
        for each, answer in zip(sources, asking, strict=True):
            is_known = answer.done() and answer.result().result is IprevWord.PASS
            named.append(msgspec.structs.replace(each, name=answer.result().name) if is_known else each)
            answer.cancel()
        return tuple(named)

    def _since(self, days: int) -> float:
        return max(0.0, self._options.clock.unix() - max(0, min(days, MAX_DAYS)) * DAY_SECONDS)

    async def _read(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        return await self._or_later(self._options.database.read(work))

    async def _write(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        return await self._or_later(self._options.database.write(work))

    @staticmethod
    async def _or_later(work: Awaitable[_Result]) -> _Result:
        try:
            return await work
        except (sqlite3.Error, StoreError) as fault:
            raise TemporaryFailure(f"the database: {fault}") from fault


def _fitting(values: tuple[_Result, ...], octets: int) -> tuple[_Result, ...]:
    """Return the first of them, as many as fit into so many octets of an answer."""
    kept = 0
    for value in values:
        octets -= len(encode(value))
        if octets < 0:
            break
        kept += 1
    return values[:kept]


def _counted(sql: sqlite3.Connection) -> tuple[CountedDomain, ...]:
    rows = sql.execute(
        """SELECT 'aggregate', day, domain, sum(mails) FROM judged GROUP BY day, domain
           UNION ALL SELECT 'tls', day, domain, sum(sessions - told) AS untold FROM tls GROUP BY day, domain
           HAVING untold > 0
           ORDER BY 2 DESC, 4 DESC LIMIT ?""",
        (MAX_COUNTED,),
    )
    return tuple(CountedDomain(*row) for row in rows)


def _page(asked: ReadReport, octets: bytes, page: ReportPage) -> ReportPage:
    begin = max(0, asked.offset)
    return msgspec.structs.replace(page, octets=octets[begin : begin + PIECE_OCTETS], size_octets=len(octets))
