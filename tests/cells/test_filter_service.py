"""The filter as its neighbours see it, over real LMTP and real calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.running_filter import ORIGIN, RunningFilter, running_filter
from fakes.smtp_values import FULL_ENVELOPE
from scop.mesh.vocabulary.filter import ReadModelStatus
from scop.mesh.vocabulary.receiver import Deed, NotedDeed
from scop.net.faults import PermanentFailure
from scop.smtp import Envelope, reply
from scop.spam import Classifier, Label, Verdict
from scop.spam.connection import Connection

RECEIVED = b"Received: from x (x [192.0.2.1])\r\n\tby mx.harbor.test with ESMTPS\r\n\tid 0123456789ab; now\r\n"
SPAM = b"Subject: cheap pills\r\n\r\nbuy cheap pills, winner\r\n"
HAM = b"Subject: minutes\r\n\r\nthe meeting of the sailing club\r\n"
UNSURE = b"X-SCoP-Spam: unsure; score=0.500\r\n"


def trained() -> Classifier:
    """Return a classifier that knows both mails."""
    classifier = Classifier()
    for _ in range(12):
        classifier.learn(SPAM, Label.SPAM)
        classifier.learn(HAM, Label.HAM)
    return classifier


class FaultyClassifier(Classifier):
    """Meets a bug in every mail."""

    def classify(self, octets: bytes, connection: Connection | None = None) -> Verdict:
        """Fail."""
        raise ZeroDivisionError(f"{len(octets)} octets")


@pytest.fixture
async def filtering(tmp_path: Path) -> AsyncIterator[RunningFilter]:
    """Run a filter for one test."""
    async with running_filter(tmp_path) as running:
        yield running


async def test_filter_without_a_model_is_unsure(filtering: RunningFilter) -> None:
    """The mail goes on, octet for octet, under an unsure verdict; the origin goes with it."""
    recipients, message = await filtering.send(RECEIVED + SPAM)
    assert (recipients, message) == ((reply(250, "2.0.0", "Ok"),), reply(250, "2.0.0", "Ok"))
    assert [UNSURE + RECEIVED + SPAM] == filtering.records.messages
    assert [ORIGIN] == [mail.origin for mail in filtering.records.mails]
    (line,) = filtering.lines("mail.classified")
    assert (line["trace"], line["label"]) == ("0123456789ab", "unsure")


async def test_filter_uses_a_model_as_soon_as_it_is_installed(filtering: RunningFilter, tmp_path: Path) -> None:
    """The operator's model weighs the next mail, without a restart, and after one."""
    status = await filtering.install(trained().save())
    assert (status.ham, status.spam) == (12, 12)
    for octets in (SPAM, HAM):
        await filtering.send(RECEIVED + octets)
    labels = [octets.split(b";")[0] for octets in filtering.records.messages]
    assert [b"X-SCoP-Spam: spam", b"X-SCoP-Spam: ham"] == labels
    assert status == await filtering.operator.call(ReadModelStatus())
    on_disk = Classifier.load((tmp_path / "model.spam").read_bytes())
    assert (12, 12, status.tokens) == (on_disk.ham_count, on_disk.spam_count, on_disk.token_count)


async def test_filter_tells_the_receiver_of_what_is_sure(tmp_path: Path) -> None:
    """Spam and harmless mail under its client and trace, whatever becomes of it; unsure mail of nobody."""
    async with running_filter(tmp_path) as filtering:
        await filtering.send(RECEIVED + SPAM)
        await filtering.install(trained().save())
        filtering.records.message_reply = reply(550, "5.7.1", "Refused by policy")
        for octets in (SPAM, HAM):
            await filtering.send(RECEIVED + octets)
    assert [NotedDeed(deed, "192.0.2.1", trace="0123456789ab") for deed in (Deed.SPAM, Deed.HARMLESS)] == (
        filtering.deeds
    )


