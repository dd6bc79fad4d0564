"""The reports that were made, and their letters: each one mail to one destination, until somebody else has it.

A letter is passed on once the relay has it on its disk, and comes back as a bounce at worst. Its octets never change,
so the relay knows a letter that it was handed before: a reporter that dies between its answer and our note sends
nothing twice.
"""

from __future__ import annotations

import sqlite3
import zlib
from dataclasses import dataclass
from enum import StrEnum

from scop.base import printable
from scop.mesh.vocabulary.reporter import SentLetter, SentReport

__all__ = [
    "Draft",
    "Letter",
    "LetterState",
    "MadeReport",
    "ReportForm",
    "add_report",
    "document_of",
    "due_letters",
    "forget_document",
    "forget_reports",
    "hurry",
    "letters_to",
    "next_due",
    "note_later",
    "note_over",
    "note_returned",
    "sent_report",
    "sent_reports",
]

MAX_WORDS = 300  # characters of a refusal, for people
MAX_DUE = 20  # letters that are looked for at once


class ReportForm(StrEnum):
    """Which kind of report it is: one word for those that are sent and for those that come."""

    AGGREGATE = "aggregate"
    FAILURE = "failure"
    TLS = "tls"


class LetterState(StrEnum):
    """What became of a letter."""

    WAITING = "waiting"
    PASSED = "passed"  # the relay has it
    REFUSED = "refused"  # by our own mesh, or it was tried for too long
    RETURNED = "returned"  # a bounce came
    UNSUPPORTED = "unsupported"  # its destination is none that we can reach, such as https:


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter that is not written down yet; without octets it cannot be sent."""

    destination: str
    trace: str = ""
    octets: bytes = b""


@dataclass(frozen=True, slots=True)
class MadeReport:
    """A report with its letters."""

    kind: ReportForm
    about: str
    report_id: str
    begin_unix: int
    end_unix: int
    mails: int
    document: bytes
    letters: tuple[Draft, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that is to be sent."""

    id: int
    envelope_id: str  # by which its bounce is known
    destination: str
    trace: str
    attempts: int
    made_unix: float
    octets: bytes


def add_report(sql: sqlite3.Connection, made: MadeReport, now_unix: float) -> int:
    """Write a report down with its letters, to be sent at once; return its id."""
    report = sql.execute(
        "INSERT INTO reports (kind, about, report_id, begin_unix, end_unix, mails, made_unix, document)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(made.kind, made.about, made.report_id, made.begin_unix, made.end_unix, made.mails),
            *(now_unix, zlib.compress(made.document)),
        ),
    ).lastrowid
    assert report is not None
    for draft in made.letters:
        state, due = (LetterState.WAITING, now_unix) if draft.octets else (LetterState.UNSUPPORTED, None)
        sql.execute(
            "INSERT INTO letters (report, destination, trace, octets, state, next_unix) VALUES (?, ?, ?, ?, ?, ?)",
            (report, draft.destination, draft.trace, draft.octets, state, due),
        )
    return report


def due_letters(sql: sqlite3.Connection, now_unix: float, limit: int = MAX_DUE) -> tuple[Letter, ...]:
    """Return letters that are to be sent now, the longest due first."""
    rows = sql.execute(
        """SELECT letters.id, report_id, destination, trace, attempts, made_unix, octets
           FROM letters JOIN reports ON reports.id = letters.report
           WHERE next_unix <= ? ORDER BY next_unix, letters.id LIMIT ?""",
        (now_unix, limit),
    )
    return tuple(
        Letter(id_, _envelope_id(report_id, id_), destination, trace, attempts, made_unix, octets)
        for id_, report_id, destination, trace, attempts, made_unix, octets in rows
    )


def _envelope_id(report_id: str, letter: int) -> str:
    """Return the ENVID of a letter (RFC 3461 §4.4): nobody guesses it who was not sent the report."""
    return f"{report_id}.{letter}"


def next_due(sql: sqlite3.Connection) -> float | None:
    """Return when the next letter is to be sent; None where none is."""
    found: float | None = sql.execute("SELECT min(next_unix) FROM letters WHERE next_unix IS NOT NULL").fetchone()[0]
    return found


def hurry(sql: sqlite3.Connection, now_unix: float) -> None:
    """Have every letter that waits tried now."""
    sql.execute("UPDATE letters SET next_unix = ?1 WHERE next_unix > ?1", (now_unix,))


