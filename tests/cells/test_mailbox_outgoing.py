"""What goes on from the mailbox by way of the signer: forwards, bounces of forwards, notices of delivery."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.running_mailbox import BELOW, CAROL, RECEIVED, SPAM, RunningMailbox, envelope, running_mailbox
from scop.dsn import parse_report
from scop.smtp import Envelope, Reply, ReversePath, reply
from scop.smtp.stamps import delivery_id, split_stamps

HOST = "mx.harbor.test"
FOUND = b"Authentication-Results: mx.harbor.test; spf=pass smtp.mailfrom=lagoon.test\r\n"
RESULTS = b"X-SCoP-Disposition: none\r\n" + FOUND + b"X-SCoP-Spam: ham\r\n"
MAIL = RESULTS + RECEIVED + BELOW
QUARANTINED = FOUND + b"X-SCoP-Attachments: quarantine\r\nX-SCoP-Spam: ham\r\n" + RECEIVED + BELOW
LATER = reply(451, "4.4.1", "Service is not available at the moment, try again later")
BOUNCE = envelope("SRS0=hash=day=lagoon.test=carol@harbor.test", reverse_path=ReversePath(None))


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[RunningMailbox]:
    """Run a mailbox for one test."""
    async with running_mailbox(tmp_path) as made:
        yield made


async def deliver(mailbox: RunningMailbox, around: Envelope, octets: bytes = MAIL, *, cell: str = "verifier") -> Reply:
    """Hand a mail over; return the reply to it, or to its first recipient where nobody was to have it."""
    told = await (await mailbox.client(cell)).transaction(around, octets)
    return told.message or told.recipients[0]


async def stored(mailbox: RunningMailbox) -> list[int]:
    """Return how many mails alice and bob have."""
    return [(await mailbox.mails(account)).total for account in ("alice", "bob")]


def wanting(around: Envelope, *notify: str, original: str = "") -> Envelope:
    """Return an envelope whose recipients are to be told of that way."""
    return Envelope(
        around.mail,
        tuple(
            replace(each, notify=frozenset(notify), original_recipient=original or each.original_recipient)
            for each in around.recipients
        ),
    )


# Forwards


async def test_mailbox_forwards_under_the_sender_and_trace_of_the_mail(mailbox: RunningMailbox) -> None:
    """The reverse path and our trace id stay; Delivered-To stands above, our cells' words to each other do not."""
    assert 250 == (await deliver(mailbox, envelope("gone@harbor.test"))).code
    (octets,), (mail,), (recipient,) = mailbox.signed.messages, mailbox.signed.mails, mailbox.signed.recipients
    assert b"Delivered-To: gone@harbor.test\r\n" + RECEIVED + BELOW == octets
    assert (CAROL, "0123456789ab") == (mail.reverse_path, mail.origin.ident if mail.origin else "")
    assert ("<alice@elsewhere.test>", "rfc822;gone@harbor.test") == (
        str(recipient.forward_path),
        recipient.original_recipient,
    )
    assert [0, 0] == await stored(mailbox)


@pytest.mark.parametrize(("cell", "is_told"), [("verifier", True), ("relay", False)])
async def test_mailbox_tells_the_signer_what_the_verifier_found(tmp_path: Path, cell: str, is_told: bool) -> None:
    """For a seal of ARC; in local mail whatever its author wrote stands in that place."""
    async with running_mailbox(tmp_path, tells_results=True) as mailbox:
        assert 250 == (await deliver(mailbox, envelope("gone@harbor.test"), cell=cell)).code
        (octets,) = mailbox.signed.messages
    told = FOUND if is_told else b""
    assert b"Delivered-To: gone@harbor.test\r\n" + told + RECEIVED + BELOW == octets


async def test_mailbox_keeps_a_copy_and_forwards_to_several(mailbox: RunningMailbox) -> None:
    """One mail to the signer for all addresses of one recipient; what others have it for is not told to them."""
    assert 250 == (await deliver(mailbox, envelope("both@harbor.test", "gone@harbor.test"))).code
    assert [0, 1] == await stored(mailbox)
    assert ["bob@one.test", "bob@two.test", "alice@elsewhere.test"] == [
        str(each.forward_path.mailbox) for each in mailbox.signed.recipients
    ]
    assert [b"Delivered-To: both@harbor.test", b"Delivered-To: gone@harbor.test"] == [
        octets.partition(b"\r\n")[0] for octets in mailbox.signed.messages
    ]


