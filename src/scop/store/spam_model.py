"""A spam model that people teach: what `learn` returned for is on the disk, and each lesson can be taken back exactly.

Theory of operation. The model lies in one file, which is replaced as a whole; lessons lie in a database beside it
(`<file>.lessons`), where those that come together share one sync. A lesson is taken by the model in memory at once, and
undone there where the disk did not take it. After some hundred lessons the model is *folded*: written anew with all
lessons that the disk has, while mail is weighed and lessons wait a moment. The database knows of each file that it
wrote, by its digest, which lessons are in it; so a start after any end learns exactly what is missing, and a model from
elsewhere gets all lessons on top. Of each person the last lessons count, so that the database is
bounded; how much they count for all is said by `scop.spam.witnesses`.

Standards: none.
"""

from __future__ import annotations

import asyncio
import fcntl
import secrets
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

from scop.spam import Classifier, Label, Leanings, Lesson, Witnesses, digest_of
from scop.spam.classifier import KEY_OCTETS
from scop.spam.connection import Connection
from scop.spam.witnesses import KEPT_WITNESSES
from scop.store import lesson_rows as rows
from scop.store.database import Database
from scop.store.faults import StoreError
from scop.store.lesson_rows import ITSELF, TRAINER, Count, Marks
from scop.store.model_file import digest_of_file, digest_of_model, put_in_place, read_model, write_beside

__all__ = ["SpamModel", "SpamModelOptions", "WrongKey"]

MAX_PEOPLE_HELD = 64  # of whom the own view is at hand
PAUSE_EVERY = 8  # lessons that are learned again without letting others run: some ten milliseconds

R = TypeVar("R")


class WrongKey(ValueError):
    """Lessons that were made for one model say nothing to one with another key."""


@dataclass(frozen=True, slots=True)
class SpamModelOptions:
    """How much is kept, and when."""

    own_domains: tuple[str, ...] = ()
    person_lessons: int = 5_000  # the last ones count: some 40 MB on the disk for who reaches that
    trainer_lessons: int = 20_000  # the last ones can be taken back
    own_view_lessons: int = 200  # of a person, that make the own view
    fold_after: int = 250  # lessons that a start has to learn again at most: half a second
    at_work: Callable[[bytes], AbstractContextManager[None]] = lambda _digest: nullcontext()  # while a mail is read
    on_fold_failed: Callable[[OSError | sqlite3.Error], None] = lambda _fault: None


class _Kept(NamedTuple):
    """The lessons on the disk, and the file that is held so that nobody else has them."""

    database: Database
    held: BinaryIO


