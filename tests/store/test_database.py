"""The database: durable, grouped, each work alone."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
import threading
from pathlib import Path

import pytest

from scop.store import Database, StoreError

SCHEMA = ("CREATE TABLE word (word TEXT UNIQUE NOT NULL)",)

# Commits 'kept', then begins a work that never ends and says so; it waits to be killed.
CRASHING = """
import asyncio, sys, threading
from pathlib import Path
from scop.store import Database

def hang(sql):
    sql.execute("INSERT INTO word VALUES ('lost')")
    print("writing", flush=True)
    threading.Event().wait()

async def main():
    database = Database.open(Path(sys.argv[1]), ("CREATE TABLE word (word TEXT UNIQUE NOT NULL)",))
    await database.write(lambda sql: sql.execute("INSERT INTO word VALUES ('kept')"))
    await database.write(hang)

asyncio.run(main())
"""


async def add(database: Database, word: str) -> None:
    """Store one word."""
    await database.write(lambda sql: sql.execute("INSERT INTO word VALUES (?)", (word,)))


def all_words(sql: sqlite3.Connection) -> list[str]:
    """Read every word."""
    return [word for (word,) in sql.execute("SELECT word FROM word ORDER BY word")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database may lie."""
    return tmp_path / "words.db"


async def test_database_keeps_what_it_committed_through_a_kill_and_nothing_else(path: Path) -> None:
    """A work that returned survives SIGKILL; one that was running leaves no trace."""
    command = (sys.executable, "-c", CRASHING, str(path))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    assert b"writing\n" == await process.stdout.readline()
    process.kill()
    assert -signal.SIGKILL == await process.wait()
    database = Database.open(path, SCHEMA)
    assert ["kept"] == await database.read(all_words)
    await database.close()


async def test_database_syncs_every_commit(path: Path) -> None:
    """The writer runs with a write-ahead log that is synced at each commit."""
    database = Database.open(path, SCHEMA)

    def settings(sql: sqlite3.Connection) -> tuple[str, int]:
        return sql.execute("PRAGMA journal_mode").fetchone()[0], sql.execute("PRAGMA synchronous").fetchone()[0]

    assert ("wal", 2) == await database.write(settings)  # 2 is FULL
    await database.close()


async def test_database_works_that_arrive_during_a_commit_share_the_next(path: Path) -> None:
    """However many works arrive while one runs, one commit serves them all."""
    database = Database.open(path, SCHEMA)
    running, release = threading.Event(), threading.Event()

    def hold(_: sqlite3.Connection) -> None:
        running.set()
        assert release.wait(10)

    first = asyncio.ensure_future(database.write(hold))
    await asyncio.to_thread(running.wait, 10)
    rest = [asyncio.ensure_future(add(database, str(number))) for number in range(100)]
    await asyncio.wait(rest, timeout=0)  # let each put its work in line
    release.set()
    await asyncio.gather(first, *rest)
    assert 2 == database.commits
    assert 100 == len(await database.read(all_words))
    await database.close()


async def test_database_a_work_that_raises_fails_alone(path: Path) -> None:
    """In a group each work has a savepoint: what one did before it raised is undone, the others stay."""
    database = Database.open(path, SCHEMA)

    def break_off(sql: sqlite3.Connection) -> None:
        sql.execute("INSERT INTO word VALUES ('half')")
        raise LookupError("no")

    outcomes = await asyncio.gather(
        add(database, "a"), database.write(break_off), add(database, "a"), add(database, "b"), return_exceptions=True
    )
    assert [type(None), LookupError, sqlite3.IntegrityError, type(None)] == [type(outcome) for outcome in outcomes]
    assert ["a", "b"] == await database.read(all_words)
    await database.close()


async def test_database_a_work_that_ends_the_transaction_fails_with_its_group(path: Path) -> None:
    """Where the transaction is gone (a full disk does that), all who shared it are told; the next is fine."""
    database = Database.open(path, SCHEMA)

    def roll_back(sql: sqlite3.Connection) -> None:
        sql.execute("INSERT INTO word VALUES ('lost')")
        sql.execute("ROLLBACK")
        raise sqlite3.OperationalError("disk full")

    with pytest.raises(sqlite3.OperationalError, match="disk full"):
        await database.write(roll_back)
    await add(database, "after")
    assert ["after"] == await database.read(all_words)
    await database.close()


