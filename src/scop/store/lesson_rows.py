"""The tables of what people taught: each lesson until it is taken back, and what models have yet to unlearn.

A lesson has a number that only rises. Of each model that this store wrote it is noted up to which number it holds all
lessons; what is newer is learned again at the start. A lesson that is taken back is deleted, and noted with its number:
a model that held it has to unlearn it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from scop.spam import Lesson

__all__ = [
    "ITSELF",
    "MIGRATIONS",
    "TRAINER",
    "Changed",
    "Count",
    "Marks",
    "add",
    "counted",
    "forget_some",
    "known_marks",
    "label_of",
    "lessons_since",
    "marks_now",
    "newest_of",
    "newest_of_people",
    "note_model",
    "of_people",
    "people",
    "prune",
    "remove",
    "settle_model",
    "unlearned_since",
]

TRAINER = ""  # whoever sorted mail to train the filter with
ITSELF = "*"  # the filter, by verdicts that were sure; no account has such a name
FORGOTTEN_AT_ONCE = 16  # each takes a millisecond or two, in which no mail is weighed
_SETTLED_AT_ONCE = 4  # one would do, but for numbers that are others'

MIGRATIONS = (
    """
    CREATE TABLE store (key BLOB NOT NULL);  -- that the lessons are made with
    CREATE TABLE lesson (
        number INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: models refer to it
        account TEXT NOT NULL,
        digest BLOB NOT NULL,  -- of the mail
        label TEXT NOT NULL,
        octets BLOB NOT NULL,  -- empty: it is in the model for good
        UNIQUE (account, digest)
    );
    CREATE INDEX lesson_on_mail ON lesson (digest);
    CREATE INDEX lesson_of_account ON lesson (account);  -- in the order of numbers
    CREATE TABLE teacher (account TEXT PRIMARY KEY, ham INTEGER NOT NULL, spam INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE taken_back (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        number INTEGER NOT NULL,
        octets BLOB NOT NULL
    );
    CREATE TABLE model (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        digest BLOB NOT NULL UNIQUE,  -- of its file
        lessons INTEGER NOT NULL,  -- it holds those with these numbers at most,
        taken_back INTEGER NOT NULL  -- and has unlearned those with these ids at most
    );
    """,
    "ALTER TABLE model ADD COLUMN was_trained_elsewhere INTEGER NOT NULL DEFAULT 0",  # none of the trainer's is in it
)


class Marks(NamedTuple):
    """How far into the lessons a model has come."""

    lessons: int
    taken_back: int


@dataclass(frozen=True, slots=True)
class Changed:
    """What a lesson led to: whether it is new, and what had to go for it."""

    is_new: bool
    gone: tuple[Lesson, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """How many lessons of each kind somebody taught."""

    ham: int = 0
    spam: int = 0

    @property
    def all(self) -> int:
        """How many there are."""
        return self.ham + self.spam


def add(sql: sqlite3.Connection, lesson: Lesson, room: int) -> Changed:
    """Add a lesson; another of the same account on the same mail goes, and the oldest where there are more than `room`.

    Of the trainer's the oldest stay in the model, and cannot be taken back any more. What the filter taught itself of
    this mail goes as well, and it teaches itself nothing of a mail that a person taught: a person knows better.
    """
    if label_of(sql, lesson.account, lesson.digest) == lesson.label:
        return Changed(is_new=False)
    if lesson.account == ITSELF and sql.execute("SELECT 1 FROM lesson WHERE digest = ?", (lesson.digest,)).fetchone():
        return Changed(is_new=False)
    gone = remove(sql, lesson.account, lesson.digest) + remove(sql, ITSELF, lesson.digest)
    _drop_settled(sql, lesson)
    number = sql.execute(
        "INSERT INTO lesson (account, digest, label, octets) VALUES (?, ?, ?, ?)",
        (lesson.account, lesson.digest, lesson.label, lesson.to_octets()),
    ).lastrowid
    _count(sql, lesson.account, lesson.label, 1)
    if lesson.account == TRAINER:
        _settle(sql, (number or 0) - room)
    elif counted(sql, lesson.account).all > room:
        gone += _remove_where(sql, "account = ? ORDER BY number LIMIT 1", (lesson.account,))
    return Changed(is_new=True, gone=gone)


def _settle(sql: sqlite3.Connection, number: int) -> None:
    """Leave lessons of the trainer to the model where its file holds them: tens of thousands take much room."""
    sql.execute(
        "UPDATE lesson SET octets = x'' WHERE number BETWEEN ? AND ? AND account = ?"
        " AND number <= (SELECT coalesce(max(lessons), 0) FROM model)",
        (number - _SETTLED_AT_ONCE, number, TRAINER),
    )


def _drop_settled(sql: sqlite3.Connection, lesson: Lesson) -> None:
    """Let the trainer say something else of a mail that is in the model for good: both words count then."""
    found = sql.execute(
        "DELETE FROM lesson WHERE account = ? AND digest = ? RETURNING label", (lesson.account, lesson.digest)
    ).fetchone()
    if found is not None:
        _count(sql, lesson.account, found[0], -1)


def remove(sql: sqlite3.Connection, account: str, digest: bytes) -> tuple[Lesson, ...]:
    """Take back what an account said of a mail, if anything."""
    return _remove_where(sql, "account = ? AND digest = ?", (account, digest))


def forget_some(sql: sqlite3.Connection, account: str) -> tuple[Lesson, ...]:
    """Take back some lessons of an account; none where there are none left."""
    return _remove_where(sql, f"account = ? LIMIT {FORGOTTEN_AT_ONCE}", (account,))


def counted(sql: sqlite3.Connection, account: str) -> Count:
    """Return how much an account taught."""
    found = sql.execute("SELECT ham, spam FROM teacher WHERE account = ?", (account,)).fetchone()
    return Count(*found) if found else Count()


def people(sql: sqlite3.Connection) -> tuple[int, Count]:
    """Return how many people taught, and how many lessons."""
    number, ham, spam = sql.execute(
        "SELECT count(*), coalesce(sum(ham), 0), coalesce(sum(spam), 0) FROM teacher WHERE account NOT IN (?, ?)",
        (TRAINER, ITSELF),
    ).fetchone()
    return int(number), Count(ham, spam)


def label_of(sql: sqlite3.Connection, account: str, digest: bytes) -> str:
    """Return what an account called a mail; '' where it said nothing of it."""
    found = sql.execute("SELECT label FROM lesson WHERE account = ? AND digest = ?", (account, digest)).fetchone()
    return str(found[0]) if found else ""


def newest_of(sql: sqlite3.Connection, account: str, count: int) -> tuple[Lesson, ...]:
    """Return the last lessons of an account."""
    found = sql.execute("SELECT octets FROM lesson WHERE account = ? ORDER BY number DESC LIMIT ?", (account, count))
    return tuple(_lessons(found))


def newest_of_people(sql: sqlite3.Connection, count: int) -> tuple[Lesson, ...]:
    """Return the last lessons of people, in the order in which they were taught."""
    found = sql.execute(
        "SELECT octets FROM lesson WHERE account NOT IN (?, ?) ORDER BY number DESC LIMIT ?", (TRAINER, ITSELF, count)
    )
    return tuple(_lessons(found))[::-1]


def of_people(sql: sqlite3.Connection) -> tuple[Lesson, ...]:
    """Return all lessons but the trainer's, in the order in which they were taught."""
    return tuple(_lessons(sql.execute("SELECT octets FROM lesson WHERE account <> ? ORDER BY number", (TRAINER,))))


# What a model holds


def marks_now(sql: sqlite3.Connection) -> Marks:
    """Return the marks of a model that has learned all that is here."""
    highest = dict(sql.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    return Marks(highest.get("lesson", 0), highest.get("taken_back", 0))


def note_model(sql: sqlite3.Connection, digest: bytes, marks: Marks, *, was_trained_elsewhere: bool) -> None:
    """Note what a model holds whose file is about to be put in its place."""
    sql.execute("DELETE FROM model WHERE digest = ?", (digest,))
    sql.execute(
        "INSERT INTO model (digest, lessons, taken_back, was_trained_elsewhere) VALUES (?, ?, ?, ?)",
        (digest, *marks, was_trained_elsewhere),
    )


def settle_model(sql: sqlite3.Connection, digest: bytes, key: bytes) -> None:
    """Forget what an earlier model was trained with, where the one in its place now was trained elsewhere."""
    changed = sql.execute(
        "UPDATE model SET was_trained_elsewhere = 0 WHERE digest = ? AND was_trained_elsewhere", (digest,)
    )
    if changed.rowcount:
        sql.execute("UPDATE store SET key = ?", (key,))
        sql.execute("DELETE FROM lesson WHERE account = ?", (TRAINER,))
        sql.execute("DELETE FROM teacher WHERE account = ?", (TRAINER,))


def prune(sql: sqlite3.Connection, digest: bytes, marks: Marks) -> None:
    """Forget all other models than the one that is in its place now, and what that one has unlearned."""
    sql.execute("DELETE FROM model WHERE digest <> ?", (digest,))
    sql.execute("DELETE FROM taken_back WHERE id <= ?", (marks.taken_back,))


def known_marks(sql: sqlite3.Connection, digest: bytes) -> Marks | None:
    """Return what a model of this store holds; None for one that comes from elsewhere."""
    found = sql.execute("SELECT lessons, taken_back FROM model WHERE digest = ?", (digest,)).fetchone()
    return Marks(*found) if found else None


def lessons_since(sql: sqlite3.Connection, marks: Marks) -> Iterator[Lesson]:
    """Yield what a model with these marks has to learn, in the order in which it was taught."""
    yield from _lessons(sql.execute("SELECT octets FROM lesson WHERE number > ? ORDER BY number", (marks.lessons,)))


def unlearned_since(sql: sqlite3.Connection, marks: Marks) -> Iterator[Lesson]:
    """Yield what a model with these marks has to unlearn."""
    found = sql.execute(
        "SELECT octets FROM taken_back WHERE id > ? AND number <= ? ORDER BY id", (marks.taken_back, marks.lessons)
    )
    yield from _lessons(found)


def _lessons(found: sqlite3.Cursor) -> Iterator[Lesson]:
    return (Lesson.parse(octets) for (octets,) in found if octets)


def _remove_where(sql: sqlite3.Connection, condition: str, arguments: tuple[str | bytes, ...]) -> tuple[Lesson, ...]:
    rows = sql.execute(
        f"SELECT number, account, label, octets FROM lesson WHERE octets <> x'' AND {condition}",  # noqa: S608 - words of ours alone
        arguments,
    ).fetchall()
    for number, account, label, octets in rows:
        sql.execute("INSERT INTO taken_back (number, octets) VALUES (?, ?)", (number, octets))
        sql.execute("DELETE FROM lesson WHERE number = ?", (number,))
        _count(sql, account, label, -1)
    return tuple(Lesson.parse(octets) for *_, octets in rows)


def _count(sql: sqlite3.Connection, account: str, label: str, change: int) -> None:
    sql.execute("INSERT OR IGNORE INTO teacher VALUES (?, 0, 0)", (account,))
    column = "ham" if label == "ham" else "spam"
    sql.execute(f"UPDATE teacher SET {column} = {column} + ? WHERE account = ?", (change, account))  # noqa: S608 - as above
    sql.execute("DELETE FROM teacher WHERE account = ? AND ham <= 0 AND spam <= 0", (account,))