async def test_filter_tells_of_a_mail_once_however_often_it_comes(tmp_path: Path) -> None:
    """RFC 5321 §4.5.4.1: who is put off sends again, and is no worse for it."""
    async with running_filter(tmp_path) as filtering:
        await filtering.install(trained().save())
        filtering.records.message_reply = reply(451, "4.7.1", "Try again later")
        for _ in range(3):
            await filtering.send(RECEIVED + SPAM)
        filtering.records.message_reply = reply(250, "2.0.0", "Ok")
        await filtering.send(RECEIVED + SPAM)
    assert [NotedDeed(Deed.SPAM, "192.0.2.1", trace="0123456789ab")] == filtering.deeds


async def test_filter_refuses_a_model_that_is_none(filtering: RunningFilter) -> None:
    """The operator is told why, and mail is weighed as before."""
    with pytest.raises(PermanentFailure, match="no spam model"):
        await filtering.install(b"garbage")
    await filtering.send(RECEIVED + SPAM)
    assert [UNSURE + RECEIVED + SPAM] == filtering.records.messages


async def test_filter_loses_no_mail_to_a_bug_of_its_own(filtering: RunningFilter) -> None:
    """A fault in weighing is logged as what it is; the mail goes on as unsure."""
    filtering.model.classifier = FaultyClassifier()
    _, message = await filtering.send(RECEIVED + SPAM)
    assert message is not None
    assert message.is_positive
    assert [UNSURE + RECEIVED + SPAM] == filtering.records.messages
    (line,) = filtering.lines("mail.fault")
    assert "ZeroDivisionError" in str(line["reason"])


async def test_filter_weighs_only_what_stands_below_our_stamps(filtering: RunningFilter) -> None:
    """The receiver's own words are no evidence about the sender."""
    filtering.model.classifier = FaultyClassifier()
    await filtering.send(RECEIVED + SPAM)
    (line,) = filtering.lines("mail.fault")
    assert f"{len(SPAM)} octets" in str(line["reason"])


async def test_filter_believes_no_verdict_in_the_mail(filtering: RunningFilter) -> None:
    """A forged field stays where it is, below ours."""
    forged = b"X-SCoP-Spam: ham; score=0.000\r\n" + SPAM
    await filtering.send(RECEIVED + forged)
    assert [UNSURE + RECEIVED + forged] == filtering.records.messages


async def test_filter_asks_behind_it_about_each_recipient(filtering: RunningFilter) -> None:
    """RCPT is passed through: who does not exist is refused at once, in the mailbox's words."""
    filtering.records.replies["nobody"] = reply(550, "5.1.1", "No such recipient here")
    recipients, message = await filtering.send(RECEIVED + HAM, "bob@harbor.test", "nobody@harbor.test")
    assert [250, 550] == [one.code for one in recipients]
    assert message is not None
    assert message.is_positive


async def test_filter_passes_a_refusal_of_the_message_on(filtering: RunningFilter) -> None:
    """250 is only ever said after those behind said it (RFC 5321 §4.2.5)."""
    filtering.records.message_reply = reply(550, "5.7.1", "Refused by policy")
    _, message = await filtering.send(RECEIVED + SPAM)
    assert reply(550, "5.7.1", "Refused by policy") == message
    assert 1 == len(filtering.lines("mail.refused"))


async def test_filter_passes_every_parameter_on(filtering: RunningFilter) -> None:
    """What MAIL and RCPT asked for reaches the verifier as it was asked."""
    told = await (await filtering.client()).transaction(FULL_ENVELOPE, RECEIVED + HAM)
    assert told.message is not None
    assert told.message.is_positive
    (mail,) = filtering.records.mails
    sized = replace(FULL_ENVELOPE.mail, size_octets=len(RECEIVED + HAM))
    assert Envelope(sized, FULL_ENVELOPE.recipients) == Envelope(mail, tuple(filtering.records.recipients))


async def test_filter_says_try_later_while_the_verifier_is_down(filtering: RunningFilter) -> None:
    """A neighbour that is down costs nobody a mail, and its address is not told."""
    filtering.verifier.kill()
    recipients, _ = await filtering.send(RECEIVED + HAM)
    assert [(451, "4.4.1")] == [(one.code, one.enhanced) for one in recipients]
    assert "127.0.0.1" not in str(recipients)
