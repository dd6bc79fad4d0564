"""What came to the address for reports: each mail whole, and what was read in it.

A mail is written down before it is answered and read afterwards, so whatever it holds, it is not lost; reading that
ended with the process is tried once more and then given up.

Standards: RFC 9990 §3.5.4 (duplicates), §8.2 (what a report claims).
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from scop.cells.reporter.letters import forget_document
from scop.mesh.vocabulary.reporter import ArrivedReport
from scop.net.faults import TemporaryFailure

__all__ = [
    "Arrival",
    "Reading",
    "Seen",
    "State",
    "add_arrival",
    "arrived_report",
    "arrived_reports",
    "begin_reading",
    "forget_arrivals",
    "make_room",
    "note_reading",
    "octets_of",
    "reports_from",
]

MAX_TRIES = 2  # to read one mail: a bug that ends the process ends it twice at most
MAX_KEPT_OCTETS = 2_147_483_648  # of the whole database: years of reports
MAX_REASON = 2_000  # characters: all defects of a report
_COLUMNS = ", ".join(ArrivedReport.__struct_fields__)


class State(StrEnum):
    """What was made of a mail."""

    UNREAD = "unread"
    READ = "read"
    AGAIN = "again"  # the same report was read before
    FOREIGN = "foreign"  # a report about somebody else
    BROKEN = "broken"  # no report, or one that cannot be read
    ANSWER = "answer"  # a bounce of a report of ours


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail that came."""

    delivery_id: str
    unix: float
    trace: str
    author_domain: str
    is_proven: bool
    subject: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """One record of an aggregate report."""

    source: str
    mails: int
    dkim_aligned: bool
    spf_aligned: bool
    disposition: str
    header_from: str
    authenticated: tuple[str, ...]  # domains that passed


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in a mail."""

    state: State
    kind: str = ""
    reporter: str = ""
    report_id: str = ""
    about: str = ""
    day: str = ""
    begin_unix: int = 0
    end_unix: int = 0
    mails: int = 0
    reason: str = ""
    seen: tuple[Seen, ...] = ()


def add_arrival(sql: sqlite3.Connection, arrival: Arrival) -> int | None:
    """Write a mail down; return its id, None where it is there already.

    Where all is full, others go: a stranger's flood lasts until the next report and not for a year. Raises
    `TemporaryFailure` where all that is kept are reports of proven authors.
    """
    if sql.execute("SELECT 1 FROM arrivals WHERE delivery_id = ?", (arrival.delivery_id,)).fetchone():
        return None
    packed = zlib.compress(arrival.octets)
    kept = make_room(sql, len(packed))
    if kept + len(packed) > MAX_KEPT_OCTETS:
        raise TemporaryFailure(f"{kept} octets are kept already")
    return sql.execute(
        "INSERT INTO arrivals (delivery_id, unix, trace, author_domain, is_proven, subject, state, size_octets, octets)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(arrival.delivery_id, arrival.unix, arrival.trace, arrival.author_domain, arrival.is_proven),
            *(arrival.subject, State.UNREAD, len(arrival.octets), packed),
        ),
    ).lastrowid


def make_room(sql: sqlite3.Connection, octets: int) -> int:
    """Forget what is worth least, the oldest first, until so many more have room; return how many are kept then.

    First goes what nobody proved or what is no report about us, then the documents of reports that we sent.
    """
    while (kept := _kept_octets(sql)) + octets > MAX_KEPT_OCTETS:
        spare = sql.execute(
            "SELECT id FROM arrivals WHERE state <> 'unread' AND (state <> 'read' OR NOT is_proven) ORDER BY id LIMIT 1"
        ).fetchone()
        if spare is not None:
            sql.execute("DELETE FROM arrivals WHERE id = ?", spare)
        elif not forget_document(sql):
            break
    return kept


def begin_reading(sql: sqlite3.Connection) -> tuple[ArrivedReport, bytes] | None:
    """Return the first mail that is not read yet, with its octets; None where all are."""
    while True:
        found = sql.execute(
            "SELECT id, tries, octets FROM arrivals WHERE state = 'unread' ORDER BY id LIMIT 1"
        ).fetchone()
        if found is None:
            return None
        id_, tries, packed = found
        if tries < MAX_TRIES:
            sql.execute("UPDATE arrivals SET tries = tries + 1 WHERE id = ?", (id_,))
            arrived = arrived_report(sql, id_)
            assert arrived is not None
            return arrived, zlib.decompress(packed)
        note_reading(sql, id_, Reading(State.BROKEN, reason="reading it ended this process twice"))


def note_reading(sql: sqlite3.Connection, arrival: int, reading: Reading) -> State:
    """Keep what was read; return the state that it has now."""
    # A report of our own about our own domain comes by no verifier; nobody else knows its id before it is sent.
    sql.execute(
        "UPDATE arrivals SET is_proven = 1 WHERE id = ? AND EXISTS"
        " (SELECT 1 FROM reports WHERE report_id = ? AND about = ? AND kind = ?)",
        (arrival, reading.report_id, reading.about, reading.kind),
    )
    state = reading.state
    if state is State.READ and _is_known(sql, arrival, reading):
        state = State.AGAIN
    sql.execute(
        "UPDATE arrivals SET state = ?, kind = ?, reporter = ?, report_id = ?, about = ?, begin_unix = ?, end_unix = ?,"
        " mails = ?, reason = ? WHERE id = ?",
        (
            *(state, reading.kind, reading.reporter, reading.report_id, reading.about),
            *(reading.begin_unix, reading.end_unix, reading.mails, reading.reason[:MAX_REASON], arrival),
        ),
    )
    if state is State.READ:
        _add_seen(sql, arrival, reading.day, reading.seen)
    return state


def arrived_reports(sql: sqlite3.Connection, since_unix: float, limit: int) -> tuple[ArrivedReport, ...]:
    """Return what came since a time, the latest first."""
    rows = sql.execute(
        f"SELECT {_COLUMNS} FROM arrivals WHERE unix >= ? ORDER BY id DESC LIMIT ?",  # noqa: S608 - constants only
        (since_unix, limit),
    )
    return tuple(map(_arrived, rows))


def arrived_report(sql: sqlite3.Connection, arrival: int) -> ArrivedReport | None:
    """Return one mail that came; None where there is none."""
    row = sql.execute(
        f"SELECT {_COLUMNS} FROM arrivals WHERE id = ?",  # noqa: S608 - constants only
        (arrival,),
    ).fetchone()
    return None if row is None else _arrived(row)


def octets_of(sql: sqlite3.Connection, arrival: int) -> bytes:
    """Return a mail as it came; nothing where it is gone."""
    found = sql.execute("SELECT octets FROM arrivals WHERE id = ?", (arrival,)).fetchone()
    return b"" if found is None else zlib.decompress(found[0])


def reports_from(sql: sqlite3.Connection, author_domain: str, begin_unix: float, end_unix: float) -> int:
    """Return how many mails to the address for reports came from a domain, proven, in a span of time."""
    found: int = sql.execute(
        "SELECT count(*) FROM arrivals WHERE unix >= ? AND unix < ? AND author_domain = ? AND is_proven",
        (begin_unix, end_unix, author_domain),
    ).fetchone()[0]
    return found


def forget_arrivals(sql: sqlite3.Connection, before_unix: float) -> None:
    """Forget old mails and what was read in them."""
    sql.execute("DELETE FROM arrivals WHERE unix < ?", (before_unix,))


def _is_known(sql: sqlite3.Connection, arrival: int, reading: Reading) -> bool:
    """Say whether this report was read before; who wrote it counts, so that nobody takes another's place by his id."""
    found = sql.execute(
        """SELECT 1 FROM arrivals AS mine JOIN arrivals AS other
           ON other.author_domain = mine.author_domain AND other.is_proven = mine.is_proven
           WHERE mine.id = ?1 AND other.id <> ?1 AND other.state = 'read'
           AND other.report_id <> ''  -- by the index
           AND other.kind = ?2 AND other.report_id = ?3 AND other.about = ?4 AND other.reporter = ?5""",
        (arrival, reading.kind, reading.report_id, reading.about, reading.reporter),
    )
    return bool(reading.report_id) and found.fetchone() is not None


def _add_seen(sql: sqlite3.Connection, arrival: int, day: str, seen: Iterable[Seen]) -> None:
    sql.executemany(
        "INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(arrival, day, one.source, one.mails, one.dkim_aligned, one.spf_aligned),
                *(one.disposition, one.header_from, " ".join(one.authenticated)),
            )
            for one in seen
        ],
    )


def _arrived(row: Sequence[object]) -> ArrivedReport:
    values = dict(zip(ArrivedReport.__struct_fields__, row, strict=True))
    return msgspec.convert(values, ArrivedReport, strict=False)  # SQLite has no booleans


def _kept_octets(sql: sqlite3.Connection) -> int:
    pages, size, free = (
        sql.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size", "freelist_count")
    )
    return int((pages - free) * size)
