"""Reads what came: an answer to a letter of ours, or a report about our domain, else it is kept as broken.

One mail at a time, on a thread beside the loop; a mail that ends the process is tried once more and then left alone.
What is read is never believed to be about us unless its policy domain is ours.

Standards: RFC 9990 §3.5, §8.1, §8.2; RFC 6591; RFC 8460 §5; RFC 3464 (bounces of our letters).
"""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass, replace

from scop.base import RemoteProtocolError, printable
from scop.base.days import day_of
from scop.cells.reporter.arrivals import Reading, Seen, State, begin_reading, note_reading
from scop.cells.reporter.letters import ReportForm, note_returned
from scop.dns.names import is_at_or_below
from scop.dsn import Report, parse_report
from scop.mesh.vocabulary.reporter import ArrivedReport
from scop.net.log import Log
from scop.reports import AggregateReport, AnyReport, FailureReport, Record, TlsReport
from scop.reports import parse_report as read_any
from scop.store import Database

__all__ = ["Reader", "read_mail"]

MAX_UNIX = 253_402_300_799  # the last second that a date can say
MAX_MAILS = 10**12  # that a report or a record counts for: nobody gets more, and the sum of all is still a number
MAX_AUTHENTICATED = 20  # domains that passed, of one record: a packed report of 60 KB can name a million
RETRY_SECONDS = 60.0  # for which a full disk is left alone


@dataclass(frozen=True, slots=True)
class _Answered:
    """A bounce of a letter of ours."""

    envelope_id: str
    words: str


class Reader:
    """Runs for the reporter's life; `wake` where a mail was added."""

    def __init__(self, domain: str, database: Database, log: Log) -> None:
        self._domain = domain
        self._database = database
        self._log = log
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """Look for mails now."""
        self._awake.set()

    async def run(self) -> None:
        """Read what comes, for ever."""
        while True:
            self._awake.clear()
            try:
                while await self._read_one():
                    pass
            except sqlite3.Error as fault:  # a full disk is emptied some day, and what came waits
                self._log.error("report.stuck", reason=str(fault))
                asyncio.get_running_loop().call_later(RETRY_SECONDS, self._awake.set)
            await self._awake.wait()

    async def _read_one(self) -> bool:
        """Read the next mail; say whether there was one."""
        found = await self._database.write(begin_reading)
        if found is None:
            return False
        arrived, octets = found
        try:
            outcome = await asyncio.to_thread(read_mail, octets, self._domain)
        except Exception as fault:  # a bug that this mail brings out: it is kept, and the next ones are read
            self._log.fault(fault, trace=arrived.trace)
            outcome = Reading(State.BROKEN, reason=f"a fault of ours: {type(fault).__name__}")
        reading = _not_ahead(await self._settled(outcome), arrived)
        state = await self._database.write(lambda sql: note_reading(sql, arrived.id, reading))
        self._tell(arrived, reading, state)
        return True

    async def _settled(self, outcome: Reading | _Answered) -> Reading:
        if isinstance(outcome, Reading):
            return outcome
        is_ours = await self._database.write(lambda sql: note_returned(sql, outcome.envelope_id, outcome.words))
        state = State.ANSWER if is_ours else State.BROKEN
        return Reading(state, reason=outcome.words if is_ours else f"a bounce of no letter of ours: {outcome.words}")

    def _tell(self, arrived: ArrivedReport, reading: Reading, state: State) -> None:
        tell = self._log.warning if state is State.BROKEN else self._log.info
        tell(
            "report.read",
            trace=arrived.trace,
            state=state,
            kind=reading.kind,
            reporter=printable(reading.reporter),
            about=printable(reading.about),
            mails=reading.mails,
            reason=printable(reading.reason),
        )


def _not_ahead(reading: Reading, arrived: ArrivedReport) -> Reading:
    """Return what was read, on no later day than it came: who tells of the year 9999 would stand before all others."""
    came = day_of(arrived.unix)
    if reading.day <= came:
        return reading
    reason = "; ".join(filter(None, ("its span of time is yet to come", reading.reason)))
    return replace(reading, day=came, reason=reason)