async def test_database_reads_beside_a_running_write(path: Path) -> None:
    """A read sees the last commit and does not wait for the writer."""
    database = Database.open(path, SCHEMA)
    await add(database, "old")
    running, release = threading.Event(), threading.Event()

    def hold(sql: sqlite3.Connection) -> None:
        sql.execute("INSERT INTO word VALUES ('new')")
        running.set()
        assert release.wait(10)

    writing = asyncio.ensure_future(database.write(hold))
    await asyncio.to_thread(running.wait, 10)
    assert ["old"] == await database.read(all_words)
    release.set()
    await writing
    assert ["new", "old"] == await database.read(all_words)
    await database.close()


async def test_database_read_cannot_write(path: Path) -> None:
    """The reading connection refuses changes."""
    database = Database.open(path, SCHEMA)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.read(lambda sql: sql.execute("INSERT INTO word VALUES ('x')"))
    assert [] == await database.read(all_words)
    await database.close()


async def test_database_does_what_was_asked_by_a_cancelled_caller(path: Path) -> None:
    """A caller that is gone neither undoes its work nor harms the group it was in."""
    database = Database.open(path, SCHEMA)
    abandoned = asyncio.ensure_future(add(database, "a"))
    await asyncio.wait([abandoned], timeout=0)
    abandoned.cancel()
    await add(database, "b")
    assert ["a", "b"] == await database.read(all_words)
    await database.close()


async def test_database_close_finishes_what_was_asked(path: Path) -> None:
    """Works in line are committed before the file is closed; later ones are refused."""
    database = Database.open(path, SCHEMA)
    adding = asyncio.ensure_future(add(database, "last"))
    await asyncio.wait([adding], timeout=0)
    await database.close()
    await database.close()
    await adding
    with pytest.raises(StoreError, match="closed"):
        await add(database, "late")
    again = Database.open(path, SCHEMA)
    assert ["last"] == await again.read(all_words)
    await again.close()


async def test_database_starts_no_thread_before_it_is_asked(path: Path) -> None:
    """Opening and closing a database that nobody used starts no thread, so a cell may confine in between."""
    before = threading.active_count()
    database = Database.open(path, SCHEMA)
    assert before == threading.active_count()
    await database.close()


async def test_database_runs_each_migration_once(path: Path) -> None:
    """What `user_version` counts is not done again; new scripts are."""
    database = Database.open(path, SCHEMA)
    await add(database, "old")
    await database.close()
    newer = Database.open(path, (*SCHEMA, "ALTER TABLE word ADD COLUMN seen INTEGER NOT NULL DEFAULT 7"))
    assert [("old", 7)] == await newer.read(lambda sql: sql.execute("SELECT * FROM word").fetchall())
    await newer.close()


def test_database_a_failing_migration_changes_nothing(path: Path) -> None:
    """A script is done as a whole or not at all."""
    with pytest.raises(sqlite3.OperationalError):
        Database.open(path, ("CREATE TABLE a (x); CREATE TABLE a (x)",))
    with sqlite3.connect(path) as sql:
        assert [] == sql.execute("SELECT name FROM sqlite_master").fetchall()
    sql.close()


async def test_database_of_a_newer_release_is_refused(path: Path) -> None:
    """An older release does not touch tables it does not know."""
    await Database.open(path, (*SCHEMA, "CREATE TABLE later (x)")).close()
    with pytest.raises(StoreError, match="version 2"):
        Database.open(path, SCHEMA)


async def test_database_needs_no_temporary_files(tmp_path: Path) -> None:
    """A confined process may write nowhere but in its own folder, so journals of statements stay in memory."""
    database = Database.open(tmp_path / "some.db", ("CREATE TABLE words (word TEXT)",))
    in_memory = 2
    assert (in_memory,) == await database.write(lambda sql: sql.execute("PRAGMA temp_store").fetchone())
    assert (in_memory,) == await database.read(lambda sql: sql.execute("PRAGMA temp_store").fetchone())
    await database.close()