async def test_mailbox_forwarded_mail_is_the_same_delivery_to_the_relay(mailbox: RunningMailbox) -> None:
    """A retry has the same delivery id, so that the relay carries it once."""
    for number in (b"1", b"2"):
        octets = b"X-SCoP-Spam: ham; score=0." + number + b"\r\n" + RECEIVED.replace(b"id t", b"id " + number) + BELOW
        assert 250 == (await deliver(mailbox, envelope("both@harbor.test"), octets)).code
    assert [0, 1] == await stored(mailbox)
    below = [split_stamps(octets, HOST)[1] for octets in mailbox.signed.messages]
    assert [delivery_id(CAROL, BELOW)] * 2 == [delivery_id(CAROL, octets) for octets in below]


async def test_mailbox_says_later_for_what_needs_a_signer_that_is_down(mailbox: RunningMailbox) -> None:
    """451 for a mail that goes on, and the copy is stored once; every other mail is taken as always."""
    mailbox.signer.kill()
    assert LATER == await deliver(mailbox, envelope("both@harbor.test"))
    assert LATER == await deliver(mailbox, wanting(envelope("alice@harbor.test"), "SUCCESS"))
    assert LATER == await deliver(mailbox, BOUNCE)
    assert [1, 1] == await stored(mailbox)
    assert 250 == (await deliver(mailbox, envelope("alice@harbor.test"), MAIL + b"2\r\n")).code
    assert LATER == await deliver(mailbox, envelope("both@harbor.test"))
    assert [2, 1] == await stored(mailbox)


@pytest.mark.parametrize(
    ("address", "said", "expected"),
    [
        ("both@harbor.test", reply(452, "4.3.1", "No room"), reply(452, "4.3.1", "No room")),
        ("gone@harbor.test", reply(554, "5.6.0", "No"), reply(554, "5.6.0", "No")),
        ("both@harbor.test", reply(554, "5.6.0", "No"), reply(250, "2.0.0", "Ok: stored as 0123456789ab")),
    ],
)
async def test_mailbox_answers_as_the_signer_does(
    mailbox: RunningMailbox, address: str, said: Reply, expected: Reply
) -> None:
    """But a forward that can never be is no failure where its owner keeps a copy: that is for the log."""
    mailbox.signed.message_reply = said
    assert expected == await deliver(mailbox, envelope(address))
    assert (["554 5.6.0 No"] if expected.is_positive else []) == mailbox.kept.reasons("forward.kept")


async def test_mailbox_forwards_nothing_twice_in_a_circle(mailbox: RunningMailbox) -> None:
    """What comes back with our own Delivered-To is kept by who keeps copies, and refused where nobody would have it."""
    back = RECEIVED + b"Received: by elsewhere.test; x\r\nDelivered-To: BOTH@harbor.test\r\n" + BELOW
    assert 250 == (await deliver(mailbox, envelope("both@harbor.test"), back)).code
    assert ([0, 1], []) == (await stored(mailbox), mailbox.signed.messages)
    back = back.replace(b"BOTH", b"gone")
    refused = await deliver(mailbox, envelope("gone@harbor.test", "alice@harbor.test"), back)
    assert reply(554, "5.4.6", "Forwarded in circles: this mail was here before") == refused
    assert ([0, 1], []) == (await stored(mailbox), mailbox.signed.messages)
    assert 250 == (await deliver(mailbox, envelope("both@harbor.test"), back)).code
    assert 1 == len(mailbox.signed.messages)
    all_header = back.partition(b"\r\n\r\n")[0] + b"\r\n"
    assert 554 == (await deliver(mailbox, envelope("gone@harbor.test"), all_header)).code


async def test_mailbox_forwards_no_spam_that_it_keeps(mailbox: RunningMailbox) -> None:
    """Who keeps copies finds it in Junk; who keeps none has to have it."""
    await deliver(mailbox, envelope("both@harbor.test", "gone@harbor.test"), SPAM + RECEIVED + BELOW)
    assert ["alice@elsewhere.test"] == [str(each.forward_path.mailbox) for each in mailbox.signed.recipients]
    assert ["it looks like spam"] == mailbox.kept.reasons("forward.kept")


