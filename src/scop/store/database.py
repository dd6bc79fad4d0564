"""A durable SQL database for a cell's own state: SQLite with one writer and group commit.

What `write` returned is on the disk: it survives a killed process and a lost machine's power.
Syncing a disk costs the same for one change as for many, so all works that arrive while one commit
runs share the next. Each stands in a savepoint of its own: one that raises leaves no trace and
harms no other. Reads run beside the writer on a second connection and see the last commit.

It does not spread over machines, and one process at a time owns a file.

Standards: none; https://sqlite.org/wal.html, https://sqlite.org/pragma.html#pragma_synchronous
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar, cast

from scop.store.faults import StoreError
from scop.store.lane import Failed, Lane, Outcome, Returned

__all__ = ["Database"]

MAX_GROUP = 256  # works that share one commit; more only adds to the latency of the first
WAL_KEPT_OCTETS = 67_108_864  # the log is cut back to this after a burst
BUSY_MILLISECONDS = 5_000  # a backup tool may hold a lock for a moment

_Result = TypeVar("_Result")
_Work = Callable[[sqlite3.Connection], object]


class Database:
    """Opened by `Database.open`; all else is awaited on one event loop."""

    def __init__(self, writing: sqlite3.Connection, reading: sqlite3.Connection) -> None:
        self._writing = writing
        self._reading = reading
        self._commits = 0
        self._writer: Lane[_Work] = Lane("database writer", self._write_group, writing.close, max_batch=MAX_GROUP)
        self._reader: Lane[_Work] = Lane("database reader", self._read_batch, reading.close, max_batch=1)

    @classmethod
    def open(cls, path: Path, migrations: Sequence[str]) -> Database:
        """Open or make the file, and bring its tables up to date.

        `migrations` are SQL scripts, never changed once released; SQLite's `user_version` counts how
        many were done. Raises `StoreError` where the file was made by a newer release.
        """
        writing = _connect(path)
        try:
            _migrate(writing, migrations)
            reading = _connect(path)
        except BaseException:
            writing.close()
            raise
        reading.execute("PRAGMA query_only = ON")
        _sync_folder(path.parent)
        return cls(writing, reading)

    @property
    def commits(self) -> int:
        """How many commits were made since it was opened."""
        return self._commits

    async def write(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Run `work` on the writer's thread; durable when this returns, without effect when it raises.

        `work` neither begins nor commits. A caller that is cancelled does not undo what it asked for.
        """
        return cast("_Result", await self._writer.do(work))

    async def read(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Run `work` on the reader's thread, over one unchanging state of the database."""
        return cast("_Result", await self._reader.do(work))

    async def close(self) -> None:
        """Finish what was asked for and close the file."""
        await self._reader.close()
        await self._writer.close()

    def _write_group(self, works: Sequence[_Work]) -> Sequence[Outcome]:
        self._writing.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [_in_savepoint(self._writing, work) for work in works]
            self._writing.execute("COMMIT")
        except BaseException:
            if self._writing.in_transaction:
                self._writing.execute("ROLLBACK")
            raise
        self._commits += 1
        return outcomes

    def _read_batch(self, works: Sequence[_Work]) -> Sequence[Outcome]:
        return [self._read_one(work) for work in works]

    def _read_one(self, work: _Work) -> Outcome:
        self._reading.execute("BEGIN")
        try:
            return Returned(work(self._reading))
        except Exception as error:
            return Failed(error)
        finally:
            self._reading.execute("ROLLBACK")


def _in_savepoint(connection: sqlite3.Connection, work: _Work) -> Outcome:
    connection.execute("SAVEPOINT work")
    try:
        outcome: Outcome = Returned(work(connection))
    except Exception as error:
        # A full disk rolls the whole transaction back by itself: then all of the group fail.
        if not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO work")
        outcome = Failed(error)
    connection.execute("RELEASE work")
    return outcome


def _connect(path: Path) -> sqlite3.Connection:
    # Made on one thread and used on another, but never on two at once.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # A confined cell has no folder for temporary files, and a statement that may fail half-way wants a journal.
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_OCTETS}")
    return connection


def _migrate(connection: sqlite3.Connection, migrations: Sequence[str]) -> None:
    done: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if done > len(migrations):
        raise StoreError(f"the database has version {done}, this release knows {len(migrations)}: it is older")
    for number, script in enumerate(migrations[done:], done + 1):
        try:
            connection.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _sync_folder(folder: Path) -> None:
    """Make a new file's name durable; the file itself is SQLite's business."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
