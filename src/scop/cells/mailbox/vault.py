"""Where mail lies: each content once, an entry for each account that has it.

A mail is stored for all of its accounts in one commit or for none. An account has a delivery at most
once: a sender that did not hear our answer may send again, and hears yes again.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scop.net.faults import TemporaryFailure
from scop.store import Database, StoreError

__all__ = ["Deposit", "Entry", "OverQuota", "Usage", "Vault", "trouble_is_temporary"]

CONTENT_KEY_OCTETS = 32
HEADER_OCTETS = 32_768  # of a mail's beginning, enough for a summary
MAX_PAGE = 500  # entries in one answer: about 250 KB

MIGRATIONS = (
    """
    CREATE TABLE content (
        id INTEGER PRIMARY KEY,
        key BLOB NOT NULL UNIQUE,  -- BLAKE2b of the octets
        octets BLOB NOT NULL
    );
    CREATE TABLE entry (
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice, so a client may remember it
        account TEXT NOT NULL,
        delivery_id TEXT NOT NULL,
        folder TEXT NOT NULL,
        trace TEXT NOT NULL,
        reverse_path TEXT NOT NULL,
        size_octets INTEGER NOT NULL,
        stored_unix REAL NOT NULL,
        content INTEGER NOT NULL REFERENCES content (id),
        UNIQUE (account, delivery_id)
    );
    CREATE INDEX entry_in_account ON entry (account, id);
    CREATE TABLE usage (
        account TEXT PRIMARY KEY,
        mails INTEGER NOT NULL,
        octets INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE lesson (  -- what the filter has yet to learn
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- the last word on a mail has a higher one
        account TEXT NOT NULL,
        key BLOB NOT NULL,  -- BLAKE2b of the mail below our stamps
        label TEXT NOT NULL,
        octets BLOB NOT NULL,
        UNIQUE (account, key)
    );
    CREATE TABLE teacher (  -- who has ever taught: their own view of a mail is asked for
        account TEXT PRIMARY KEY
    ) WITHOUT ROWID;
    """,
)


class OverQuota(Exception):
    """An account has no room for the mail."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """One mail to be stored in `folder`, but for the accounts that have another in `own_folders`."""

    accounts: tuple[str, ...]
    delivery_id: str
    folder: str
    trace: str
    reverse_path: str
    stored_unix: float
    octets: bytes
    own_folders: tuple[tuple[str, str], ...] = ()

    def folder_for(self, account: str) -> str:
        """Return where an account has the mail."""
        return dict(self.own_folders).get(account, self.folder)


@dataclass(frozen=True, slots=True)
class Entry:
    """One mail of one account; `header_octets` is its beginning."""

    id: int
    folder: str
    trace: str
    reverse_path: str
    size_octets: int
    stored_unix: float
    header_octets: bytes


@dataclass(frozen=True, slots=True)
class Usage:
    """How much an account has."""

    mails: int
    octets: int


class Vault:
    """All accounts' mail in one database; `account_octets` is the quota of each.

    Where the disk fails, or the vault is closed, every method raises `TemporaryFailure`.
    """

    def __init__(self, path: Path, account_octets: int) -> None:
        self._database = Database.open(path, MIGRATIONS)
        self._account_octets = account_octets

    @property
    def database(self) -> Database:
        """Where the lessons lie as well."""
        return self._database

    async def store(self, deposit: Deposit) -> tuple[str, ...]:
        """Store a mail durably; return the accounts that did not have this delivery yet.

        Raises `OverQuota` where one of the accounts has no room; then it is stored for none.
        """
        key = hashlib.blake2b(deposit.octets, digest_size=CONTENT_KEY_OCTETS).digest()
        with trouble_is_temporary():
            return await self._database.write(lambda sql: _store(sql, deposit, key, self._account_octets))

    async def has_room(self, account: str, size_octets: int) -> bool:
        """Say whether a mail of this size would fit now."""
        usage = await self.usage(account)
        return usage.octets + size_octets <= self._account_octets

    async def usage(self, account: str) -> Usage:
        """Return how much an account has."""
        with trouble_is_temporary():
            return await self._database.read(lambda sql: _usage(sql, account))

    async def entries(self, account: str, *, after: int, limit: int) -> tuple[Entry, ...]:
        """Return an account's entries with a higher id, lowest first, at most `MAX_PAGE`."""
        count = max(0, min(limit, MAX_PAGE))
        with trouble_is_temporary():
            return await self._database.read(lambda sql: _entries(sql, account, after, count))

    async def piece(self, account: str, entry: int, offset: int, count: int) -> tuple[bytes, int] | None:
        """Return `count` octets of a mail from `offset` on, and its size; None where the account has no such mail."""
        with trouble_is_temporary():
            return await self._database.read(lambda sql: _piece(sql, account, entry, (offset, count)))

    async def close(self) -> None:
        """Finish what was asked for and close."""
        await self._database.close()


@contextmanager
def trouble_is_temporary() -> Iterator[None]:
    """Have what the database runs into be said as `TemporaryFailure`."""
    try:
        yield
    except (sqlite3.Error, StoreError) as fault:
        raise TemporaryFailure(f"the database: {fault}") from fault


def _store(sql: sqlite3.Connection, deposit: Deposit, key: bytes, account_octets: int) -> tuple[str, ...]:
    fresh = tuple(account for account in deposit.accounts if not _has(sql, account, deposit.delivery_id))
    if not fresh:
        return ()
    size = len(deposit.octets)
    for account in fresh:
        if _usage(sql, account).octets + size > account_octets:
            raise OverQuota(account)
    content = _content(sql, key, deposit.octets)
    facts = (deposit.delivery_id, deposit.trace, deposit.reverse_path, size, deposit.stored_unix)
    sql.executemany(
        "INSERT INTO entry (account, folder, delivery_id, trace, reverse_path, size_octets, stored_unix, content)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(account, deposit.folder_for(account), *facts, content) for account in fresh],
    )
    sql.executemany(
        "INSERT INTO usage VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET mails = mails + 1, octets = octets + ?",
        [(account, size, size) for account in fresh],
    )
    return fresh


def _has(sql: sqlite3.Connection, account: str, delivery_id: str) -> bool:
    found = sql.execute("SELECT 1 FROM entry WHERE account = ? AND delivery_id = ?", (account, delivery_id))
    return found.fetchone() is not None


def _content(sql: sqlite3.Connection, key: bytes, octets: bytes) -> int:
    found = sql.execute("SELECT id FROM content WHERE key = ?", (key,)).fetchone()
    if found is not None:
        return int(found[0])
    made = sql.execute("INSERT INTO content (key, octets) VALUES (?, ?)", (key, octets)).lastrowid
    assert made is not None
    return made


def _usage(sql: sqlite3.Connection, account: str) -> Usage:
    found = sql.execute("SELECT mails, octets FROM usage WHERE account = ?", (account,)).fetchone()
    return Usage(*found) if found else Usage(0, 0)


def _entries(sql: sqlite3.Connection, account: str, after: int, count: int) -> tuple[Entry, ...]:
    rows: Sequence[tuple[int, str, str, str, int, float, bytes]] = sql.execute(
        "SELECT entry.id, folder, trace, reverse_path, size_octets, stored_unix, substr(octets, 1, ?)"
        " FROM entry JOIN content ON content.id = entry.content"
        " WHERE account = ? AND entry.id > ? ORDER BY entry.id LIMIT ?",
        (HEADER_OCTETS, account, after, count),
    ).fetchall()
    return tuple(Entry(*row) for row in rows)


def _piece(sql: sqlite3.Connection, account: str, entry: int, place: tuple[int, int]) -> tuple[bytes, int] | None:
    offset, count = place
    found: tuple[bytes, int] | None = sql.execute(
        "SELECT substr(octets, ?, ?), size_octets FROM entry JOIN content ON content.id = entry.content"
        " WHERE account = ? AND entry.id = ?",
        (offset + 1, count, account, entry),
    ).fetchone()
    return found