BORROWED = reply(550, "5.7.1", "This mail bears our name without proof, and is not sent on under it")


@pytest.mark.parametrize(
    ("dmarc", "goes_on"),
    [
        (b"dmarc=fail header.from=harbor.test policy.dmarc=none", False),
        (b"dmarc=fail header.from=news.harbor.test", False),
        (b"dmarc=none header.from=test", False),
        (b"dmarc=permerror", False),
        (b'dmarc=fail reason="policy_test_mode: t=y" header.from=harbor.test policy.dmarc=none', False),
        (b'dmarc=fail reason="trusted_forwarder: it is on our list" header.from=harbor.test policy.dmarc=none', True),
        (b"dmarc=pass header.from=harbor.test", True),
        (b"dmarc=fail header.from=lagoon.test", True),
        (b"dmarc=none header.from=safe-harbor.test", True),
        (b"spf=fail smtp.mailfrom=harbor.test", True),
    ],
)
async def test_mailbox_lends_our_name_to_no_stranger(mailbox: RunningMailbox, dmarc: bytes, goes_on: bool) -> None:
    """Sent on it would leave from our address, where SPF passes for us: a forged mail is kept, or refused."""
    octets = FOUND.replace(b"spf=pass smtp.mailfrom=lagoon.test", dmarc) + RECEIVED + BELOW
    answers = [await deliver(mailbox, around, octets) for around in (envelope("gone@harbor.test"), BOUNCE)]
    assert [BORROWED] * 2 == answers or (goes_on and {250} == {each.code for each in answers})
    assert 250 == (await deliver(mailbox, envelope("both@harbor.test"), octets)).code
    assert ([0, 1], 3 * goes_on) == (await stored(mailbox), len(mailbox.signed.messages))
    assert 250 == (await deliver(mailbox, envelope("gone@harbor.test"), octets, cell="relay")).code


@pytest.mark.parametrize(
    ("address", "notify", "expected"),
    [
        ("gone@harbor.test", {"SUCCESS", "DELAY"}, {"SUCCESS", "DELAY"}),
        ("gone@harbor.test", set(), set()),
        ("both@harbor.test", {"SUCCESS", "FAILURE"}, {"FAILURE"}),
        ("both@harbor.test", {"SUCCESS"}, {"NEVER"}),
        ("both@harbor.test", {"NEVER"}, {"NEVER"}),
    ],
)
async def test_mailbox_passes_dsn_parameters_on_with_a_forward(
    mailbox: RunningMailbox, address: str, notify: set[str], expected: set[str]
) -> None:
    """RFC 3461 §5.2.7: as they are where only the forward is left; of a copy success is told by us already."""
    around = wanting(envelope(address), *notify, original="rfc822;list@sea.test")
    around = replace(around, mail=replace(around.mail, ret="FULL", envid="QQ1", require_tls=True))
    await deliver(mailbox, around)
    mail, recipient = mailbox.signed.mails[0], mailbox.signed.recipients[0]
    assert ("FULL", "QQ1", True) == (mail.ret, mail.envid, mail.require_tls)
    assert (frozenset(expected), "rfc822;list@sea.test") == (recipient.notify, recipient.original_recipient)


# What is dangerous to open

DANGEROUS = reply(550, "5.7.1", "This mail brings what is dangerous to open, and is not sent on")


@pytest.mark.parametrize("address", ["gone@harbor.test", "SRS0=hash=day=lagoon.test=carol@harbor.test"])
async def test_mailbox_sends_nothing_on_that_is_dangerous_to_open(mailbox: RunningMailbox, address: str) -> None:
    """Neither to where a person reads mail, nor home to whom a bounce is for: it would come from us."""
    assert DANGEROUS == await deliver(mailbox, envelope(address), QUARANTINED)
    assert [] == mailbox.signed.messages


async def test_mailbox_keeps_what_is_dangerous_where_a_copy_is_kept(mailbox: RunningMailbox) -> None:
    """Its owner has it in Quarantine; it is not forwarded, and its sender hears nothing of it."""
    assert 250 == (await deliver(mailbox, wanting(envelope("both@harbor.test"), "SUCCESS"), QUARANTINED)).code
    assert ([0, 1], []) == (await stored(mailbox), mailbox.signed.messages)
    assert ["Quarantine"] == [each.folder for each in (await mailbox.mails("bob")).mails]
    assert ["it brings what is dangerous to open"] == mailbox.kept.reasons("forward.kept")


