"""What the filter learns: from people by way of the mailbox, from the operator, and carefully from itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.mesh import KeptLog
from fakes.running_filter import RunningFilter, running_filter
from scop.cells.filter.model import open_model
from scop.cells.filter.own_lessons import PEOPLE_PER_OWN
from scop.mesh.calls import Call
from scop.mesh.underway import Underway
from scop.mesh.vocabulary.filter import (
    ClassifyFor,
    ForgetPerson,
    Forgotten,
    InstallModel,
    Learned,
    LearnMail,
    ModelStatus,
    OwnView,
    ReadModelStatus,
)
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.spam import Classifier, Clue, Label, Verdict, digest_of
from scop.spam.connection import Connection
from scop.store.lesson_rows import ITSELF

RECEIVED = b"Received: from x (x [192.0.2.1])\r\n\tby mx.harbor.test with ESMTPS\r\n\tid 0123456789ab; now\r\n"
SPAM = b"From: Eve <eve@pills.test>\r\nSubject: cheap pills\r\n\r\nbuy cheap pills, winner\r\n"
HAM = b"From: Cid <cid@lagoon.test>\r\nSubject: minutes\r\n\r\nthe meeting of the sailing club\r\n"


def variants(mail: bytes, count: int) -> list[bytes]:
    """Return mails that are alike."""
    return [mail + b"number %d\r\n" % number for number in range(count)]


@pytest.fixture
async def filtering(tmp_path: Path) -> AsyncIterator[RunningFilter]:
    """Run a filter for one test."""
    async with running_filter(tmp_path) as running:
        yield running


async def train(filtering: RunningFilter, count: int = 12) -> None:
    """Train it as the operator does."""
    pairs = zip(variants(SPAM, count), variants(HAM, count), strict=True)
    lessons = [lesson for spam, ham in pairs for lesson in (("spam", spam), ("ham", ham))]
    await asyncio.gather(*(filtering.operator.call(LearnMail("", label, RECEIVED + mail)) for label, mail in lessons))


async def labels(filtering: RunningFilter, *mails: bytes) -> list[str]:
    """Return what mails from outside are called."""
    before = len(filtering.records.messages)
    for mail in mails:
        await filtering.send(RECEIVED + mail)
    stamped = filtering.records.messages[before:]
    return [octets.partition(b";")[0].rpartition(b" ")[2].decode() for octets in stamped]


async def test_filter_learns_what_the_operator_sorted(filtering: RunningFilter) -> None:
    """Each mail once, however often training begins anew; and it can be unlearned."""
    await train(filtering)
    assert ["spam", "ham"] == await labels(filtering, SPAM, HAM)
    assert Learned(again=True) == await filtering.operator.call(LearnMail("", "spam", variants(SPAM, 1)[0]))
    assert Learned() == await filtering.operator.call(LearnMail("", "", variants(SPAM, 1)[0]))
    status = await filtering.operator.call(ReadModelStatus())
    assert (12, 11, 0) == (status.ham, status.spam, status.people)


async def test_filter_learns_below_our_stamps_and_by_the_connection(filtering: RunningFilter) -> None:
    """A mail from the store teaches what it was weighed by: it is the same lesson with any stamps of ours."""
    lesson = LearnMail("alice", "spam", RECEIVED + SPAM)
    assert Learned() == await filtering.mailbox.call(lesson)
    stamped = b"Return-Path: <x@y.test>\r\nX-SCoP-Spam: ham; score=0.1\r\n" + RECEIVED + SPAM
    assert Learned(again=True) == await filtering.mailbox.call(LearnMail("alice", "spam", stamped))


async def test_filter_a_person_sees_the_next_mail_by_their_own_word(filtering: RunningFilter) -> None:
    """One mail out of Junk is enough for its like, for that person; forgotten, all is as it was."""
    await train(filtering)
    first, second = variants(SPAM, 14)[12:]
    question = ClassifyFor(("alice", "bob"), RECEIVED + second)
    assert OwnView(("spam", "spam")) == await filtering.mailbox.call(question)
    await filtering.mailbox.call(LearnMail("alice", "ham", RECEIVED + first))
    view = await filtering.mailbox.call(question)
    assert "spam" != view.labels[0]
    assert Forgotten(1) == await filtering.operator.call(ForgetPerson("alice"))
    assert OwnView(("spam", "spam")) == await filtering.mailbox.call(question)


async def test_filter_tells_what_it_was_taught_and_by_whom(filtering: RunningFilter) -> None:
    """People are counted apart from the trainer."""
    await train(filtering, 2)
    await filtering.mailbox.call(LearnMail("alice", "ham", variants(SPAM, 9)[8]))
    await filtering.mailbox.call(LearnMail("bob", "spam", variants(HAM, 9)[8]))
    status = await filtering.operator.call(ReadModelStatus())
    assert ModelStatus(3, 3, status.tokens, 2, 1, 1) == status


@pytest.mark.parametrize(
    ("account", "label", "reason"),
    [("", "ham", "somebody's"), ("*", "ham", "somebody's"), ("alice", "good", "not as good")],
)
async def test_filter_refuses_lessons_of_nobody(
    filtering: RunningFilter, account: str, label: str, reason: str
) -> None:
    """The mailbox teaches for people only, and two words only."""
    with pytest.raises(PermanentFailure, match=reason):
        await filtering.mailbox.call(LearnMail(account, label, SPAM))


@pytest.mark.parametrize("question", [ForgetPerson("alice"), InstallModel(0, 1, b"x"), ReadModelStatus()])
async def test_filter_lets_the_mailbox_do_what_people_may(filtering: RunningFilter, question: Call[object]) -> None:
    """A mailbox that was taken over replaces no model, and forgets nobody."""
    with pytest.raises(PermanentFailure, match="unknown question"):
        await filtering.mailbox.call(question)


async def test_filter_reads_no_mail_again_that_killed_it_twice(tmp_path: Path) -> None:
    """A lesson that breaks the cell is refused for good, or its teacher would break it for ever."""
    killed = []
    for _ in range(2):
        killed.append(Underway(tmp_path).at_work(digest_of(HAM)))
        killed[-1].__enter__()
    async with running_filter(tmp_path) as filtering:
        with pytest.raises(PermanentFailure, match="twice"):
            await filtering.mailbox.call(LearnMail("alice", "ham", RECEIVED + HAM))
        with pytest.raises(PermanentFailure, match="twice"):
            await filtering.mailbox.call(ClassifyFor(("alice",), RECEIVED + HAM))
        assert Learned() == await filtering.mailbox.call(LearnMail("alice", "spam", SPAM))


class StumblingClassifier(Classifier):
    """Meets a bug in every lesson."""

    def take(self, lesson: object) -> None:
        """Fail."""
        raise ZeroDivisionError(str(lesson)[:10])


async def test_filter_a_bug_over_one_lesson_holds_no_other_back(filtering: RunningFilter) -> None:
    """It is refused for good and logged, so that the mailbox goes on to the next."""
    filtering.model.classifier = StumblingClassifier()
    with pytest.raises(PermanentFailure, match="cannot be learned"):
        await filtering.mailbox.call(LearnMail("alice", "ham", HAM))
    assert 1 == len(filtering.lines("mail.fault"))


async def test_filter_on_a_full_disk_asks_to_be_told_again(filtering: RunningFilter) -> None:
    """The lesson waits at the mailbox, and mail is weighed as before."""
    await train(filtering)
    await filtering.model._database.write(lambda sql: sql.execute("PRAGMA max_page_count = 1"))
    lessons = (filtering.mailbox.call(LearnMail("alice", "ham", mail * 20)) for mail in variants(HAM, 60))
    found = await asyncio.gather(*lessons, return_exceptions=True)
    assert TemporaryFailure in set(map(type, found))
    assert ["spam", "ham"] == await labels(filtering, SPAM, HAM)


class SureClassifier(Classifier):
    """Is as sure as can be of every mail, by its words."""

    def classify(self, octets: bytes, connection: Connection | None = None) -> Verdict:
        """Say spam of pills, ham of all else."""
        is_spam = b"pills" in octets
        return Verdict(Label.SPAM if is_spam else Label.HAM, float(is_spam), (Clue("x", float(is_spam)),))


@pytest.mark.parametrize(("is_on", "own"), [(True, (0, 1)), (False, (0, 0))])
async def test_filter_teaches_itself_where_it_may(tmp_path: Path, is_on: bool, own: tuple[int, int]) -> None:
    """`learn_from_own_verdicts`: one lesson where people have taught enough, and it is kept."""
    async with running_filter(tmp_path, learns_from_own_verdicts=is_on) as filtering:
        filtering.model.classifier = SureClassifier()
        for number, mail in enumerate(variants(b"Subject: x\r\n\r\n", PEOPLE_PER_OWN)):
            await filtering.mailbox.call(LearnMail("alice", "spam" if number % 2 else "ham", mail))
        await labels(filtering, SPAM)
    model = open_model(tmp_path, "harbor.test", Underway(tmp_path), KeptLog().log("filter"))
    count = await model.counted(ITSELF)
    await model.close()
    assert own == (count.ham, count.spam)
