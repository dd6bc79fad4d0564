"""The questions of one mail: several checks put them at once, each is asked once, all end by a deadline.

Theory of operation. A `Course` is one check under way. It runs as far as known answers carry it as soon as it is made,
without a task or a turn of the event loop; what it then lacks is asked by `Inquiry.finish`, for all courses at once.
So a mail whose names are remembered costs the arithmetic only.

Standards: none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Generic, TypeAlias, TypeVar, cast

from scop.base import Check
from scop.dns import Answer, Question, Rcode
from scop.net.dns_client import Names
from scop.net.noted_names import Asked
from scop.net.remembered_names import RememberedNames

__all__ = ["AtWork", "Course", "Inquiry"]

# Around each stretch of work on a mail, and not around its waiting, so that who breaks the process is known.
AtWork: TypeAlias = Callable[[], AbstractContextManager[object]]

T_co = TypeVar("T_co", covariant=True)


class Inquiry:
    """What one mail's checks ask of `names`; whatever has no answer at the deadline (loop time) never gets one."""

    __slots__ = ("_answers", "_deadline", "_memory", "_names", "_under_way", "at_work")

    def __init__(self, names: Names, deadline: float, at_work: AtWork = nullcontext) -> None:
        self.at_work = at_work
        self._names = names
        self._memory = names if isinstance(names, RememberedNames) else None
        self._deadline = deadline
        self._answers: dict[tuple[str, str], Answer] = {}
        self._under_way: dict[tuple[str, str], asyncio.Future[Answer]] = {}

    def known(self, question: Question) -> Answer | None:
        """Return the answer, if there is one without asking."""
        key = question.name, question.type
        answer = self._answers.get(key)
        if answer is None and self._memory is not None:
            answer = self._memory.known(question)
            if answer is not None:
                self._answers[key] = answer
        return answer

    async def lookup(self, question: Question) -> Answer:
        """Return the answer, SERVFAIL at the deadline; what another check asks already is not asked again."""
        key = question.name, question.type
        earlier = self._under_way.get(key)
        if earlier is not None:
            return await earlier
        self._under_way[key] = arriving = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout_at(self._deadline):
                answer = await self._names.lookup(question)
        except TimeoutError:
            answer = Answer(question, Rcode.SERVFAIL, reason="no answer in the time that a mail may wait")
        except BaseException:
            arriving.cancel()
            raise
        self._answers[key] = answer
        arriving.set_result(answer)
        return answer

    async def finish(self, *courses: Course[object]) -> None:
        """Carry courses to their ends, side by side; one that is named twice is carried once."""
        open_courses = [course for course in dict.fromkeys(courses) if course.question is not None]
        if len(open_courses) == 1:
            await open_courses[0].go_on(self)
        elif open_courses:
            await asyncio.gather(*(course.go_on(self) for course in open_courses))


class Course(Generic[T_co]):
    """One check under way: `question` is what it waits for, `asked` what it was answered so far."""

    __slots__ = ("_check", "_outcome", "asked", "question")

    def __init__(self, check: Check[Question, Answer, T_co], inquiry: Inquiry) -> None:
        self._check = check
        self._outcome: T_co | None = None
        self.asked: list[Asked] = []
        self.question: Question | None = None
        self._advance(None, inquiry)

    @property
    def outcome(self) -> T_co:
        """What the check found out; only after `Inquiry.finish`."""
        assert self.question is None
        return cast(T_co, self._outcome)

    async def go_on(self, inquiry: Inquiry) -> None:
        """Ask until the check has ended."""
        while self.question is not None:
            answer = await inquiry.lookup(self.question)
            self.asked.append(Asked(self.question, answer))
            with inquiry.at_work():
                self._advance(answer, inquiry)

    def _advance(self, answer: Answer | None, inquiry: Inquiry) -> None:
        """Send answers as far as they are known."""
        try:
            question = next(self._check) if answer is None else self._check.send(answer)
            while (known := inquiry.known(question)) is not None:
                self.asked.append(Asked(question, known))
                question = self._check.send(known)
            self.question = question
        except StopIteration as stop:
            self.question = None
            self._outcome = cast(T_co, stop.value)
