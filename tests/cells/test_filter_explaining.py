"""The filter tells the operator why a mail is called what it is called: for all, and for a person who taught it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.running_filter import RunningFilter, running_filter
from scop.mesh.vocabulary.filter import ExplainMail, LearnMail, ReadModelStatus
from scop.net.faults import PermanentFailure

RECEIVED = (
    b"Received: from mail.pills.test (mx.pills.test [192.0.2.1])\r\n"
    b"\tby mx.harbor.test with ESMTPS\r\n\tid 0123456789ab; now\r\n"
)
SPAM = b"From: Eve <eve@pills.test>\r\nSubject: cheap pills\r\n\r\nbuy cheap pills, winner\r\n"
HAM = b"From: Cid <cid@lagoon.test>\r\nSubject: minutes\r\n\r\nthe meeting of the sailing club\r\n"
PHISH = b"From: Cid <cid@1agoon.test>\r\nSubject: minutes\r\n\r\nbuy cheap pills, winner\r\n"


@pytest.fixture
async def filtering(tmp_path: Path) -> AsyncIterator[RunningFilter]:
    """Run a filter that the operator has trained."""
    async with running_filter(tmp_path) as running:
        mails = [(label, mail + b"%d\r\n" % n) for n in range(12) for label, mail in (("spam", SPAM), ("ham", HAM))]
        await asyncio.gather(*(running.operator.call(LearnMail("", label, mail)) for label, mail in mails))
        yield running


async def test_operator_is_told_why(filtering: RunningFilter) -> None:
    """Label, score, thresholds, clues, and what our own server noted of the connection."""
    told = await filtering.operator.call(ExplainMail(RECEIVED + SPAM))
    assert ("spam", 12, 12) == (told.label, told.learned_ham, told.learned_spam)
    assert told.thresholds is not None
    assert told.score >= told.thresholds.spam_from
    assert told.thresholds == (await filtering.operator.call(ReadModelStatus())).thresholds
    assert told.clues
    assert {
        "address": "192.0.2.1",
        "name": "mx.pills.test",
        "helo": "mail.pills.test",
        "date": "now",
    } == told.connection


async def test_operator_is_told_of_phishing(filtering: RunningFilter) -> None:
    """Whom wanted mail introduced can be imitated, and the sentence names both."""
    told = await filtering.operator.call(ExplainMail(PHISH))
    assert [("look-alike", "From", "“1agoon.test” looks like lagoon.test and is not.")] == [
        (one.trick, one.place, one.reason) for one in told.suspicions
    ]
    assert {} == told.connection


async def test_person_sees_it_otherwise(filtering: RunningFilter) -> None:
    """What one person said of such mail changes what they are told, and nobody else is."""
    for number in range(3):
        await filtering.mailbox.call(LearnMail("alice", "ham", SPAM + b"99%d\r\n" % number))
    common, own = [await filtering.operator.call(ExplainMail(SPAM, account)) for account in ("bob", "alice")]
    assert own.score < common.score


async def test_mailbox_is_not_told(filtering: RunningFilter) -> None:
    """Only the operator may ask: clues name what others wrote and were taught."""
    with pytest.raises(PermanentFailure):
        await filtering.mailbox.call(ExplainMail(SPAM))
