"""What the filter teaches itself: only what it is as sure of as can be, and never much beside what people teach.

A filter that learns from its own verdicts drifts to where it leans already. So: only verdicts at the very ends of the
scale; at most one such lesson for four of people's, and none before both kinds were taught; ham and spam in turn, so
that neither runs ahead; nothing of a mail that a person has spoken of; and what a person says of a mail takes the
filter's own lesson on it back.
"""

from __future__ import annotations

import asyncio
import sqlite3

from scop.base import printable
from scop.net.log import Log
from scop.spam import Label, Verdict
from scop.spam.connection import Connection
from scop.store import StoreError
from scop.store.lesson_rows import ITSELF
from scop.store.spam_model import SpamModel

__all__ = ["OwnLessons"]

SURE_SPAM_FROM = 0.9999
SURE_HAM_UP_TO = 0.0001
PEOPLE_PER_OWN = 4  # lessons


class OwnLessons:
    """Learns from sure verdicts, one at a time; what is sure while one is being learned is passed over."""

    def __init__(self, model: SpamModel, log: Log) -> None:
        self._model = model
        self._log = log
        self._task: asyncio.Task[None] | None = None

    def note(self, verdict: Verdict, octets: bytes, connection: Connection | None) -> None:
        """Look at a mail that was weighed and taken; learning it, if at all, keeps nobody waiting."""
        is_sure = verdict.score >= SURE_SPAM_FROM or verdict.score <= SURE_HAM_UP_TO
        is_busy = self._task is not None and not self._task.done()
        if is_sure and not is_busy and verdict.label is not Label.UNSURE and not verdict.suspicions:
            learning = self._learn(verdict.label, octets, connection)
            self._task = asyncio.get_running_loop().create_task(learning)

    async def close(self) -> None:
        """Finish what was begun."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _learn(self, label: Label, octets: bytes, connection: Connection | None) -> None:
        try:
            if await self._has_room(label):
                await self._model.learn(octets, label, account=ITSELF, connection=connection)
        except (OSError, sqlite3.Error, StoreError) as trouble:
            self._log.warning("lesson.lost", reason=printable(str(trouble)))
        except Exception as fault:  # a bug over one mail, which is on its way already
            self._log.fault(fault)

    async def _has_room(self, label: Label) -> bool:
        own = await self._model.counted(ITSELF)
        _, people = await self._model.people()
        same, other = (own.spam, own.ham) if label is Label.SPAM else (own.ham, own.spam)
        both = min(people.ham, people.spam)
        return same <= other and both > 0 and PEOPLE_PER_OWN * (own.all + 1) <= people.all
