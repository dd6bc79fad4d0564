"""What goes between the mailbox and the filter: lessons there, and a person's own view of a mail back.

Lessons wait in the vault and are told one after another in small groups, so that the filter writes a group by one sync.
Where it is away they wait. An own view is asked for only where one of the recipients has ever taught; it has a second
to come, and else the filter's word on top of the mail counts.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scop.base import printable
from scop.cells.mailbox.lessons import Lesson, Lessons, beginning_of
from scop.mesh.calls import Caller
from scop.mesh.vocabulary.filter import ClassifyFor, LearnMail
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log
from scop.smtp import Mailbox

__all__ = ["Teacher", "Teaching"]

GROUP = 16  # lessons on their way at once: up to 16 MiB in memory
OWN_VIEW_SECONDS = 1.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
CLOSE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Teaching:
    """Who teaches what, and how a delivery has to do with it."""

    domain: str
    hostname: str
    mailboxes: Mapping[str, str]  # label by local part: mail to it is learned
    lessons: Lessons
    filter: Caller
    wake: Callable[[], None]  # lessons wait
    log: Log

    def label_at(self, mailbox: Mailbox) -> str:
        """Return as what mail to this address is learned; '' for any other address."""
        if mailbox.domain_key != self.domain:
            return ""
        return self.mailboxes.get(mailbox.local_part.lower().partition("+")[0], "")

    async def learn(self, account: str, label: str, originals: Sequence[bytes], *, trace: str) -> None:
        """Have mails learned that somebody sent for that; durable when this returns."""
        await self.lessons.add([Lesson(account, label, octets) for octets in originals])
        self.log.info("mail.taught", trace=trace, account=account, label=label, mails=len(originals))
        self.wake()

    async def own_views(self, accounts: Sequence[str], octets: bytes) -> Mapping[str, str]:
        """Return what a mail is called by those of the accounts who have taught; nothing where the filter is silent."""
        try:
            teachers = await self.lessons.teachers(accounts)
            if not teachers:
                return {}
            question = ClassifyFor(teachers, beginning_of(octets, self.hostname))
            view = await self.filter.call(question, timeout_seconds=OWN_VIEW_SECONDS)
        except (TemporaryFailure, PermanentFailure) as trouble:
            self.log.warning("view.unasked", reason=printable(str(trouble)))
            return {}
        return dict(zip(teachers, view.labels, strict=False))


class Teacher:
    """Brings the lessons that wait to the filter, for the mailbox's life."""

    def __init__(self, lessons: Lessons, caller: Caller, log: Log) -> None:
        self._lessons = lessons
        self._filter = caller
        self._log = log
        self._news = asyncio.Event()
        self._news.set()  # of an earlier life
        self._settled = asyncio.Event()  # all is learned, or it is known that it waits
        self._is_behind = False
        self._telling = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Look for lessons now."""
        if not self._is_behind:
            self._settled.clear()
        self._news.set()

    async def caught_up(self, seconds: float) -> bool:
        """Wait until the filter has all lessons, but not for long; return whether it has."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._settled.wait()
        return self._settled.is_set() and not self._is_behind

    def begin(self) -> None:
        """Begin to bring lessons."""
        self._task = asyncio.get_running_loop().create_task(self._live())

    async def forget(self, account: str) -> int:
        """Take out what an account taught and is not learned yet; none of it is on its way when this returns."""
        async with self._telling:
            return await self._lessons.forget(account)

    async def close(self) -> None:
        """Finish the group that is on its way, but not for ever; what waits is brought in the next life."""
        if self._task is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS), self._telling:
                self._task.cancel()
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _live(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                while await self._tell_some():
                    pause = FIRST_PAUSE_SECONDS
                self._is_behind = False
                if not self._news.is_set():
                    self._settled.set()
                continue
            except TemporaryFailure as trouble:
                self._log.warning("lessons.wait", reason=printable(str(trouble)))
            except Exception as fault:  # a bug over one lesson must not keep all later ones from being brought
                self._log.fault(fault)
            self._is_behind = True
            self._settled.set()
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            self._news.set()

    async def _tell_some(self) -> bool:
        """Bring the oldest lessons; say whether there were any. Raises `TemporaryFailure` where one was not taken."""
        async with self._telling:
            waiting = await self._lessons.waiting(GROUP)
            outcomes = await asyncio.gather(*map(self._tell, waiting))
            await self._lessons.done([lesson for lesson, trouble in zip(waiting, outcomes, strict=True) if not trouble])
        for trouble in outcomes:
            if trouble is not None:
                raise trouble
        return bool(waiting)

    async def _tell(self, lesson: Lesson) -> TemporaryFailure | None:
        try:
            await self._filter.call(LearnMail(lesson.account, lesson.label, lesson.octets))
        except PermanentFailure as refusal:  # it will be no better tomorrow
            self._log.error("lesson.refused", account=lesson.account, reason=printable(str(refusal)))
        except TemporaryFailure as trouble:
            return trouble
        return None
