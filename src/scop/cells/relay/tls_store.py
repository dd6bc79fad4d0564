"""What the relay remembers of TLS in its state folder: MTA-STS policies, and counts for reports.

Standards: RFC 8461 §3.3 (policies outlive a restart), RFC 8460 §3, §4.4 (what is counted, by UTC day).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from scop.base import RemoteProtocolError
from scop.cells.relay.tls_policy import PolicyType, Reported, TlsResult
from scop.mtasts import KeptPolicy, parse_policy

__all__ = [
    "SCHEMA",
    "Attempt",
    "add_sessions",
    "forget_before",
    "keep_policy",
    "policies",
    "sessions",
    "tidy_policies",
]

MAX_ROWS = 5_000  # of one answer ...
MAX_CHARACTERS = 2_097_152  # ... which is a frame of 4 MiB at most

# what `Attempt` holds, and the count
_Row: TypeAlias = tuple[str, str, str, str, str, str, str, str, str, str, int]

SCHEMA = (
    """
    CREATE TABLE policies (
        domain TEXT PRIMARY KEY,
        id TEXT NOT NULL,
        text BLOB NOT NULL,
        fetched_unix REAL NOT NULL,
        used_unix REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE sessions (
        day TEXT NOT NULL,
        domain TEXT NOT NULL,
        policy_type TEXT NOT NULL,
        policy TEXT NOT NULL,
        mx TEXT NOT NULL,
        result TEXT NOT NULL,
        mx_host TEXT NOT NULL,
        receiving_address TEXT NOT NULL,
        sending_address TEXT NOT NULL,
        reason TEXT NOT NULL,
        sessions INTEGER NOT NULL,
        PRIMARY KEY (day, domain, policy_type, policy, mx, result, mx_host, receiving_address, sending_address, reason)
    ) STRICT, WITHOUT ROWID;
    """,
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a TLS session, as far as two of them are the same to a report."""

    day: str  # UTC, YYYY-MM-DD
    reported: Reported
    result: TlsResult
    mx_host: str = ""
    receiving_address: str = ""
    sending_address: str = ""
    reason: str = ""

    @property
    def characters(self) -> int:
        """How much room it takes in the table."""
        return sum(map(len, _row(self)))


def policies(sql: sqlite3.Connection) -> dict[str, tuple[KeptPolicy, float]]:
    """Return all policies with when they were last used."""
    rows = sql.execute("SELECT domain, id, text, fetched_unix, used_unix FROM policies")
    found: dict[str, tuple[KeptPolicy, float]] = {}
    for domain, id_, text, fetched_unix, used_unix in rows:
        try:
            found[domain] = KeptPolicy(parse_policy(text), id_, fetched_unix), used_unix
        except RemoteProtocolError:  # a release that is stricter fetches it anew
            continue
    return found


def keep_policy(sql: sqlite3.Connection, domain: str, kept: KeptPolicy, used_unix: float) -> None:
    """Keep a policy in place of the old one."""
    sql.execute(
        "INSERT OR REPLACE INTO policies VALUES (?, ?, ?, ?, ?)",
        (domain, kept.id, kept.policy.to_octets(), kept.fetched_unix, used_unix),
    )


def tidy_policies(sql: sqlite3.Connection, over: tuple[str, ...], uses: tuple[tuple[float, str], ...]) -> None:
    """Forget the policies of some domains, and note when those of others were last used."""
    sql.executemany("DELETE FROM policies WHERE domain = ?", [(domain,) for domain in over])
    sql.executemany("UPDATE policies SET used_unix = ?1 WHERE domain = ?2 AND used_unix <> ?1", uses)


def add_sessions(sql: sqlite3.Connection, counted: Mapping[Attempt, int]) -> None:
    """Add to the counts."""
    sql.executemany(
        """INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions""",
        [(*_row(attempt), count) for attempt, count in counted.items()],
    )


def sessions(sql: sqlite3.Connection, day: str, domain: str, *, skip: int = 0) -> tuple[tuple[Attempt, int], ...]:
    """Return the counts of a day, or of all days, of a domain, or of all of them: so many rows as an answer holds."""
    rows = sql.execute(
        """SELECT * FROM sessions WHERE (?1 = '' OR day = ?1) AND (?2 = '' OR domain = ?2)
           ORDER BY day DESC, domain, policy_type, policy, mx, result, mx_host, receiving_address, sending_address,
           reason LIMIT ?3 OFFSET ?4""",
        (day, domain, MAX_ROWS, skip),
    )
    return tuple((_attempt(*row[:-1]), row[-1]) for row in _bounded(rows))


def _bounded(rows: Iterable[_Row]) -> Iterator[_Row]:
    characters = 0
    for row in rows:
        characters += sum(map(len, row[:-1]))
        if characters > MAX_CHARACTERS:
            return
        yield row


def forget_before(sql: sqlite3.Connection, day: str) -> None:
    """Forget the counts of days before `day`."""
    sql.execute("DELETE FROM sessions WHERE day < ?", (day,))


def _row(attempt: Attempt) -> tuple[str, ...]:
    reported = attempt.reported
    policy, mx = json.dumps(reported.strings), json.dumps(reported.mx)
    where = attempt.mx_host, attempt.receiving_address, attempt.sending_address, attempt.reason
    return (attempt.day, reported.domain, reported.type.value, policy, mx, attempt.result.value, *where)


def _attempt(day: str, domain: str, type_: str, policy: str, mx: str, result: str, *where: str) -> Attempt:
    reported = Reported(PolicyType(type_), domain, tuple(json.loads(policy)), tuple(json.loads(mx)))
    return Attempt(day, reported, TlsResult(result), *where)
