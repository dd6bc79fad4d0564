"""The signer between real pipes: what it seals, what it passes on, and what it answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from fakes.running_signer import ENVELOPE, MAIL, running_signer
from scop.cells.primary.holdings import Author, Change
from scop.dkim import verify
from scop.dns.zone.zone import Zone
from scop.net.dns_client import drive
from scop.smtp import DeliverBy, Envelope, ForwardPath, Hold, Mail, Mailbox, Recipient, ReversePath, reply

NOT_READY = reply(451, "4.7.5", "Mail cannot be sealed yet, try again later")


async def test_signer_seals_with_both_keys() -> None:
    """What the relay gets verifies against the DNS, twice, and below the seals it is the mail, octet for octet."""
    async with running_signer() as signer:
        await signer.until_ready()
        assert [True, True] == [answer is not None and answer.is_positive for answer in await signer.send()]
        (sealed,) = signer.relay.messages
        results = await drive(verify(sealed, now=signer.clock.unix()), signer.names)
        assert [("pass", "rsa-sha256"), ("pass", "ed25519-sha256")] == [
            (result.result.value, result.algorithm) for result in results
        ]
        assert sealed.endswith(b"\r\n" + MAIL)


async def test_signer_puts_its_keys_back_into_a_zone_that_lost_them() -> None:
    """A zone that is rolled back or imported may be older than our keys: mail would fail everywhere (RFC 6376 §3.6)."""
    async with running_signer(republish_seconds=0.01) as signer:
        await signer.until_ready()
        holdings = signer.dns.holdings
        assert holdings is not None
        names = [name for name in holdings.shown.by_origin["lagoon.test"].nodes if "_domainkey" in name]
        changes, is_back = list[Change](), asyncio.Event()

        def watch(change: Change) -> None:
            changes.append(change)
            if all(name in change.after.nodes for name in names):
                is_back.set()

        holdings.watch(watch)
        without = partial(Zone.changed, put=(), removed=[(name, "TXT") for name in names])
        await holdings.change("lagoon.test", without, Author("operator", "roll back"))
        await is_back.wait()
        assert ["operator", "signer.lagoon.test"] == [change.by.who for change in changes]


async def test_signer_passes_on_where_mail_came_from() -> None:
    """Origin, trace id and login reach the relay as they came."""
    async with running_signer() as signer:
        await signer.until_ready()
        await signer.send()
        (mail,) = signer.relay.mails
        origin = mail.origin
        assert origin is not None
        assert ("192.0.2.7", "laptop", "0123456789ab") == (origin.address, origin.helo, origin.ident)
        assert Mailbox("ann", "lagoon.test") == mail.auth
        (line,) = [line for line in signer.kept.lines if line["event"] == "mail.sealed"]
        assert "0123456789ab" == line["trace"]


async def test_signer_passes_every_wish_on() -> None:
    """What a user asked for of the mail and of a recipient is the relay's to fulfil."""
    mail = replace(
        ENVELOPE.mail,
        body="8BITMIME",
        smtputf8=True,
        ret="HDRS",
        envid="a+b",
        require_tls=True,
        deliver_by=DeliverBy(3600, "R"),
        hold=Hold(60),
        priority=4,
    )
    recipient = replace(ENVELOPE.recipients[0], notify=frozenset({"SUCCESS"}), original_recipient="rfc822;b@x.test")
    async with running_signer() as signer:
        await signer.until_ready()
        await signer.send(envelope=Envelope(mail, (recipient,)))
    (came,) = signer.relay.mails
    assert mail == replace(came, size_octets=None, origin=mail.origin)
    assert [recipient] == signer.relay.recipients


FORWARD = Envelope(ENVELOPE.mail, (Recipient(ForwardPath.parse("<ann@elsewhere.test>")),))
NOTICE = Envelope(Mail(ReversePath(None)), ENVELOPE.recipients)
STAMP = b"Received: from x (y [192.0.2.9])\r\n\tby mx.lagoon.test with ESMTPS\r\n\tid t; now\r\n"


@pytest.mark.parametrize(
    ("envelope", "octets", "is_sealed"),
    [
        (NOTICE, MAIL, True),
        (FORWARD, b"Delivered-To: ann@lagoon.test\r\n" + STAMP + MAIL, False),
        (FORWARD, STAMP + b"Subject: a forward without From\r\n\r\n", False),
        (FORWARD, MAIL, False),
        (NOTICE, STAMP + MAIL, False),
    ],
)
@pytest.mark.parametrize("cell", ["mailbox", "relay"])
async def test_signer_seals_no_mail_of_others(envelope: Envelope, octets: bytes, is_sealed: bool, cell: str) -> None:
    """Only submission knows who wrote a mail; of all others only notices are ours: a forged From gets no seal."""
    async with running_signer() as signer:
        await signer.until_ready()
        _, answer = await signer.send(octets, cell=cell, envelope=envelope)
    assert answer is not None
    assert answer.is_positive
    (passed,) = signer.relay.messages
    assert passed.endswith(octets)
    assert is_sealed == (passed != octets)


async def test_signer_publishes_before_it_seals() -> None:
    """Until the primary took both keys nothing is sealed, and the mail stays where it is."""
    async with running_signer(primary_is_up=False) as signer:
        await signer.kept.until("keys.waiting")
        assert (NOT_READY, None) == await signer.send()
        status = await signer.status()
        assert (False, {(False, False)}) == (status.ready, {(key.published, key.resolves) for key in status.keys})
        assert [] == signer.relay.mails
        assert 1 == len(signer.kept.reasons("keys.waiting"))


async def test_signer_waits_until_its_keys_resolve() -> None:
    """A resolver that does not know yet is asked again."""
    async with running_signer(silent_lookups=3) as signer:
        status = await signer.until_ready()
        assert {(True, True)} == {(key.published, key.resolves) for key in status.keys}
        assert 1 == len(signer.kept.reasons("keys.waiting"))
        assert 1 == len(signer.dns.stored)


async def test_signer_answers_as_the_relay_does() -> None:
    """A refusal by the relay is ours, to the recipient or to the message."""
    async with running_signer() as signer:
        await signer.until_ready()
        full = signer.relay.message_reply = reply(452, "4.3.1", "Full")
        assert full == (await signer.send())[1]
        no = signer.relay.replies["bob"] = reply(550, "5.1.1", "No")
        assert (no, None) == await signer.send()


async def test_signer_refuses_what_cannot_be_sealed() -> None:
    """RFC 6376 §5.4: a mail without From; and one with so many fields that nobody would verify the seal."""
    async with running_signer() as signer:
        await signer.until_ready()
        for octets in (b"Subject: x\r\n\r\n", b"To:\r\n" * 1000 + MAIL):
            _, answer = await signer.send(octets)
            assert answer is not None
            assert (554, "5.6.0") == (answer.code, answer.enhanced)
        assert [] == signer.relay.messages