async def test_mailbox_sends_on_what_only_says_itself_that_it_is_dangerous(mailbox: RunningMailbox) -> None:
    """A stamp below our own `Received`, or in local mail, is somebody else's."""
    forged = MAIL.replace(BELOW, b"X-SCoP-Attachments: quarantine\r\n" + BELOW)
    assert 250 == (await deliver(mailbox, envelope("gone@harbor.test"), forged)).code
    assert 250 == (await deliver(mailbox, envelope("gone@harbor.test"), QUARANTINED, cell="relay")).code
    assert 2 == len(mailbox.signed.messages)


# Rewritten senders


async def test_mailbox_asks_the_relay_about_rewritten_senders(mailbox: RunningMailbox) -> None:
    """At RCPT, and its answer is ours; the keeper is not asked."""
    mailbox.signed.replies["SRS0=forged=day=lagoon.test=carol"] = reply(550, "5.1.1", "Nothing was sent from here")
    forged = envelope("SRS0=forged=day=lagoon.test=carol@harbor.test", reverse_path=ReversePath(None))
    assert reply(550, "5.1.1", "Nothing was sent from here") == await deliver(mailbox, forged)
    assert 250 == (await deliver(mailbox, BOUNCE)).code
    assert [RECEIVED + BELOW] == mailbox.signed.messages
    assert ["550 5.1.1 Nothing was sent from here"] == [line["reply"] for line in mailbox.lines("mail.refused")]


async def test_mailbox_takes_a_bounce_and_a_person_in_one_transaction(mailbox: RunningMailbox) -> None:
    """One answer for both; what was begun at the signer is abandoned with the transaction."""
    both = Envelope(BOUNCE.mail, (*BOUNCE.recipients, *envelope("alice@harbor.test").recipients))
    assert 250 == (await deliver(mailbox, both)).code
    assert ([1, 0], 1) == (await stored(mailbox), len(mailbox.signed.messages))
    client = await mailbox.client("verifier")
    await client.begin(BOUNCE.mail, BOUNCE.recipients)
    await client.reset()
    assert "reset" == mailbox.signed.asked[-1]
    mailbox.signed.message_reply = reply(451, "4.3.0", "Later")
    assert reply(451, "4.3.0", "Later") == await deliver(mailbox, both)
    assert [1, 0] == await stored(mailbox)


# Notices


async def test_mailbox_tells_who_asked_that_a_mail_was_delivered(mailbox: RunningMailbox) -> None:
    """RFC 3461 §5.2.3: from the null path to the sender, about those recipients only, with ENVID and ORCPT."""
    asked = wanting(envelope("alice@harbor.test"), "SUCCESS", original="rfc822;all@sea.test")
    around = Envelope(replace(asked.mail, envid="QQ314"), (*asked.recipients, *envelope("bob@harbor.test").recipients))
    assert 250 == (await deliver(mailbox, around)).code
    (mail,), (recipient,), (octets,) = mailbox.signed.mails, mailbox.signed.recipients, mailbox.signed.messages
    assert (ReversePath(None), "<carol@lagoon.test>") == (mail.reverse_path, str(recipient.forward_path))
    report = parse_report(octets)
    assert report is not None
    assert "QQ314" == report.envelope_id
    (one,) = report.recipients
    assert ("delivered", "2.1.5", "all@sea.test") == (one.action, one.status, one.original_recipient)
    assert b"X-SCoP" not in octets
    (line,) = mailbox.lines("mail.notified")
    assert ("0123456789ab", "carol@lagoon.test") == (line["trace"], line["recipient"])


async def test_mailbox_notice_of_a_mail_that_requires_tls(mailbox: RunningMailbox) -> None:
    """RFC 8689 §5: what is told of it goes back under the same requirement, with its header only."""
    asked = wanting(envelope("alice@harbor.test"), "SUCCESS")
    around = Envelope(replace(asked.mail, require_tls=True, ret="FULL"), asked.recipients)
    assert 250 == (await deliver(mailbox, around)).code
    (mail,), (octets,) = mailbox.signed.mails, mailbox.signed.messages
    assert (True, False) == (mail.require_tls, MAIL.partition(b"\r\n\r\n")[2] in octets)