def note_later(sql: sqlite3.Connection, letter: Letter, next_unix: float, words: str) -> None:
    """Note that a letter was not taken, and when it is tried again."""
    sql.execute(
        "UPDATE letters SET attempts = attempts + 1, next_unix = ?, words = ? WHERE id = ?",
        (next_unix, _fit(words), letter.id),
    )


def note_over(sql: sqlite3.Connection, letter: Letter, state: LetterState, words: str) -> None:
    """Note what became of a letter that is not tried again."""
    sql.execute(
        "UPDATE letters SET attempts = attempts + 1, next_unix = NULL, octets = x'', state = ?, words = ? WHERE id = ?",
        (state, _fit(words), letter.id),
    )


def note_returned(sql: sqlite3.Connection, envelope: str, words: str) -> bool:
    """Note that a letter came back, known by its envelope id; say whether it is one of ours."""
    report_id, _, number = envelope.rpartition(".")
    if not number.isdecimal() or not number.isascii() or len(number) > 18:
        return False
    changed = sql.execute(
        """UPDATE letters SET state = ?, words = ? WHERE id = ? AND state IN (?, ?)
           AND report = (SELECT id FROM reports WHERE report_id = ?)""",
        (LetterState.RETURNED, _fit(words), int(number), LetterState.PASSED, LetterState.RETURNED, report_id),
    )
    return changed.rowcount > 0


def letters_to(sql: sqlite3.Connection, domain: str, begin_unix: float, end_unix: float) -> int:
    """Return how many letters of reports that were made in a span of time were passed on to addresses at a domain."""
    found: int = sql.execute(
        """SELECT count(*) FROM reports JOIN letters ON letters.report = reports.id
           WHERE made_unix >= ? AND made_unix < ? AND state = ? AND substr(destination, -length(?4)) = ?4""",
        (begin_unix, end_unix, LetterState.PASSED, f"@{domain}"),
    ).fetchone()[0]
    return found


def sent_reports(sql: sqlite3.Connection, since_unix: float, limit: int) -> tuple[SentReport, ...]:
    """Return the reports that were made since a time, the latest first."""
    found = sql.execute("SELECT id FROM reports WHERE made_unix >= ? ORDER BY id DESC LIMIT ?", (since_unix, limit))
    return tuple(report for (id_,) in found.fetchall() if (report := sent_report(sql, id_)) is not None)


def sent_report(sql: sqlite3.Connection, report: int) -> SentReport | None:
    """Return one report; None where there is none."""
    row = sql.execute(
        "SELECT kind, about, report_id, begin_unix, end_unix, mails, made_unix FROM reports WHERE id = ?", (report,)
    ).fetchone()
    if row is None:
        return None
    kind, about, report_id, begin_unix, end_unix, mails, made_unix = row
    letters = _letters(sql, report)
    return SentReport(report, kind, about, report_id, begin_unix, end_unix, mails, made_unix, letters)


def document_of(sql: sqlite3.Connection, report: int) -> bytes | None:
    """Return the document of a report, nothing where it was forgotten; None where there is no such report."""
    found = sql.execute("SELECT document FROM reports WHERE id = ?", (report,)).fetchone()
    return None if found is None else zlib.decompress(found[0]) if found[0] else b""


def forget_document(sql: sqlite3.Connection) -> bool:
    """Forget the oldest document that is kept, but not its report; say whether there was one."""
    changed = sql.execute(
        """UPDATE reports SET document = x''
           WHERE id = (SELECT id FROM reports WHERE document <> x'' ORDER BY id LIMIT 1)"""
    )
    return changed.rowcount > 0


def forget_reports(sql: sqlite3.Connection, before_unix: float) -> None:
    """Forget old reports and their letters, but for those that are still on their way."""
    sql.execute(
        """DELETE FROM reports WHERE made_unix < ?
           AND id NOT IN (SELECT report FROM letters WHERE next_unix IS NOT NULL)""",
        (before_unix,),
    )


def _letters(sql: sqlite3.Connection, report: int) -> tuple[SentLetter, ...]:
    rows = sql.execute(
        "SELECT destination, state, attempts, next_unix, trace, words FROM letters WHERE report = ? ORDER BY id",
        (report,),
    )
    return tuple(SentLetter(*row) for row in rows)


def _fit(words: str) -> str:
    return printable(words, limit=MAX_WORDS)
