"""Names with a memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.jumping_clock import JumpingClock
from scop.dns import TXT, Answer, Question, Rcode, Security
from scop.net.remembered_names import MAX_ANSWERS, MAX_NEGATIVE_SECONDS, MAX_OCTETS, MAX_SECONDS, RememberedNames

QUESTION = Question("lagoon.test", "TXT")
ANSWER = Answer(QUESTION, records=(TXT.of(b"v=spf1 -all"),), ttl_seconds=30, security=Security.SECURE)


class _Counted:
    """Gives one answer, and counts how often."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.count = 0

    async def lookup(self, question: Question) -> Answer:
        self.count += 1
        return replace(self.answer, question=question, canonical_name=question.name)


NOTHING = Answer(QUESTION, Rcode.NXDOMAIN)


@pytest.mark.parametrize(
    ("answer", "ttl", "seconds"),
    [
        (ANSWER, 30, 30.0),
        (ANSWER, 86_400, MAX_SECONDS),
        (NOTHING, 2, 2.0),
        (NOTHING, 3600, MAX_NEGATIVE_SECONDS),
    ],
    ids=["short", "long", "short-negative", "long-negative"],
)
async def test_an_answer_is_remembered_as_long_as_it_says(answer: Answer, ttl: int, seconds: float) -> None:
    """It is given from memory until its TTL ends, or a minute; nothing at all for seconds (RFC 2181 §8)."""
    clock, asked = JumpingClock(1000), _Counted(replace(answer, ttl_seconds=ttl))
    names = RememberedNames(asked, clock)
    first = await names.lookup(QUESTION)
    clock.jump(seconds - 0.5)
    assert (first, first, 1) == (names.known(QUESTION), await names.lookup(QUESTION), asked.count)
    clock.jump(0.5)
    assert names.known(QUESTION) is None
    await names.lookup(QUESTION)
    assert 2 == asked.count


@pytest.mark.parametrize(
    "answer",
    [
        Answer(QUESTION, Rcode.SERVFAIL, ttl_seconds=30),
        replace(ANSWER, ttl_seconds=0),
        replace(ANSWER, security=Security.BOGUS),
        replace(ANSWER, records=(TXT.of(b"x" * (MAX_OCTETS + 1)),)),
        replace(ANSWER, records=ANSWER.records * 33),
    ],
    ids=["failure", "no-ttl", "bogus", "large", "many"],
)
async def test_what_may_change_or_costs_much_is_asked_again(answer: Answer) -> None:
    """A failure is not kept, and nobody fills our memory."""
    asked = _Counted(answer)
    names = RememberedNames(asked, JumpingClock(1000))
    for _ in range(2):
        await names.lookup(QUESTION)
    assert (2, None) == (asked.count, names.known(QUESTION))


async def test_the_oldest_answers_give_way() -> None:
    """The memory is bounded."""
    names = RememberedNames(_Counted(ANSWER), JumpingClock(1000))
    questions = [Question(f"n{number}.test", "TXT") for number in range(MAX_ANSWERS + 1)]
    for question in questions:
        await names.lookup(question)
    assert [None, True] == [names.known(questions[0]), names.known(questions[-1]) is not None]
    assert MAX_ANSWERS >= sum(names.known(question) is not None for question in questions)
