"""The durable queue: messages, and for each recipient what is still to be done.

A message is there until its last recipient is settled. What has passed is remembered for some days
by delivery id and recipient, so that the same mail handed in again is not carried twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from scop.cells.relay.letters import Held, Letter, Load, Settled, Waiting
from scop.mesh.vocabulary.relay import QueueEntry, QueueList
from scop.smtp import ForwardPath, Mail, Recipient, ReversePath
from scop.store import Database

__all__ = ["Queue"]

REMEMBERED_SECONDS = 7 * 24 * 3600.0  # longer than any client or host tries

_SCHEMA = (
    """
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY,
        trace TEXT NOT NULL,
        delivery_id TEXT NOT NULL,
        reverse_path TEXT NOT NULL,
        smtputf8 INTEGER NOT NULL,
        queued_unix REAL NOT NULL,
        octets BLOB NOT NULL
    );
    CREATE TABLE recipients (
        id INTEGER PRIMARY KEY,
        message INTEGER NOT NULL REFERENCES messages (id),
        destination TEXT NOT NULL,
        forward_path TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_unix REAL NOT NULL,
        last_reply TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX recipients_due ON recipients (next_unix);
    CREATE INDEX recipients_message ON recipients (message);
    CREATE TABLE passed (
        delivery_id TEXT NOT NULL,
        forward_path TEXT NOT NULL,
        unix REAL NOT NULL,
        PRIMARY KEY (delivery_id, forward_path)
    ) WITHOUT ROWID;
    CREATE INDEX passed_unix ON passed (unix);
    """,
)


class Queue:
    """Opened once by the relay; every change is durable when it returns."""

    def __init__(self, path: Path) -> None:
        self._database = Database.open(path, _SCHEMA)

    async def add(self, letter: Letter, now_unix: float) -> int:
        """Queue a letter for every recipient that does not have it yet; return how many these are."""
        return await self._database.write(lambda sql: _add(sql, letter, now_unix))

    async def due(self, now_unix: float, limit: int, held: Held) -> tuple[Load, ...]:
        """Return what is to be tried now, the longest due first."""
        return await self._database.read(lambda sql: _due(sql, now_unix, limit, held))

    async def next_due(self, held: Held) -> float | None:
        """Return when the next recipient is due; None where nothing waits."""
        return await self._database.read(lambda sql: _next_due(sql, held))

    async def octets(self, message: int) -> bytes:
        """Return a message."""

        def work(sql: sqlite3.Connection) -> bytes:
            found: tuple[bytes] = sql.execute("SELECT octets FROM messages WHERE id = ?", (message,)).fetchone()
            return found[0]

        return await self._database.read(work)

    async def settle(self, load: Load, settled: Sequence[Settled], notices: Sequence[Letter], now_unix: float) -> None:
        """Note what became of a load, and queue the notices that follow from it, all or nothing."""
        await self._database.write(lambda sql: _settle(sql, load, settled, notices, now_unix))

    async def contents(self, limit: int) -> QueueList:
        """Return the head of the queue for people."""
        return await self._database.read(lambda sql: _contents(sql, limit))

    async def close(self) -> None:
        """Finish and close."""
        await self._database.close()


def _add(sql: sqlite3.Connection, letter: Letter, now_unix: float) -> int:
    fresh = [pair for pair in letter.recipients if _is_fresh(sql, letter.delivery_id, pair[1].forward_path, now_unix)]
    if not fresh:
        return 0
    message = sql.execute(
        "INSERT INTO messages (trace, delivery_id, reverse_path, smtputf8, queued_unix, octets)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            letter.trace,
            letter.delivery_id,
            str(letter.mail.reverse_path),
            letter.mail.smtputf8,
            now_unix,
            letter.octets,
        ),
    ).lastrowid
    sql.executemany(
        "INSERT INTO recipients (message, destination, forward_path, next_unix) VALUES (?, ?, ?, ?)",
        [(message, destination, str(recipient.forward_path), now_unix) for destination, recipient in fresh],
    )
    return len(fresh)


def _is_fresh(sql: sqlite3.Connection, delivery_id: str, path: ForwardPath, now_unix: float) -> bool:
    """Remember a recipient of a mail; return whether it was unknown."""
    if not delivery_id:
        return True
    sql.execute("DELETE FROM passed WHERE unix < ?", (now_unix - REMEMBERED_SECONDS,))
    known = sql.execute(
        "INSERT OR IGNORE INTO passed (delivery_id, forward_path, unix) VALUES (?, ?, ?)",
        (delivery_id, str(path).lower(), now_unix),
    )
    return known.rowcount == 1


def _forget(sql: sqlite3.Connection, message: int, path: ForwardPath) -> None:
    """Let the same mail in again: its sender is told that it failed."""
    sql.execute(
        "DELETE FROM passed WHERE delivery_id = (SELECT delivery_id FROM messages WHERE id = ?) AND forward_path = ?",
        (message, str(path).lower()),
    )


_NOT_HELD = """
    r.id NOT IN (SELECT value FROM json_each(?)) AND r.destination NOT IN (SELECT value FROM json_each(?))
"""
_LOADS = f"""
    SELECT r.id, r.message, r.destination, r.forward_path, r.attempts,
           m.trace, m.reverse_path, m.smtputf8, m.queued_unix
    FROM recipients r JOIN messages m ON m.id = r.message
    WHERE r.next_unix <= ? AND {_NOT_HELD} ORDER BY r.next_unix, r.id LIMIT ?
"""  # noqa: S608 - constants only  # nosec B608
_NEXT_DUE = f"SELECT min(r.next_unix) FROM recipients r WHERE {_NOT_HELD}"  # noqa: S608 - constants only  # nosec B608


def _due(sql: sqlite3.Connection, now_unix: float, limit: int, held: Held) -> tuple[Load, ...]:
    groups: dict[tuple[int, str], list[Waiting]] = {}
    facts: dict[int, tuple[str, str, int, float]] = {}
    for id_, message, destination, path, attempts, *rest in sql.execute(_LOADS, (now_unix, *held.parameters(), limit)):
        groups.setdefault((message, destination), []).append(Waiting(id_, Recipient(ForwardPath.parse(path)), attempts))
        facts[message] = (rest[0], rest[1], rest[2], rest[3])
    return tuple(_load(key, recipients, facts[key[0]]) for key, recipients in groups.items())


def _load(key: tuple[int, str], recipients: list[Waiting], facts: tuple[str, str, int, float]) -> Load:
    trace, reverse_path, smtputf8, queued_unix = facts
    mail = Mail(ReversePath.parse(reverse_path), smtputf8=bool(smtputf8))
    return Load(*key, trace, mail, False, queued_unix, tuple(recipients))


def _next_due(sql: sqlite3.Connection, held: Held) -> float | None:
    found: tuple[float | None] = sql.execute(_NEXT_DUE, held.parameters()).fetchone()
    return found[0]


def _settle(
    sql: sqlite3.Connection, load: Load, settled: Sequence[Settled], notices: Sequence[Letter], now_unix: float
) -> None:
    for each in settled:
        if each.failed is not None:
            _forget(sql, load.message, each.failed.forward_path)
        if each.next_unix is None:
            sql.execute("DELETE FROM recipients WHERE id = ?", (each.id,))
        else:
            sql.execute(
                "UPDATE recipients SET attempts = attempts + 1, next_unix = ?, last_reply = ? WHERE id = ?",
                (each.next_unix, each.last_reply, each.id),
            )
    sql.execute(
        "DELETE FROM messages WHERE id = ? AND NOT EXISTS (SELECT 1 FROM recipients WHERE message = messages.id)",
        (load.message,),
    )
    for notice in notices:
        _add(sql, notice, now_unix)


def _contents(sql: sqlite3.Connection, limit: int) -> QueueList:
    rows = sql.execute(
        """SELECT m.trace, m.reverse_path, r.forward_path, r.attempts, m.queued_unix, r.next_unix, r.last_reply
           FROM recipients r JOIN messages m ON m.id = r.message ORDER BY r.next_unix LIMIT ?""",
        (max(0, limit),),
    )
    entries = tuple(QueueEntry(*row) for row in rows)
    waiting, deferred = sql.execute("SELECT count(*), coalesce(sum(attempts > 0), 0) FROM recipients").fetchone()
    return QueueList(entries, waiting, deferred)
