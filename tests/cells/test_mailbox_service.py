"""The mailbox as its neighbours see it, over real LMTP and calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.running_mailbox import BELOW, CAROL, RECEIVED, SPAM, RunningMailbox, envelope, running_mailbox
from scop.cells.mailbox.service import PIECE_OCTETS
from scop.mesh.vocabulary.mailbox import MailList, ReadMail
from scop.net.faults import PermanentFailure
from scop.smtp import Mail, Reply, ReversePath, reply


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[RunningMailbox]:
    """Run a mailbox for one test."""
    async with running_mailbox(tmp_path) as made:
        yield made


async def test_mailbox_stores_what_the_verifier_hands_on(mailbox: RunningMailbox) -> None:
    """Octet for octet below Return-Path, named by our own trace, answered once it is stored."""
    client = await mailbox.client("verifier")
    octets = RECEIVED + BELOW
    told = await client.transaction(envelope("alice@harbor.test"), octets)
    assert reply(250, "2.0.0", "Ok: stored as 0123456789ab") == told.message
    (summary,) = (await mailbox.mails("alice")).mails
    piece = await mailbox.operator.call(ReadMail("alice", summary.id))
    assert b"Return-Path: <carol@lagoon.test>\r\n" + octets == piece.octets
    assert ("INBOX", "0123456789ab", "<carol@lagoon.test>", len(piece.octets)) == (
        summary.folder,
        summary.trace,
        summary.reverse_path,
        summary.size_octets,
    )
    assert ("Carol <carol@lagoon.test>", "Grüße") == (summary.author, summary.subject)
    (line,) = mailbox.lines("mail.stored")
    assert ("0123456789ab", "alice", "INBOX", False, 0.0) == tuple(
        line[name] for name in ("trace", "account", "folder", "again", "seconds")
    )


@pytest.mark.parametrize(
    ("address", "expected", "reason"),
    [
        ("nobody@harbor.test", reply(550, "5.1.1", "No such recipient here"), "No such recipient here"),
        ("closed@harbor.test", reply(550, "5.2.1", "This mailbox takes no mail"), "This mailbox takes no mail"),
        ("away@harbor.test", reply(451, "4.3.0", "Try again later"), "no connection to 127.0.0.1 port 21005"),
        ("refused@harbor.test", reply(451, "4.3.0", "Try again later"), "unknown question"),
        ("Postmaster", reply(451, "4.3.0", "Try again later"), "Try again later"),
    ],
)
async def test_mailbox_decides_on_each_recipient_at_rcpt(
    mailbox: RunningMailbox, address: str, expected: Reply, reason: str
) -> None:
    """The reply is the keeper's answer; private reasons are in the log only; others still get the mail."""
    client = await mailbox.client("verifier")
    told = await client.transaction(envelope(address, "bob@harbor.test"), RECEIVED + BELOW)
    assert expected == told.recipients[0]
    assert [reason] == mailbox.kept.reasons("mail.refused")
    assert told.message is not None
    assert told.message.is_positive
    assert 1 == (await mailbox.mails("bob")).total


async def test_mailbox_a_person_named_twice_has_the_mail_once(mailbox: RunningMailbox) -> None:
    """Several addresses of one account, and an address of several accounts."""
    client = await mailbox.client("verifier")
    to_all = envelope("alice@harbor.test", "alice+x@harbor.test", "team@harbor.test")
    await client.transaction(to_all, RECEIVED + BELOW)
    assert [1, 1] == [(await mailbox.mails(account)).total for account in ("alice", "bob")]


async def test_mailbox_answers_a_retry_and_stores_it_once(mailbox: RunningMailbox) -> None:
    """The same mail with other stamps of ours is known; with another reverse path it is another."""
    client = await mailbox.client("verifier")
    for number in (b"1", b"2"):
        octets = b"X-SCoP-Spam: ham; score=0." + number + b"\r\n" + RECEIVED.replace(b"id t", b"id " + number) + BELOW
        stored = (await client.transaction(envelope("alice@harbor.test"), octets)).message
        assert stored is not None
        assert stored.is_positive
    assert [False, True] == [line["again"] for line in mailbox.lines("mail.stored")]
    assert 1 == (await mailbox.mails("alice")).total
    bounce = envelope("alice@harbor.test", reverse_path=ReversePath(None))
    await client.transaction(bounce, RECEIVED + BELOW)
    assert 2 == (await mailbox.mails("alice")).total


@pytest.mark.parametrize(("cell", "folder"), [("verifier", "Junk"), ("relay", "INBOX")])
async def test_mailbox_believes_stamps_of_the_verifier_only(mailbox: RunningMailbox, cell: str, folder: str) -> None:
    """Mail from our own users may bear any stamp that its author liked."""
    client = await mailbox.client(cell)
    await client.transaction(envelope("alice@harbor.test"), SPAM + RECEIVED + BELOW)
    assert [folder] == [mail.folder for mail in (await mailbox.mails("alice")).mails]


