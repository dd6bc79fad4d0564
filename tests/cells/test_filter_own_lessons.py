"""What the filter teaches itself: little, of both kinds alike, and nothing against a person's word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.mesh import KeptLog
from scop.cells.filter.own_lessons import PEOPLE_PER_OWN, OwnLessons
from scop.spam import Label, Verdict
from scop.spam.phishing import Suspicion, Trick
from scop.store.lesson_rows import ITSELF
from scop.store.spam_model import SpamModel

SPAM = Verdict(Label.SPAM, 1.0, ())
HAM = Verdict(Label.HAM, 0.0, ())


def mail(number: int) -> bytes:
    """Return a mail like no other."""
    return b"Subject: x\r\n\r\nnumber %d\r\n" % number


@pytest.fixture
async def model(tmp_path: Path) -> AsyncIterator[SpamModel]:
    """Open a model that nobody has taught."""
    made = SpamModel.open(tmp_path / "model.spam")
    yield made
    await made.close()


async def taught_by_people(model: SpamModel, count: int) -> None:
    """Have people teach so much, of both kinds."""
    for number in range(count):
        await model.learn(mail(number), Label.SPAM if number % 2 else Label.HAM, account=f"a{number % 3}")


async def noted(model: SpamModel, *verdicts: Verdict) -> tuple[int, int]:
    """Have verdicts on as many mails looked at one after another; return how much the filter has taught itself."""
    own = OwnLessons(model, KeptLog().log("filter"))
    for number, verdict in enumerate(verdicts):
        own.note(verdict, mail(1000 + number), None)
        await own.close()
    count = await model.counted(ITSELF)
    return count.ham, count.spam


async def test_own_lessons_begin_when_people_have_taught_both_kinds(model: SpamModel) -> None:
    """And are at most one for each four of theirs."""
    assert (0, 0) == await noted(model, SPAM, HAM)
    for number in range(PEOPLE_PER_OWN):
        await model.learn(mail(number), Label.SPAM, account="alice")
    assert (0, 0) == await noted(model, SPAM, HAM)
    await taught_by_people(model, PEOPLE_PER_OWN)
    assert (1, 1) == await noted(model, SPAM, SPAM, HAM, SPAM)


async def test_own_lessons_are_of_both_kinds_alike(model: SpamModel) -> None:
    """However much more there is of one, it is learned one ahead of the other at most."""
    await taught_by_people(model, 10 * PEOPLE_PER_OWN)
    assert (2, 3) == await noted(model, SPAM, SPAM, SPAM, HAM, SPAM, SPAM, HAM, SPAM, SPAM)


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(Label.SPAM, 0.999, ()),
        Verdict(Label.HAM, 0.001, ()),
        Verdict(Label.UNSURE, 1.0, ()),
        Verdict(Label.HAM, 0.0, (), (Suspicion(Trick.LOOK_ALIKE, "From", "It is made to look like ours."),)),
    ],
)
async def test_own_lessons_come_of_verdicts_as_sure_as_can_be(model: SpamModel, verdict: Verdict) -> None:
    """Not of those that are only right most of the time, nor of mail with anything odd about it."""
    await taught_by_people(model, 4 * PEOPLE_PER_OWN)
    assert (0, 0) == await noted(model, verdict)


async def test_own_lessons_end_where_a_person_speaks(model: SpamModel) -> None:
    """What a person says of such a mail takes the filter's own lesson back, and it is not learned again."""
    await taught_by_people(model, 4 * PEOPLE_PER_OWN)
    assert (0, 1) == await noted(model, SPAM)
    await model.learn(mail(1000), Label.HAM, account="bob")
    assert (0, 0) == await noted(model, SPAM)