class SpamModel:
    """The model of one file; opened by `SpamModel.open`, all else is awaited on one event loop.

    Where the disk fails, methods raise `OSError`, `sqlite3.Error` or `StoreError`, and nothing has changed.
    """

    def __init__(self, path: Path, kept: _Kept, classifier: Classifier, options: SpamModelOptions) -> None:
        self.classifier = classifier  # what weighs; another one after each fold
        self._path = path
        self._held = kept.held
        self._database = kept.database
        self._options = options
        self._running: set[asyncio.Task[Any]] = set()  # of all result types
        self._open = asyncio.Event()  # lessons may begin
        self._open.set()
        self._folding = asyncio.Lock()
        self._fold_task: asyncio.Task[None] | None = None
        self._unfolded = 0
        self._views: OrderedDict[str, Leanings] = OrderedDict()
        self._witnesses = Witnesses()

    @classmethod
    def open(cls, path: Path, options: SpamModelOptions = SpamModelOptions()) -> SpamModel:
        """Open or make the model and its lessons; blocks.

        Raises `OSError`, `StoreError`, and `ValueError` where the file is no model.
        """
        lessons = path.with_name(f"{path.name}.lessons")
        held = _held(lessons)
        try:
            return cls._opened(path, held, options)
        except BaseException:
            if not lessons.stat().st_size:  # it was made for nothing, beside a file that is no model
                lessons.unlink()
            held.close()
            raise

    @classmethod
    def _opened(cls, path: Path, held: BinaryIO, options: SpamModelOptions) -> SpamModel:
        lessons = Path(held.name)
        found = read_model(path) if path.exists() else None
        database = Database.open(lessons, rows.MIGRATIONS)
        with closing(sqlite3.connect(lessons, isolation_level=None)) as sql:
            key = _key(sql, found)
            classifier = found or Classifier(key)
            pending = _catch_up(sql, classifier, digest_of_file(path) if found else b"", key)
            witnesses = Witnesses(rows.newest_of_people(sql, KEPT_WITNESSES))
        classifier.acquaintances.belong_to(options.own_domains)
        model = cls(path, _Kept(database, held), classifier, options)
        model._unfolded, model._witnesses = pending, witnesses
        return model

    async def learn(
        self, octets: bytes, label: Label | str, *, account: str = TRAINER, connection: Connection | None = None
    ) -> bool:
        """Learn that an account calls a mail ham or spam, durably; return whether that is new.

        `octets` stand below our stamps. The last word of an account on a mail counts, and counts once.
        """
        return await self._alone_from_folds(lambda: self._learn(octets, label, account, connection))

    async def take_back(self, digest: bytes, *, account: str = TRAINER) -> bool:
        """Take back what an account said of the mail with this digest, durably; return whether it said anything."""
        gone = await self._alone_from_folds(
            lambda: self._changed(account, lambda sql: rows.remove(sql, account, digest))
        )
        return bool(gone)

    async def forget(self, account: str) -> int:
        """Take back all that an account taught, durably; return how many lessons."""
        count = 0
        while gone := await self._alone_from_folds(
            lambda: self._changed(account, lambda sql: rows.forget_some(sql, account))
        ):
            count += len(gone)
        return count

    async def leanings(self, account: str) -> Leanings:
        """Return what an account's own lessons amount to, for its own view."""
        found = self._views.pop(account, None)
        if found is None:
            count = self._options.own_view_lessons
            found = Leanings.of(await self._database.read(lambda sql: rows.newest_of(sql, account, count)))
        self._views[account] = found
        if len(self._views) > MAX_PEOPLE_HELD:
            self._views.popitem(last=False)
        return found

    async def counted(self, account: str) -> Count:
        """Return how many lessons an account taught."""
        return await self._database.read(lambda sql: rows.counted(sql, account))

    async def people(self) -> tuple[int, Count]:
        """Return how many people taught, and how many lessons; trainer and filter are none."""
        return await self._database.read(rows.people)

    async def install(self, octets: bytes) -> None:
        """Put another model in the place of this one, people's lessons on top of it, durably.

        What this one was trained with is forgotten. Raises `ValueError` where the octets are no model, and `WrongKey`
        where there are lessons and they were made for another key.
        """
        fresh = Classifier.load(octets)
        fresh.acquaintances.belong_to(self._options.own_domains)
        async with self._folding:
            await self._quiet()
            try:
                await self._replace(fresh)
            finally:
                self._open.set()

    async def fold(self) -> None:
        """Write the model's file with all that was learned; mail is weighed meanwhile, lessons wait for a moment."""
        async with self._folding:
            await self._quiet()
            try:
                marks = await self._marks()
                octets = self.classifier.save()
            finally:
                self._open.set()
            await self._write(octets, marks, self.classifier.key)
            del octets
            await self._map_anew(marks)

    async def close(self) -> None:
        """Finish what was asked, fold what is not folded yet, and close."""
        while self._running:
            await asyncio.wait(self._running)
        if self._fold_task is not None:
            await asyncio.wait({self._fold_task})
        if self._unfolded:
            await self._fold_or_tell()
        await self._database.close()
        self._held.close()

    # One lesson

    async def _learn(self, octets: bytes, label: Label | str, account: str, connection: Connection | None) -> bool:
        digest = digest_of(octets)
        known, own = await self._database.read(
            lambda sql: (rows.label_of(sql, account, digest), rows.counted(sql, account))
        )
        if known == label:
            return False  # training that begins anew comes to where it was without reading a mail twice
        with self._options.at_work(digest):
            lesson = self.classifier.lesson_of(octets, label, account=account, connection=connection)
        room = self._options.trainer_lessons
        if account != TRAINER:
            room = self._options.person_lessons
            others = self.classifier.ham_count + self.classifier.spam_count - own.all
            lesson = lesson.lighter(self._witnesses.units_for(lesson, own.all, others))
        self._take(lesson)
        try:
            changed = await self._database.write(lambda sql: rows.add(sql, lesson, room))
        except BaseException:
            self._take_back_all((lesson,))
            raise
        self._take_back_all(changed.gone if changed.is_new else (lesson, *changed.gone))
        self._views.pop(account, None)
        self._note_unfolded(changed.is_new + len(changed.gone))
        return changed.is_new

    async def _changed(
        self, account: str, change: Callable[[sqlite3.Connection], tuple[Lesson, ...]]
    ) -> tuple[Lesson, ...]:
        gone = await self._database.write(change)
        self._take_back_all(gone)
        self._views.pop(account, None)
        self._note_unfolded(len(gone))
        return gone

    def _take(self, lesson: Lesson) -> None:
        self.classifier.take(lesson)
        if lesson.account not in (TRAINER, ITSELF):
            self._witnesses.take(lesson)

    def _take_back_all(self, gone: Sequence[Lesson]) -> None:
        for lesson in gone:
            self.classifier.take_back(lesson)
        self._witnesses.take_back(gone)

    async def _alone_from_folds(self, work: Callable[[], Coroutine[Any, Any, R]]) -> R:
        """Run `work` to its end, whatever becomes of who asked: the disk and the memory must stay alike."""
        await self._open.wait()
        task = asyncio.get_running_loop().create_task(work())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    # All lessons

    async def _quiet(self) -> None:
        """Let no lesson begin, and wait for those that have begun."""
        self._open.clear()
        while self._running:
            await asyncio.wait(self._running)

    async def _marks(self) -> Marks:
        self._unfolded = 0
        return await self._database.read(rows.marks_now)

    async def _write(self, octets: bytes, marks: Marks, key: bytes, *, was_trained_elsewhere: bool = False) -> None:
        """Put a model in its place; at each moment the database knows what is in the file that is there."""

        def settle(sql: sqlite3.Connection) -> None:
            rows.settle_model(sql, digest, key)
            rows.prune(sql, digest, marks)

        digest = await asyncio.to_thread(digest_of_model, octets)
        await asyncio.to_thread(write_beside, self._path, octets)
        await self._database.write(
            lambda sql: rows.note_model(sql, digest, marks, was_trained_elsewhere=was_trained_elsewhere)
        )
        await asyncio.to_thread(put_in_place, self._path)
        await self._database.write(settle)

    async def _map_anew(self, marks: Marks) -> None:
        """Weigh by the file, so that the pages that lessons copied are let go."""
        await self._quiet()
        try:
            classifier = read_model(self._path)
            classifier.acquaintances.belong_to(self._options.own_domains)
            for lesson in await self._database.read(lambda sql: tuple(rows.unlearned_since(sql, marks))):
                classifier.take_back(lesson)
            for lesson in await self._database.read(lambda sql: tuple(rows.lessons_since(sql, marks))):
                classifier.take(lesson)
            self.classifier = classifier
        finally:
            self._open.set()

    async def _replace(self, fresh: Classifier) -> None:
        lessons = await self._database.read(rows.of_people)
        if lessons and fresh.key != self.classifier.key:
            raise WrongKey(
                f"this model was made with another key than the {len(lessons)} lessons that were taught here; "
                "train this filter itself, which keeps them (`scop spam train`)"
            )
        for number, lesson in enumerate(lessons):
            fresh.take(lesson)
            if number % PAUSE_EVERY == 0:
                await asyncio.sleep(0)
        await self._write(fresh.save(), await self._marks(), fresh.key, was_trained_elsewhere=True)
        self._views.clear()
        self.classifier = fresh

    def _note_unfolded(self, count: int) -> None:
        self._unfolded += count
        is_folding = self._fold_task is not None and not self._fold_task.done()
        if self._unfolded >= self._options.fold_after and not is_folding:
            self._fold_task = asyncio.get_running_loop().create_task(self._fold_or_tell())

    async def _fold_or_tell(self) -> None:
        """Fold; where the disk is full the lessons are safe all the same, and the next ones try again."""
        try:
            await self.fold()
        except (OSError, sqlite3.Error) as fault:
            self._options.on_fold_failed(fault)


