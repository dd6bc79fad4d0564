"""Mail to the address for reports: the mailbox hands it to the reporter, and an account of that name has it too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.running_mailbox import BELOW, RECEIVED, RunningMailbox, envelope, running_mailbox
from scop.smtp import Reply, reply

RESULTS = b"Authentication-Results: mx.harbor.test; dmarc=pass header.from=lagoon.test\r\n"
MAIL = RESULTS + RECEIVED + BELOW
LATER = reply(451, "4.3.0", "Try again later")
TOO_LARGE = reply(552, "5.3.4", "A report has at most 16777216 octets")


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[RunningMailbox]:
    """Run a mailbox for one test."""
    async with running_mailbox(tmp_path) as made:
        yield made


async def deliver(mailbox: RunningMailbox, *addresses: str, cell: str = "verifier") -> Reply:
    """Hand a mail over; return the reply to it, or to its first recipient where nobody was to have it."""
    told = await (await mailbox.client(cell)).transaction(envelope(*addresses), MAIL)
    return told.message or told.recipients[0]


async def mails_of(mailbox: RunningMailbox) -> list[int]:
    """Return how many mails alice and bob have."""
    return [(await mailbox.mails(account)).total for account in ("alice", "bob")]


@pytest.mark.parametrize("address", ["reports@harbor.test", "Reports+2026@HARBOR.test"])
async def test_mailbox_hands_reports_to_the_reporter(mailbox: RunningMailbox, address: str) -> None:
    """With the verifier's results above it, under the same trace, and nobody else has it."""
    assert (await deliver(mailbox, address)).is_positive
    (mail,) = mailbox.reported.mails
    assert ([MAIL], "0123456789ab") == (mailbox.reported.messages, mail.origin and mail.origin.ident)
    assert [0, 0] == await mails_of(mailbox)


async def test_mailbox_an_account_of_that_name_has_the_report_too(mailbox: RunningMailbox) -> None:
    """Nobody's mail is taken away because reports are read; both have it by one answer."""
    assert (await deliver(mailbox, "team@harbor.test")).is_positive
    assert ([MAIL], [1, 1]) == (mailbox.reported.messages, await mails_of(mailbox))


@pytest.mark.parametrize("address", ["reports@elsewhere.test", "report@harbor.test", "nobody@harbor.test"])
async def test_mailbox_other_addresses_are_no_addresses_for_reports(mailbox: RunningMailbox, address: str) -> None:
    """Unknown stays unknown."""
    assert 550 == (await deliver(mailbox, address)).code
    assert [] == mailbox.reported.recipients


async def test_mailbox_strips_what_local_mail_says_in_our_name(mailbox: RunningMailbox) -> None:
    """RFC 8601 §5: a result that the verifier did not write proves nothing to the reporter."""
    assert (await deliver(mailbox, "reports@harbor.test", cell="relay")).is_positive
    assert [RECEIVED + BELOW] == mailbox.reported.messages


async def test_mailbox_a_reporter_that_is_away_puts_the_whole_mail_off(mailbox: RunningMailbox) -> None:
    """451, and the retry is stored once for who has it already."""
    mailbox.reported.message_reply = LATER
    assert LATER == await deliver(mailbox, "bob@harbor.test", "reports@harbor.test")
    mailbox.reported.message_reply = reply(250, "2.0.0", "Ok")
    assert (await deliver(mailbox, "bob@harbor.test", "reports@harbor.test")).is_positive
    assert ([0, 1], 2) == (await mails_of(mailbox), len(mailbox.reported.messages))


async def test_mailbox_a_mail_too_large_to_be_a_report_still_reaches_people(mailbox: RunningMailbox) -> None:
    """A permanent refusal of the reporter's is the answer only where nobody else has the mail."""
    mailbox.reported.message_reply = TOO_LARGE
    assert (await deliver(mailbox, "bob@harbor.test", "reports@harbor.test")).is_positive
    assert [0, 1] == await mails_of(mailbox)
    assert TOO_LARGE == await deliver(mailbox, "reports@harbor.test")


async def test_mailbox_people_have_their_mail_where_the_reporter_wants_none(mailbox: RunningMailbox) -> None:
    """Nor does it matter when the reporter says so: of the size that MAIL states it may say it at RCPT."""
    mailbox.reported.replies["reports"] = mailbox.reported.replies["team"] = TOO_LARGE
    assert (await deliver(mailbox, "team@harbor.test")).is_positive
    assert [1, 1] == await mails_of(mailbox)
    assert TOO_LARGE == await deliver(mailbox, "reports@harbor.test")
