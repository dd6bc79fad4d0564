"""What people teach by moving mail or by sending it to be learned, and their own view of what comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.running_mailbox import BELOW, RECEIVED, SPAM, RunningMailbox, envelope, running_mailbox
from scop.mesh.vocabulary.mailbox import ForgetLessons, MailMoved, MoveMail
from scop.net.faults import PermanentFailure
from scop.smtp import Envelope, Mailbox, Reply, ReversePath, reply

HAM = b"X-SCoP-Spam: ham; score=0.002; clues=\r\n"
QUARANTINED = b"X-SCoP-Disposition: quarantine\r\nX-SCoP-Spam: ham; score=0.002\r\n"
MAIL = RECEIVED + BELOW
ALICE = ReversePath.parse("<alice@harbor.test>")
ORIGINAL = b"From: x@stranger.test\r\nSubject: Cheap\r\n\r\nPills\r\n"


def attached(*originals: bytes) -> bytes:
    """Return a mail of alice's with others attached to it."""
    parts = b"".join(b"--=x\r\nContent-Type: message/rfc822\r\n\r\n" + original + b"\r\n" for original in originals)
    head = b'From: alice@harbor.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=x"\r\n\r\n'
    return head + b"--=x\r\n\r\nThese are bad.\r\n" + parts + b"--=x--\r\n"


def from_alice(*addresses: str, login: str = "alice") -> Envelope:
    """Return the envelope of a mail that a login handed in."""
    around = envelope(*addresses, reverse_path=ALICE)
    return replace(around, mail=replace(around.mail, auth=Mailbox(login, "harbor.test") if login else None))


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[RunningMailbox]:
    """Run a mailbox for one test."""
    async with running_mailbox(tmp_path) as made:
        yield made


async def deliver(mailbox: RunningMailbox, octets: bytes, *addresses: str) -> None:
    """Hand a mail over as the verifier."""
    told = await (await mailbox.client("verifier")).transaction(envelope(*addresses), octets)
    assert told.message is not None
    assert told.message.is_positive


async def hand_in(mailbox: RunningMailbox, around: Envelope, octets: bytes, *, cell: str = "relay") -> Reply:
    """Hand a mail over as the relay; return what is said of the message, or of its first recipient."""
    told = await (await mailbox.client(cell)).transaction(around, octets)
    return told.message or told.recipients[0]


async def folders(mailbox: RunningMailbox, account: str) -> list[str]:
    """Return where an account's mails lie."""
    return [mail.folder for mail in (await mailbox.mails(account)).mails]


async def move(mailbox: RunningMailbox, account: str, folder: str, *numbers: int) -> MailMoved:
    """Move mails as the operator."""
    return await mailbox.operator.call(MoveMail(account, numbers, folder))


async def test_mailbox_a_move_to_junk_and_out_of_it_teaches(mailbox: RunningMailbox) -> None:
    """What is taken out is wanted, what is put in is not; the filter has the mail with our stamps."""
    await deliver(mailbox, SPAM + MAIL, "alice@harbor.test")
    assert MailMoved(1, 1, is_learned=True) == await move(mailbox, "alice", "INBOX", 1)
    assert MailMoved(1, 1, is_learned=True) == await move(mailbox, "alice", "Junk", 1)
    assert [("alice", "ham"), ("alice", "spam")] == await mailbox.pupil.taught(2)
    assert {b"Return-Path: <carol@lagoon.test>\r\n" + SPAM + MAIL} == {one.octets for one in mailbox.pupil.lessons}
    assert ["Junk"] == await folders(mailbox, "alice")


async def test_mailbox_a_move_that_changes_nothing_teaches_nothing(mailbox: RunningMailbox) -> None:
    """Nor does a mail that was quarantined for what is attached to it say anything of its words."""
    await deliver(mailbox, SPAM + MAIL, "alice@harbor.test")
    found = [await move(mailbox, "alice", folder, 1) for folder in ("Junk", "Quarantine", "INBOX", "INBOX")]
    assert [MailMoved(0, 0), MailMoved(1, 0), MailMoved(1, 0), MailMoved(0, 0)] == found
    assert [] == mailbox.pupil.lessons


