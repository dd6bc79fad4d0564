"""The questions of one mail, put by several checks at once."""

from __future__ import annotations

import asyncio

from fakes.jumping_clock import JumpingClock
from fakes.verifier_world import AsyncNames, SilentNames
from scop.base import Check
from scop.cells.verifier.inquiry import Course, Inquiry
from scop.dns import Answer, Question, Rcode
from scop.net.remembered_names import RememberedNames

SPF = Question("lagoon.test", "TXT")
DMARC = Question("_dmarc.lagoon.test", "TXT")


class _Counting(AsyncNames):
    """Names that answer in the next turn and count."""

    def __init__(self) -> None:
        super().__init__()
        self.questions: list[str] = []

    async def lookup(self, question: Question) -> Answer:
        self.questions.append(question.name)
        await asyncio.sleep(0)
        return await super().lookup(question)


def _asks(*questions: Question) -> Check[Question, Answer, int]:
    for question in questions:
        answer = yield question
        assert question == answer.question
    return len(questions)


def _deadline(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_checks_side_by_side_ask_each_question_once() -> None:
    """Two checks that want the same at once share one question; each notes it."""
    names = _Counting()
    inquiry = Inquiry(names, _deadline(10))
    courses = [Course(_asks(SPF, DMARC), inquiry), Course(_asks(SPF), inquiry), Course(_asks(), inquiry)]
    await inquiry.finish(*courses)
    assert ["lagoon.test", "_dmarc.lagoon.test"] == names.questions
    assert [(2, 2), (1, 1), (0, 0)] == [(one.outcome, len(one.asked)) for one in courses]
    later = Course(_asks(DMARC, SPF), inquiry)
    assert (2, 2) == (later.outcome, len(names.questions))


async def test_one_check_under_two_names_is_carried_once() -> None:
    """Without a reverse-path MAIL FROM and HELO are one check."""
    inquiry = Inquiry(_Counting(), _deadline(10))
    course = Course(_asks(SPF, DMARC), inquiry)
    await inquiry.finish(course, course)
    assert (2, 2) == (course.outcome, len(course.asked))


async def test_what_is_remembered_needs_no_turn_of_the_loop() -> None:
    """With names that are known a check has ended when it is made."""
    names = RememberedNames(_Counting(), JumpingClock(1000))
    await names.lookup(SPF)
    course = Course(_asks(SPF), Inquiry(names, _deadline(10)))
    assert (None, 1) == (course.question, course.outcome)


async def test_what_is_not_answered_in_time_never_is() -> None:
    """The deadline holds for all checks together, and later ones are told at once."""
    inquiry = Inquiry(SilentNames(), _deadline(0.01))
    courses = [Course(_asks(SPF, DMARC), inquiry), Course(_asks(SPF), inquiry)]
    await inquiry.finish(*courses)
    assert {Rcode.SERVFAIL} == {one.answer.rcode for course in courses for one in course.asked}