async def test_mailbox_a_full_account_is_told_at_rcpt_when_the_size_is_known(mailbox: RunningMailbox) -> None:
    """SIZE decides (RFC 1870 §6.1): 452 for the one that is full, the other gets the mail."""
    client = await mailbox.client("verifier")
    large = RECEIVED + BELOW + b"x" * 76 * 40_000 + b"\r\n"
    await client.transaction(envelope("alice@harbor.test"), large)
    told = await client.transaction(envelope("alice@harbor.test", "bob@harbor.test"), large + b"2\r\n")
    full = reply(452, "4.2.2", "This mailbox is full, try again later")
    assert [full, reply(250, "2.1.5", "Ok")] == list(told.recipients)
    assert [1, 1] == [(await mailbox.mails(account)).total for account in ("alice", "bob")]


async def test_mailbox_stores_for_none_where_one_became_full(mailbox: RunningMailbox) -> None:
    """Two mails that each fit at RCPT but not together: the second is refused whole, to be sent again."""
    first, second = await mailbox.client("verifier"), await mailbox.client("verifier")
    large = RECEIVED + BELOW + b"x" * 76 * 40_000 + b"\r\n"
    _, accepted = await second.begin(
        Mail(CAROL, len(large)), envelope("alice@harbor.test", "bob@harbor.test").recipients
    )
    assert all(answer.is_positive for answer in accepted)
    await first.transaction(envelope("alice@harbor.test"), large)
    assert reply(452, "4.2.2", "This mailbox is full, try again later") == await second.message(large + b"2\r\n")
    assert 0 == (await mailbox.mails("bob")).total
    assert ["alice is over its quota"] == mailbox.kept.reasons("mail.refused")


async def test_mailbox_keeps_mail_through_a_restart(tmp_path: Path) -> None:
    """And a retry after it is still known."""
    for expected in (False, True):
        async with running_mailbox(tmp_path) as mailbox:
            client = await mailbox.client("verifier")
            await client.transaction(envelope("alice@harbor.test"), RECEIVED + BELOW)
            assert [expected] == [line["again"] for line in mailbox.lines("mail.stored")]
            assert 1 == (await mailbox.mails("alice")).total


async def test_mailbox_shows_a_large_mail_in_pieces(mailbox: RunningMailbox) -> None:
    """No answer is larger than a frame may be, and the pieces are the mail."""
    client = await mailbox.client("verifier")
    octets = RECEIVED + BELOW + b"y" * 76 * 20_000 + b"\r\n"
    await client.transaction(envelope("alice@harbor.test"), octets)
    first = await mailbox.operator.call(ReadMail("alice", 1))
    second = await mailbox.operator.call(ReadMail("alice", 1, PIECE_OCTETS))
    assert PIECE_OCTETS == len(first.octets)
    assert (first.octets + second.octets).endswith(octets)
    assert first.size_octets == len(first.octets) + len(second.octets)


async def test_mailbox_refuses_to_show_what_is_not_there(mailbox: RunningMailbox) -> None:
    """An unknown account has no mails; an unknown mail is refused."""
    assert MailList((), 0) == await mailbox.mails("nobody")
    with pytest.raises(PermanentFailure, match="nobody has no mail 1"):
        await mailbox.operator.call(ReadMail("nobody", 1))


async def test_mailbox_forgets_an_abandoned_transaction(mailbox: RunningMailbox) -> None:
    """RSET stores nothing, and its recipients are not those of the next mail."""
    client = await mailbox.client("verifier")
    await client.begin(Mail(CAROL, 10), envelope("alice@harbor.test").recipients)
    await client.reset()
    await client.transaction(envelope("bob@harbor.test"), RECEIVED + BELOW)
    assert [0, 1] == [(await mailbox.mails(account)).total for account in ("alice", "bob")]


async def test_mailbox_many_senders_at_once_lose_nothing(mailbox: RunningMailbox) -> None:
    """Each mail that was answered 250 is there once."""

    async def send(sender: int) -> None:
        client = await mailbox.client("verifier")
        for number in range(20):
            octets = RECEIVED + f"Subject: {sender}/{number}\r\n".encode() + BELOW
            assert reply(250, "2.1.0", "Ok") == (await client.transaction(envelope("team@harbor.test"), octets)).mail

    await asyncio.gather(*(send(sender) for sender in range(10)))
    for account in ("alice", "bob"):
        listed = await mailbox.mails(account)
        assert 200 == listed.total == len({mail.subject for mail in listed.mails})