async def test_mailbox_refuses_a_move_that_cannot_be_and_moves_nothing(mailbox: RunningMailbox) -> None:
    """All or none: a number that is not there, a folder that is not, another's mail."""
    await deliver(mailbox, MAIL, "alice@harbor.test")
    for account, folder, numbers, reason in (
        ("alice", "Junk", (1, 7), "alice has no mail 7; nothing was moved"),
        ("bob", "Junk", (1,), "bob has no mail 1"),
        ("alice", "Spam", (1,), "there is no folder Spam; there are INBOX, Junk, Quarantine"),
    ):
        with pytest.raises(PermanentFailure, match=reason):
            await move(mailbox, account, folder, *numbers)
    assert ["INBOX"] == await folders(mailbox, "alice")
    assert [] == mailbox.pupil.lessons


async def test_mailbox_lessons_wait_for_a_filter_that_is_away(tmp_path: Path) -> None:
    """Through a restart of the mailbox too; of a mail that was moved twice the last word counts."""
    async with running_mailbox(tmp_path) as mailbox:
        mailbox.pupil.is_away = True
        await deliver(mailbox, MAIL, "alice@harbor.test", "bob@harbor.test")
        await move(mailbox, "alice", "Junk", 1)
        await move(mailbox, "bob", "Junk", 2)
        await move(mailbox, "bob", "INBOX", 2)
    async with running_mailbox(tmp_path) as mailbox:
        assert [("alice", "spam"), ("bob", "ham")] == await mailbox.pupil.taught(2)
    async with running_mailbox(tmp_path) as mailbox:
        await move(mailbox, "alice", "INBOX", 1)
        assert [("alice", "ham")] == await mailbox.pupil.taught(1)


async def test_mailbox_forgets_what_the_filter_does_not_have_yet(mailbox: RunningMailbox) -> None:
    """Of that account only."""
    mailbox.pupil.is_away = True
    await deliver(mailbox, MAIL, "alice@harbor.test", "bob@harbor.test")
    await move(mailbox, "alice", "Junk", 1)
    await move(mailbox, "bob", "Junk", 2)
    assert 1 == await mailbox.operator.call(ForgetLessons("alice"))
    assert 0 == await mailbox.operator.call(ForgetLessons("alice"))
    assert 1 == await mailbox.operator.call(ForgetLessons("bob"))


@pytest.mark.parametrize(("address", "label"), [("spam@harbor.test", "spam"), ("Ham+x@HARBOR.test", "ham")])
async def test_mailbox_learns_what_our_people_attach(mailbox: RunningMailbox, address: str, label: str) -> None:
    """For the login that sent it, each attached mail by itself, and nobody gets it as mail."""
    second = ORIGINAL.replace(b"Cheap", b"Dear")
    third = attached(ORIGINAL).replace(b"=x", b"=y")
    answer = await hand_in(mailbox, from_alice(address), RECEIVED + attached(MAIL, second, third))
    assert answer.is_positive
    assert [("alice", label)] * 3 == await mailbox.pupil.taught(3)
    learned = [lesson.octets.rstrip() for lesson in mailbox.pupil.lessons]
    assert [original.rstrip() for original in (MAIL, second, third)] == learned
    assert [0, 0] == [(await mailbox.mails(account)).total for account in ("alice", "bob")]


async def test_mailbox_tells_who_attached_nothing_how_it_is_done(mailbox: RunningMailbox) -> None:
    """What was forwarded inline has lost the header that tells; the sender is told so, and nothing is stored."""
    answer = await hand_in(mailbox, from_alice("spam@harbor.test", "bob@harbor.test"), RECEIVED + BELOW)
    assert (550, "5.6.0") == (answer.code, answer.enhanced)
    assert "as an attachment" in answer.text[0]
    assert ([], 0) == (mailbox.pupil.lessons, (await mailbox.mails("bob")).total)


async def test_mailbox_strangers_teach_nothing(mailbox: RunningMailbox) -> None:
    """From outside there is no such address, whoever the sender claims to be; nor by way of somebody's forward."""
    told = from_alice("spam@harbor.test")
    octets = RECEIVED + attached(ORIGINAL)
    assert reply(550, "5.1.1", "No such recipient here") == await hand_in(mailbox, told, octets, cell="verifier")
    answer = await hand_in(mailbox, from_alice("spam@harbor.test", login=""), octets)
    assert (550, "5.7.1") == (answer.code, answer.enhanced)
    assert [] == mailbox.pupil.lessons


