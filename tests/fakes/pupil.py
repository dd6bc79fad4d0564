"""A filter as the mailbox meets it: it writes down what it is taught, and calls mail what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fakes.loops import PATIENCE_SECONDS
from fakes.mesh import KeptLog
from fakes.named_inlet import NamedInlet
from scop.mesh.calls import Caller, CallServer
from scop.mesh.protocol import PipeProtocol
from scop.mesh.vocabulary.filter import ClassifyFor, Learned, LearnMail, OwnView
from scop.net.faults import TemporaryFailure
from scop.net.peer import Peer

__all__ = ["Pupil", "pupil"]


class Pupil:
    """Learns by heart; while it `is_away` it takes nothing."""

    def __init__(self) -> None:
        self.inlet = NamedInlet({"mailbox": PipeProtocol.CALL})
        self.lessons: list[LearnMail] = []
        self.questions: list[ClassifyFor] = []
        self.views: dict[str, str] = {}
        self.is_away = False
        self._news = asyncio.Event()

    def caller(self) -> Caller:
        """Return how the mailbox asks it."""
        return Caller(self.inlet.dial("mailbox"))

    def answer(self, peer: Peer) -> CallServer:
        """Answer one pipe."""
        return CallServer(peer, {LearnMail: self._learn, ClassifyFor: self._classify}, KeptLog().log("filter"))

    async def taught(self, count: int) -> list[tuple[str, str]]:
        """Wait for so many lessons; return who called a mail what, in their order."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.lessons) < count:
                self._news.clear()
                await self._news.wait()
        return [(lesson.account, lesson.label) for lesson in self.lessons]

    async def _learn(self, lesson: LearnMail, _peer: Peer) -> Learned:
        if self.is_away:
            raise TemporaryFailure("the disk is full")
        self.lessons.append(lesson)
        self._news.set()
        return Learned()

    async def _classify(self, question: ClassifyFor, _peer: Peer) -> OwnView:
        if self.is_away:
            raise TemporaryFailure("busy")
        self.questions.append(question)
        return OwnView(tuple(self.views.get(account, "unsure") for account in question.accounts))


@asynccontextmanager
async def pupil() -> AsyncIterator[Pupil]:
    """Run a filter for the mailbox."""
    made = Pupil()
    await made.inlet.serve({PipeProtocol.CALL: made.answer})
    try:
        yield made
    finally:
        await made.inlet.end()
