"""What people say of their mail by moving it or by sending it to be learned: it waits here until the filter has it.

A lesson is written with the move that it comes from, in one commit. The last word on a mail counts: a mail that is
moved twice before the filter took the first lesson waits once. Nothing is taken out before the filter answered that
it has it on its disk.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from scop.cells.mailbox.foldering import Folder
from scop.cells.mailbox.vault import trouble_is_temporary
from scop.mesh.vocabulary.filter import MAX_LESSON_OCTETS
from scop.net.faults import TemporaryFailure
from scop.smtp.stamps import split_stamps
from scop.store import Database

__all__ = ["Lesson", "Lessons", "Move", "NoSuchMail", "beginning_of", "label_of_move"]

MAX_WAITING = 5_000  # lessons of one account; then it is told to come again
MAX_WAITING_OCTETS = 128 << 20  # of them: they are in no quota
_KEY_OCTETS = 16


class NoSuchMail(Exception):
    """An account has no mail of that number."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What an account calls a mail: ham or spam; `octets` bear our stamps."""

    account: str
    label: str
    octets: bytes
    id: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """Which mails of an account go to which folder."""

    account: str
    entries: tuple[int, ...]
    folder: Folder


def label_of_move(before: str, after: str) -> str:
    """Return what a move from folder to folder says of a mail; '' where it says nothing.

    Quarantine is about attachments: who takes a mail out of there, or puts it in, says nothing of its words.
    """
    if before == after or Folder.QUARANTINE in (before, after):
        return ""
    if after == Folder.JUNK:
        return "spam"
    return "ham" if before == Folder.JUNK else ""


def beginning_of(octets: bytes, hostname: str) -> bytes:
    """Return a mail with our stamps and as much of the rest as travels to the filter; the same rest for each copy."""
    stamps, below = split_stamps(octets, hostname)
    return octets if len(below) <= MAX_LESSON_OCTETS else stamps + below[:MAX_LESSON_OCTETS]


class Lessons:
    """The lessons in the vault's database; every method raises `TemporaryFailure` where the disk fails."""

    def __init__(self, database: Database, hostname: str) -> None:
        self._database = database
        self._hostname = hostname

    async def move(self, move: Move) -> tuple[int, int]:
        """Move mails and note what that teaches, in one commit; return how many moved, and how many lessons wait.

        Raises `NoSuchMail`, and then nothing is moved.
        """
        with trouble_is_temporary():
            return await self._database.write(lambda sql: self._move(sql, move))

    async def add(self, lessons: Sequence[Lesson]) -> None:
        """Have lessons wait for the filter, durably."""
        with trouble_is_temporary():
            await self._database.write(lambda sql: self._put_all(sql, lessons))

    async def waiting(self, count: int) -> tuple[Lesson, ...]:
        """Return the oldest lessons that the filter does not have yet."""
        with trouble_is_temporary():
            return await self._database.read(lambda sql: _waiting(sql, count))

    async def done(self, lessons: Sequence[Lesson]) -> None:
        """Take out what the filter has; a later word on the same mail has another id, and stays."""
        with trouble_is_temporary():
            await self._database.write(
                lambda sql: sql.executemany("DELETE FROM lesson WHERE id = ?", [(lesson.id,) for lesson in lessons])
            )

    async def teachers(self, accounts: Sequence[str]) -> tuple[str, ...]:
        """Return those of the accounts that have taught the filter, so that their view may differ from all others'."""
        with trouble_is_temporary():
            return await self._database.read(
                lambda sql: tuple(filter(lambda account: _teaches(sql, account), accounts))
            )

    async def forget(self, account: str) -> int:
        """Take out what an account taught and the filter does not have yet; return how many lessons."""
        with trouble_is_temporary():
            return await self._database.write(lambda sql: _forget(sql, account))

    def _move(self, sql: sqlite3.Connection, move: Move) -> tuple[int, int]:
        moved = lessons = 0
        for entry in dict.fromkeys(move.entries):
            found: tuple[str, bytes] | None = sql.execute(
                "SELECT folder, octets FROM entry JOIN content ON content.id = entry.content"
                " WHERE account = ? AND entry.id = ?",
                (move.account, entry),
            ).fetchone()
            if found is None:
                raise NoSuchMail(entry)
            before, octets = found
            moved += before != move.folder
            if label := label_of_move(before, move.folder):
                self._put(sql, Lesson(move.account, label, octets))
                lessons += 1
            sql.execute("UPDATE entry SET folder = ? WHERE id = ?", (move.folder, entry))
        return moved, lessons

    def _put_all(self, sql: sqlite3.Connection, lessons: Sequence[Lesson]) -> None:
        for lesson in lessons:
            self._put(sql, lesson)

    def _put(self, sql: sqlite3.Connection, lesson: Lesson) -> None:
        octets = beginning_of(lesson.octets, self._hostname)
        _, below = split_stamps(octets, self._hostname)
        key = hashlib.blake2b(below, digest_size=_KEY_OCTETS).digest()
        waiting, waiting_octets = sql.execute(
            "SELECT count(*), coalesce(sum(length(octets)), 0) FROM lesson WHERE account = ?", (lesson.account,)
        ).fetchone()
        if waiting >= MAX_WAITING or waiting_octets + len(octets) > MAX_WAITING_OCTETS:
            raise TemporaryFailure(f"{waiting} lessons of {lesson.account} wait for the filter already")
        sql.execute(
            "INSERT OR REPLACE INTO lesson (account, key, label, octets) VALUES (?, ?, ?, ?)",
            (lesson.account, key, lesson.label, octets),
        )
        sql.execute("INSERT OR IGNORE INTO teacher VALUES (?)", (lesson.account,))


def _waiting(sql: sqlite3.Connection, count: int) -> tuple[Lesson, ...]:
    rows = sql.execute("SELECT account, label, octets, id FROM lesson ORDER BY id LIMIT ?", (count,))
    return tuple(Lesson(*row) for row in rows)


def _teaches(sql: sqlite3.Connection, account: str) -> bool:
    return sql.execute("SELECT 1 FROM teacher WHERE account = ?", (account,)).fetchone() is not None


def _forget(sql: sqlite3.Connection, account: str) -> int:
    sql.execute("DELETE FROM teacher WHERE account = ?", (account,))
    return sql.execute("DELETE FROM lesson WHERE account = ?", (account,)).rowcount
