"""The notifier's queue: what was said of pipelines, and what of it stands in which room.

A webhook is taken in one transaction: its delivery id, what is known now, and what every room should show. So a sender
that is told "yes" will be heard, and one that asks twice is heard once. What rooms show is kept as two texts a message,
`wanted` and `posted`: where they differ there is something to do, and ten changes while a server is away are one
edit.

Nothing is posted twice. Before a message goes out its text and its transaction id are fixed on the disk (`next`); it is
sent with them until the server has named the event (`posted`), also by the process that comes after this one.
One process at a time posts. Others keep beside it (`open_to_keep`), and what they keep goes out with who posts next.

Nothing here is sealed: what encrypted rooms are told lies in the file in the clear, and only its mode guards it.

Standards: Matrix v1.19 CS §Transaction identifiers.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scop.matrix.json_values import JsonObject
from scop.matrix.notifier.kept import (
    content_of,
    content_to_octets,
    known_of,
    known_to_octets,
    room_of,
    room_to_octets,
    verdicts_of,
    verdicts_to_octets,
)
from scop.matrix.notifier.report import Report
from scop.matrix.notifier.rooms import Room
from scop.matrix.notifier.threads import FIRST, Audience, Wanted, fold, message, pipeline_after, wanted
from scop.store.database import Database
from scop.store.faults import StoreError

__all__ = ["Notices", "Outgoing", "Taken"]

DELIVERY_DAYS = 8  # that an id is remembered: forges let people send again what is a few days old
PIPELINE_DAYS = 60  # that a pipeline is known after its last webhook
_DAY_SECONDS = 86_400

MIGRATIONS = (
    """
    CREATE TABLE queue (name TEXT NOT NULL, turn INTEGER NOT NULL);
    INSERT INTO queue VALUES (lower(hex(randomblob(8))), 0);
    CREATE TABLE delivery (hook TEXT NOT NULL, id TEXT NOT NULL, unix REAL NOT NULL, PRIMARY KEY (hook, id))
        WITHOUT ROWID;
    CREATE TABLE pipeline (key TEXT PRIMARY KEY, known BLOB NOT NULL, unix REAL NOT NULL) WITHOUT ROWID;
    CREATE TABLE line (name TEXT PRIMARY KEY, verdicts BLOB NOT NULL, unix REAL NOT NULL) WITHOUT ROWID;
    CREATE TABLE post (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        room TEXT NOT NULL,
        thread TEXT NOT NULL,
        place TEXT NOT NULL,
        wanted BLOB NOT NULL,
        posted BLOB,
        sending BLOB,
        event_id TEXT NOT NULL DEFAULT '',
        revision INTEGER NOT NULL DEFAULT 0,
        turn INTEGER,
        unix REAL NOT NULL,
        UNIQUE (thread, room, place)
    );
    CREATE INDEX due ON post (room, turn) WHERE turn IS NOT NULL;
    CREATE TABLE seen (list TEXT NOT NULL, item TEXT NOT NULL, PRIMARY KEY (list, item)) WITHOUT ROWID;
    """,
    "CREATE TABLE room (name TEXT PRIMARY KEY, wishes BLOB NOT NULL) WITHOUT ROWID;",
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a delivery."""

    is_new: bool  # False: its id was there before, and nothing was done
    posts: int = 0  # how many messages are to be posted or edited because of it


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way, the same until it has arrived."""

    number: int
    room: str
    transaction_id: str
    content: JsonObject


class Notices:
    """Opened by `Notices.open` or `Notices.open_to_keep`; all else is awaited on one event loop."""

    def __init__(self, database: Database, held: BinaryIO | None) -> None:
        self._database = database
        self._held = held

    @classmethod
    def open(cls, path: Path) -> Notices:
        """Open or make the queue; raises `StoreError` where another process has it."""
        held = _held(path)
        try:
            return cls(_database(path), held)
        except BaseException:
            held.close()
            raise

    @classmethod
    def open_to_keep(cls, path: Path) -> Notices:
        """Open or make the queue beside who posts from it: for all but `next` and what follows from it."""
        path.touch(0o600)
        return cls(_database(path), None)

    async def take(
        self, delivery: tuple[str, str] | None, report: Report | None, audience: Audience, unix: float
    ) -> Taken:
        """Take in what was said, durably, under a delivery's hook and id."""
        return await self._database.write(lambda sql: _take(sql, delivery, report, audience, unix))

    async def say(self, name: str, room: str, content: JsonObject, unix: float) -> None:
        """Take in a message that is of no pipeline, durably; one name is said once in a room."""
        await self._database.write(lambda sql: _want(sql, f"said\n{name}", Wanted(room, FIRST, content), unix))

    async def keep_room(self, room: Room) -> None:
        """Keep how a room should be, durably, for whom posts to it later."""
        row = (room.room, room_to_octets(room))
        await self._database.write(lambda sql: sql.execute("INSERT OR REPLACE INTO room VALUES (?, ?)", row))

    async def next(self, room: str) -> Outgoing | None:
        """Return what is to be sent to a room now, fixed on the disk; the same until it is `posted` or `dropped`."""
        assert self._held is not None, "two that post would post everything twice"
        return await self._database.write(lambda sql: _next(sql, room))

    async def posted(self, outgoing: Outgoing, event_id: str) -> Outgoing | None:
        """Keep that a message has arrived, and return the room's next one, in one commit."""
        return await self._database.write(lambda sql: _posted(sql, outgoing, event_id))

    async def dropped(self, outgoing: Outgoing) -> Outgoing | None:
        """Keep that a server will never take a message, and return the room's next one."""
        return await self._database.write(lambda sql: _posted(sql, outgoing, ""))

    async def waiting(self) -> dict[str, int]:
        """Return by room how many messages are to be sent."""
        query = "SELECT room, count(*) FROM post WHERE turn IS NOT NULL GROUP BY room"
        return await self._database.read(lambda sql: dict(sql.execute(query).fetchall()))

    async def rooms_left(self) -> tuple[Room, ...]:
        """Return the rooms to which something is to be sent, of those that were kept."""
        query = "SELECT wishes FROM room WHERE name IN (SELECT room FROM post WHERE turn IS NOT NULL) ORDER BY name"
        return await self._database.read(lambda sql: tuple(room_of(octets) for (octets,) in sql.execute(query)))

    async def forget(self, room: str) -> int:
        """Give up what is to be sent to a room; return how many messages that were."""
        return await self._database.write(lambda sql: _forget(sql, room))

    async def seen(self, list_name: str) -> frozenset[str]:
        """Return what was noted of a list."""
        query = "SELECT item FROM seen WHERE list = ?"
        return await self._database.read(lambda sql: frozenset(item for (item,) in sql.execute(query, (list_name,))))

    async def note_seen(self, list_name: str, *items: str) -> None:
        """Note items of a list, durably."""
        rows = [(list_name, item) for item in items]
        await self._database.write(lambda sql: sql.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", rows))

    async def prune(self, unix: float) -> None:
        """Forget what nobody speaks of any more; what is to be posted stays."""
        await self._database.write(lambda sql: _prune(sql, unix))

    async def close(self) -> None:
        """Finish what was asked and let go of the file."""
        await self._database.close()
        if self._held is not None:
            self._held.close()


def _held(path: Path) -> BinaryIO:
    """Open the file for us alone: two that post would post everything twice."""
    path.touch(0o600)
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # of another kind than SQLite's own locks
    except BlockingIOError:
        file.close()
        raise StoreError(f"another process posts from {path}: one at a time can") from None
    return file


def _database(path: Path) -> Database:
    """Open the file; those that open it at once do so in turn, so that one of them makes its tables."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        return Database.open(path, MIGRATIONS)
    finally:
        os.close(folder)


# On the writer's thread


def _take(
    sql: sqlite3.Connection, delivery: tuple[str, str] | None, report: Report | None, audience: Audience, unix: float
) -> Taken:
    if delivery is not None:
        new = sql.execute("INSERT OR IGNORE INTO delivery VALUES (?, ?, ?)", (*delivery, unix))
        if not new.rowcount:
            return Taken(is_new=False)
    if report is None:
        return Taken(is_new=True)
    row = sql.execute("SELECT known FROM pipeline WHERE key = ?", (report.key,)).fetchone()
    known = known_of(row[0]) if row else None
    pipeline = pipeline_after(known, report)
    row = sql.execute("SELECT verdicts FROM line WHERE name = ?", (pipeline.line,)).fetchone()
    known, verdicts = fold(known, pipeline, verdicts_of(row[0]) if row else ())
    sql.execute("INSERT OR REPLACE INTO pipeline VALUES (?, ?, ?)", (report.key, known_to_octets(known), unix))
    sql.execute("INSERT OR REPLACE INTO line VALUES (?, ?, ?)", (pipeline.line, verdicts_to_octets(verdicts), unix))
    rooms = {room for (room,) in sql.execute("SELECT DISTINCT room FROM post WHERE thread = ?", (report.key,))}
    wants = wanted(known, audience, rooms)
    return Taken(is_new=True, posts=sum(_want(sql, report.key, want, unix) for want in wants))


def _want(sql: sqlite3.Connection, thread: str, want: Wanted, unix: float) -> bool:
    """Keep what should stand somewhere; say whether that is news."""
    octets = content_to_octets(want.content)
    where = (thread, want.room, want.place)
    row = sql.execute("SELECT number, wanted FROM post WHERE thread = ? AND room = ? AND place = ?", where).fetchone()
    if row is None:
        values = (want.room, thread, want.place, octets, _turn(sql), unix)
        sql.execute("INSERT INTO post (room, thread, place, wanted, turn, unix) VALUES (?, ?, ?, ?, ?, ?)", values)
        return True
    number, before = row
    if before == octets:
        return False
    # It keeps its place in the queue: what changes often would else never be told.
    sql.execute(
        "UPDATE post SET wanted = ?1, unix = ?2, turn = coalesce(turn, ?3) WHERE number = ?4",
        (octets, unix, _turn(sql), number),
    )
    _rest_where_nothing_is_to_do(sql, number)
    return True


def _turn(sql: sqlite3.Connection) -> int:
    """Return the next place in the queue."""
    turn: int = sql.execute("UPDATE queue SET turn = turn + 1 RETURNING turn").fetchone()[0]
    return turn


def _next(sql: sqlite3.Connection, room: str) -> Outgoing | None:
    row = sql.execute("SELECT number FROM post WHERE room = ? AND sending IS NOT NULL", (room,)).fetchone()
    if row is None:
        # What stands in a thread waits for the message that opens it.
        row = sql.execute(
            """SELECT number FROM post WHERE room = ?1 AND turn IS NOT NULL AND (place = ?2 OR EXISTS (
                   SELECT 1 FROM post AS opening WHERE opening.thread = post.thread AND opening.room = ?1
                   AND opening.place = ?2 AND opening.event_id != ''))
               ORDER BY turn LIMIT 1""",
            (room, FIRST),
        ).fetchone()
        if row is None:
            return None
        sql.execute("UPDATE post SET sending = wanted WHERE number = ?", row)
    return _outgoing(sql, row[0])


def _outgoing(sql: sqlite3.Connection, number: int) -> Outgoing:
    room, place, thread, sending, event_id, revision = sql.execute(
        "SELECT room, place, thread, sending, event_id, revision FROM post WHERE number = ?", (number,)
    ).fetchone()
    opening = "" if place == FIRST else _event_of_first(sql, thread, room)
    name: str = sql.execute("SELECT name FROM queue").fetchone()[0]
    content = message(content_of(sending), edits=event_id, thread=opening)
    return Outgoing(number, room, f"scop-{name}-{number}-{revision}", content)


def _event_of_first(sql: sqlite3.Connection, thread: str, room: str) -> str:
    query = "SELECT event_id FROM post WHERE thread = ? AND room = ? AND place = ?"
    event_id: str = sql.execute(query, (thread, room, FIRST)).fetchone()[0]
    return event_id


def _posted(sql: sqlite3.Connection, outgoing: Outgoing, event_id: str) -> Outgoing | None:
    sql.execute(
        """UPDATE post SET posted = sending, sending = NULL, revision = revision + 1,
               event_id = CASE event_id WHEN '' THEN ?1 ELSE event_id END
           WHERE number = ?2 AND sending IS NOT NULL""",
        (event_id, outgoing.number),
    )
    if not _rest_where_nothing_is_to_do(sql, outgoing.number):
        sql.execute("UPDATE post SET turn = ? WHERE number = ?", (_turn(sql), outgoing.number))
    return _next(sql, outgoing.room)


def _rest_where_nothing_is_to_do(sql: sqlite3.Connection, number: int) -> bool:
    done = sql.execute(
        "UPDATE post SET turn = NULL WHERE number = ? AND sending IS NULL AND wanted IS posted", (number,)
    )
    return done.rowcount > 0


def _forget(sql: sqlite3.Connection, room: str) -> int:
    new = sql.execute("DELETE FROM post WHERE room = ? AND turn IS NOT NULL AND posted IS NULL", (room,)).rowcount
    # What stands there stays as it is.
    changed = sql.execute(
        "UPDATE post SET wanted = posted, sending = NULL, turn = NULL WHERE room = ? AND turn IS NOT NULL", (room,)
    ).rowcount
    return new + changed


def _prune(sql: sqlite3.Connection, unix: float) -> None:
    sql.execute("DELETE FROM delivery WHERE unix < ?", (unix - DELIVERY_DAYS * _DAY_SECONDS,))
    before = (unix - PIPELINE_DAYS * _DAY_SECONDS,)
    sql.execute("DELETE FROM line WHERE unix < ?", before)
    at_rest = "SELECT 1 FROM post WHERE post.thread = pipeline.key AND post.turn IS NOT NULL"
    sql.execute(f"DELETE FROM pipeline WHERE unix < ? AND NOT EXISTS ({at_rest})", before)  # noqa: S608 - our own words
    of_none = "NOT EXISTS (SELECT 1 FROM pipeline WHERE pipeline.key = post.thread)"
    sql.execute(f"DELETE FROM post WHERE turn IS NULL AND unix < ? AND {of_none}", before)  # noqa: S608 - our own words
