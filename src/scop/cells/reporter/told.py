"""Up to when each domain was told of a day, so that the spans of time of its reports do not overlap.

Standards: RFC 9990 §3.1.1.4 (spans), RFC 8460 §4.1 (whole UTC days).
"""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from scop.base.days import DAY_SECONDS, day_of
from scop.cells.reporter.arrivals import reports_from
from scop.cells.reporter.counting import Counts
from scop.cells.reporter.letters import letters_to
from scop.mesh.vocabulary.relay import TlsSessions

__all__ = [
    "Span",
    "day_end",
    "forget_told",
    "note_span",
    "span_of",
    "tells_of_letters_only",
    "tells_of_reports_only",
]


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a report is about, in whole seconds that both belong to it."""

    begin_unix: int
    end_unix: int


def _day_start(day: str) -> int:
    """Return the first second of a UTC day."""
    return int(datetime.datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp())


def day_end(day: str) -> int:
    """Return the last second of a UTC day."""
    return _day_start(day) + DAY_SECONDS - 1


def span_of(sql: sqlite3.Connection, kind: str, domain: str, *, day: str, now_unix: float) -> Span:
    """Return what a report that is made now is about: the day, or what of it went by since the last report."""
    found = sql.execute(
        "SELECT until_unix FROM told WHERE kind = ? AND domain = ? AND day = ?", (kind, domain, day)
    ).fetchone()
    end = min(day_end(day), int(now_unix)) if day_of(now_unix) >= day else day_end(day)
    begin = _day_start(day) if found is None else int(found[0]) + 1
    return Span(min(begin, end), end)


def note_span(sql: sqlite3.Connection, kind: str, domain: str, *, day: str, span: Span) -> None:
    """Note up to when a domain was told of a day."""
    sql.execute("INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?)", (kind, domain, day, span.end_unix))


def forget_told(sql: sqlite3.Connection, before_day: str) -> None:
    """Forget what was told of old days."""
    sql.execute("DELETE FROM told WHERE day < ?", (before_day,))


def tells_of_reports_only(sql: sqlite3.Connection, span: Span, counts: Counts) -> bool:
    """Say whether all that is counted are reports that came to us.

    Two who report on each other's reports would never end. What did not pass is always told of: a forger may write
    to the address for reports as well.
    """
    passed: dict[str, int] = {}
    for mail, count in counts.mails:
        if not (mail.dkim_aligned or mail.spf_aligned):
            return False
        passed[mail.author_domain] = passed.get(mail.author_domain, 0) + count
    begin, end = span.begin_unix, span.end_unix + 1
    return all(count <= reports_from(sql, author, begin, end) for author, count in passed.items())


def tells_of_letters_only(sql: sqlite3.Connection, day: str, span: Span, sessions: Iterable[TlsSessions]) -> bool:
    """Say whether of a whole day nothing is told but that our own reports got through.

    Each report opens a session that the next one would be about, for ever. What failed is always told of.
    """
    told = tuple(sessions)
    if any(each.failures for each in told) or span != Span(_day_start(day), day_end(day)):
        return False
    return all(each.successes <= letters_to(sql, each.domain, span.begin_unix, span.end_unix + 1) for each in told)