@pytest.mark.parametrize(
    ("around", "octets"),
    [
        (envelope("alice@harbor.test"), MAIL),
        (wanting(envelope("alice@harbor.test"), "FAILURE", "DELAY"), MAIL),
        (wanting(envelope("alice@harbor.test"), "NEVER"), MAIL),
        (wanting(envelope("alice@harbor.test", reverse_path=ReversePath(None)), "SUCCESS"), MAIL),
        (wanting(envelope("alice@harbor.test"), "SUCCESS"), SPAM + RECEIVED + BELOW),
    ],
)
async def test_mailbox_tells_nobody_who_did_not_ask(mailbox: RunningMailbox, around: Envelope, octets: bytes) -> None:
    """Nor the null path, nor the sender of spam, whose address may be a stranger's."""
    assert 250 == (await deliver(mailbox, around, octets)).code
    assert ([1, 0], []) == (await stored(mailbox), mailbox.signed.messages)


@pytest.mark.parametrize(("said", "expected"), [(reply(451, "4.3.0", "Later"), 451), (reply(552, "5.3.4", "No"), 250)])
async def test_mailbox_a_notice_that_can_never_be_fails_no_mail(
    mailbox: RunningMailbox, said: Reply, expected: int
) -> None:
    """What may be mended is tried again with the mail, all else is for the log."""
    mailbox.signed.message_reply = said
    assert expected == (await deliver(mailbox, wanting(envelope("alice@harbor.test"), "SUCCESS"))).code
    assert (["552 5.3.4 No"] if expected == 250 else []) == [line["reply"] for line in mailbox.lines("notice.refused")]


PROOFS = {
    b"spf=pass smtp.mailfrom=lagoon.test": True,
    b"spf=fail smtp.mailfrom=lagoon.test; dmarc=pass header.from=lagoon.test": True,
    b"spf=softfail smtp.mailfrom=lagoon.test; dmarc=none header.from=lagoon.test": False,
    b"spf=pass smtp.helo=lagoon.test; spf=none smtp.mailfrom=lagoon.test": False,
    b"spf=pass smtp.mailfrom=evil.lagoon.test; dkim=pass header.d=lagoon.test": False,
    b"spf=none smtp.mailfrom=lagoon.test; dmarc=pass header.from=evil.test": False,
    b"none": False,
}


@pytest.mark.parametrize("found", PROOFS, ids=range(len(PROOFS)))
async def test_mailbox_tells_no_stranger_of_success(mailbox: RunningMailbox, found: bytes) -> None:
    """A reverse path that nothing proves may be forged: neither we nor where it is forwarded answer it (RFC 3461)."""
    octets = MAIL.replace(FOUND, b"Authentication-Results: mx.harbor.test; " + found + b"\r\n")
    asked = wanting(envelope("alice@harbor.test", "gone@harbor.test"), "SUCCESS", "DELAY")
    assert 250 == (await deliver(mailbox, asked, octets)).code
    forwarded, *notices = mailbox.signed.recipients
    told = frozenset({"SUCCESS", "DELAY"} if PROOFS[found] else {"DELAY"})
    assert (told, PROOFS[found]) == (forwarded.notify, bool(notices))


async def test_mailbox_believes_no_stamp_that_is_not_ours(mailbox: RunningMailbox) -> None:
    """What stands below our own Received is the sender's."""
    octets = b"X-SCoP-Disposition: none\r\n" + RECEIVED + FOUND + BELOW
    assert 250 == (await deliver(mailbox, wanting(envelope("alice@harbor.test"), "SUCCESS"), octets)).code
    assert [] == mailbox.signed.recipients


async def test_mailbox_tells_our_own_users_too(mailbox: RunningMailbox) -> None:
    """What came from the relay, whatever stamps it bears."""
    around = envelope("bob@harbor.test", reverse_path=ReversePath.parse("<alice@harbor.test>"))
    assert 250 == (await deliver(mailbox, wanting(around, "SUCCESS"), SPAM + RECEIVED + BELOW, cell="relay")).code
    assert ["<alice@harbor.test>"] == [str(each.forward_path) for each in mailbox.signed.recipients]