def _held(path: Path) -> BinaryIO:
    """Open a file that is let go with the process at the latest; raises `StoreError` where another process has it.

    Two that learn would each replace the model with what the other has not learned.
    """
    path.touch(0o600)  # as the model itself: lessons tell what people write, to who has the key beside them
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # of another kind than SQLite's own locks
    except BlockingIOError:
        file.close()
        raise StoreError(f"another process has {path} open: one at a time can teach a model") from None
    return file


def _key(sql: sqlite3.Connection, found: Classifier | None) -> bytes:
    """Return the key that lessons are made with; made at the first time."""
    known: tuple[bytes] | None = sql.execute("SELECT key FROM store").fetchone()
    if known is not None:
        return known[0]
    key = found.key if found else secrets.token_bytes(KEY_OCTETS)
    sql.execute("INSERT INTO store VALUES (?)", (key,))
    return key


def _catch_up(sql: sqlite3.Connection, classifier: Classifier, digest: bytes, key: bytes) -> int:
    """Have a model learn what the disk has and it has not; return how many lessons. Raises `WrongKey`."""
    rows.settle_model(sql, digest, classifier.key)  # of an install that was ended before it said so
    marks = rows.known_marks(sql, digest) or Marks(0, rows.marks_now(sql).taken_back)
    count = 0
    for lesson in rows.unlearned_since(sql, marks):
        classifier.take_back(lesson)
        count += 1
    for lesson in rows.lessons_since(sql, marks):
        if classifier.key != key:
            raise WrongKey(
                "the spam model was made with another key than the lessons that lie beside it; put the old one back, "
                "or take the file of lessons away to forget them"
            )
        classifier.take(lesson)
        count += 1
    if classifier.key != key:
        sql.execute("UPDATE store SET key = ?", (classifier.key,))
    return count