def read_mail(octets: bytes, domain: str) -> Reading | _Answered:
    """Return what stands in a mail that came to `domain`."""
    if (bounce := parse_report(octets)) is not None:
        return _Answered(bounce.envelope_id, _words(bounce))
    try:
        reading = _read_report(octets)
    except RemoteProtocolError as fault:
        return Reading(State.BROKEN, reason=printable(str(fault)))
    if is_at_or_below(reading.about, domain):
        return reading
    # RFC 9990 §8.2: who likes may send us reports about others
    return Reading(
        State.FOREIGN,
        kind=reading.kind,
        reporter=reading.reporter,
        report_id=reading.report_id,
        about=reading.about,
        mails=reading.mails,
        reason=f"it is about {reading.about}, which is not ours",
    )


def _read_report(octets: bytes) -> Reading:
    report = read_any(octets, lenient=True)
    if isinstance(report, AggregateReport):
        return _of_aggregate(report)
    return _of_tls(report) if isinstance(report, TlsReport) else _of_failure(report)


def _of_aggregate(report: AggregateReport) -> Reading:
    metadata = report.metadata
    begin, end = _unix(metadata.begin_unix), _unix(metadata.end_unix)
    return Reading(
        State.READ,
        kind=ReportForm.AGGREGATE,
        reporter=_short(metadata.org_name),
        report_id=_short(metadata.report_id),
        about=_domain(report.policy.domain),
        day=day_of((begin + end) // 2),
        begin_unix=begin,
        end_unix=end,
        mails=min(report.count, MAX_MAILS),
        reason=_defects(report),
        seen=tuple(map(_seen, report.records)),
    )


def _seen(record: Record) -> Seen:
    passed = {_domain(one.domain) for one in record.dkim if one.result == "pass"}
    passed |= {_domain(one.domain) for one in record.spf if one.result == "pass"}
    return Seen(
        source=record.source_ip,
        mails=min(record.count, MAX_MAILS),
        dkim_aligned=record.dkim_aligned,
        spf_aligned=record.spf_aligned,
        disposition=record.disposition,
        header_from=_domain(record.header_from),
        authenticated=tuple(sorted(passed)[:MAX_AUTHENTICATED]),
    )


def _of_tls(report: TlsReport) -> Reading:
    begin, end = (_unix(each.timestamp()) for each in (report.begin, report.end))
    return Reading(
        State.READ,
        kind=ReportForm.TLS,
        reporter=_short(report.organization_name),
        report_id=_short(report.report_id),
        about=_domain(next((policy.policy_domain for policy in report.policies), "")),
        begin_unix=begin,
        end_unix=end,
        mails=min(sum(each.successful_sessions + each.failed_sessions for each in report.policies), MAX_MAILS),
        reason=_defects(report),
    )


def _of_failure(report: FailureReport) -> Reading:
    arrived = _unix(report.arrived.timestamp()) if report.arrived else 0
    return Reading(
        State.READ,
        kind=ReportForm.FAILURE,
        reporter=_short(report.reporting_mta or report.user_agent),
        about=_domain(report.reported_domain),
        begin_unix=arrived,
        end_unix=arrived,
        mails=report.incidents,
        reason=_defects(report),
    )


def _unix(seconds: float) -> int:
    """Return a time that can be shown."""
    return int(min(max(seconds, 0), MAX_UNIX))


def _defects(report: AnyReport) -> str:
    return printable("; ".join(report.defects), limit=1000)


def _domain(text: str) -> str:
    return _short(text.lower().removesuffix(".")).replace(" ", "?")


def _short(text: str) -> str:
    return printable(text, limit=255)


def _words(bounce: Report) -> str:
    first = bounce.recipients[0]
    return printable(f"{first.action or ''} {first.status} {first.diagnostic}".strip(), limit=300)