async def test_mailbox_a_mail_is_learned_as_one_of_both(mailbox: RunningMailbox) -> None:
    """Who sends it to spam@ and to ham@ is told that the second does not count."""
    both = from_alice("spam@harbor.test", "ham@harbor.test")
    told = await (await mailbox.client("relay")).transaction(both, RECEIVED + attached(ORIGINAL))
    assert [250, 550] == [answer.code for answer in told.recipients]
    assert [("alice", "spam")] == await mailbox.pupil.taught(1)


async def test_mailbox_lessons_that_wait_fill_no_disk(mailbox: RunningMailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the filter is away an account has so many octets waiting, then it is told to come again."""
    monkeypatch.setattr("scop.cells.mailbox.lessons.MAX_WAITING_OCTETS", 2 * len(ORIGINAL))
    mailbox.pupil.is_away = True
    mails = [attached(ORIGINAL.replace(b"Pills", b"%05d" % number)) for number in range(3)]
    answers = [await hand_in(mailbox, from_alice("spam@harbor.test"), RECEIVED + mail) for mail in mails]
    assert [250, 250, 451] == [answer.code for answer in answers]


async def test_mailbox_an_account_of_that_name_has_its_mail(mailbox: RunningMailbox) -> None:
    """`team` is to be learned from by the configuration, and is somebody's address: that wins."""
    assert (await hand_in(mailbox, from_alice("team@harbor.test"), RECEIVED + attached(ORIGINAL))).is_positive
    assert ([], ["INBOX"]) == (mailbox.pupil.lessons, await folders(mailbox, "bob"))


async def test_mailbox_files_by_the_own_view_of_who_has_taught(mailbox: RunningMailbox) -> None:
    """Each account its own folder for one mail, in one commit; who has taught nothing is not asked about."""
    await deliver(mailbox, SPAM + MAIL, "alice@harbor.test", "bob@harbor.test")
    assert [] == mailbox.pupil.questions
    await move(mailbox, "alice", "INBOX", 1)
    mailbox.pupil.views["alice"] = "ham"
    await deliver(mailbox, SPAM + MAIL + b"2\r\n", "alice@harbor.test", "bob@harbor.test")
    assert (["INBOX", "INBOX"], ["Junk", "Junk"]) == (
        await folders(mailbox, "alice"),
        await folders(mailbox, "bob"),
    )
    (question,) = mailbox.pupil.questions
    assert (("alice",), SPAM + MAIL + b"2\r\n") == (question.accounts, question.octets)


@pytest.mark.parametrize(
    ("octets", "view", "folder"),
    [(HAM + MAIL, "spam", "Junk"), (SPAM + MAIL, "unsure", "INBOX"), (QUARANTINED + MAIL, "ham", "Junk")],
)
async def test_mailbox_the_own_view_counts_in_place_of_the_filters_word(
    mailbox: RunningMailbox, octets: bytes, view: str, folder: str
) -> None:
    """And of nothing else: what DMARC had put aside stays there."""
    await deliver(mailbox, MAIL, "alice@harbor.test")
    await move(mailbox, "alice", "Junk", 1)
    mailbox.pupil.views["alice"] = view
    await deliver(mailbox, octets + b"2\r\n", "alice@harbor.test")
    assert ["Junk", folder] == await folders(mailbox, "alice")


async def test_mailbox_files_by_the_stamp_where_the_filter_is_silent(mailbox: RunningMailbox) -> None:
    """Nobody waits for a second opinion."""
    await deliver(mailbox, MAIL, "alice@harbor.test")
    await move(mailbox, "alice", "Junk", 1)
    await mailbox.pupil.taught(1)
    mailbox.pupil.is_away = True
    await deliver(mailbox, SPAM + MAIL + b"2\r\n", "alice@harbor.test")
    assert ["Junk", "Junk"] == await folders(mailbox, "alice")
    assert 1 == len(mailbox.lines("view.unasked"))


async def test_mailbox_forwards_by_the_own_view_too(mailbox: RunningMailbox) -> None:
    """What is in Junk for its owner only is not sent on in our name, and what is so for all others only is."""
    await deliver(mailbox, MAIL, "bob@harbor.test")
    await move(mailbox, "bob", "Junk", 1)
    for view, octets in (("spam", HAM + MAIL + b"2\r\n"), ("ham", SPAM + MAIL + b"3\r\n")):
        mailbox.pupil.views["bob"] = view
        await deliver(mailbox, octets, "both@harbor.test")
    assert ["Junk", "Junk", "INBOX"] == await folders(mailbox, "bob")
    assert [True] == [octets.endswith(b"3\r\n") for octets in mailbox.signed.messages]
