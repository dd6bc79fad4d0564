"""What the relay takes from the signer: for whom, with which wishes, and what it refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.running_relay import ANN, BOB, MAIL, RunningRelay, around, relay_and_world, running
from fakes.watched_log import WatchedLog
from scop import srs
from scop.cells.relay.intake_forwards import Forwards, load_or_make_secret
from scop.cells.relay.letters import Held, Load
from scop.cells.relay.queue import Queue
from scop.cells.relay.session import Desk, Intake
from scop.smtp import ForwardPath, Mail, Mailbox, Origin, Recipient, Reply, ReversePath, reply
from scop.smtp.delivery import DeliverBy, Hold
from scop.smtp.stamps import MAX_HOPS

ZOE = "<zoe@island.test>"
LONG = Mailbox("z" * 60, "island.test")
NO_ROOM = reply(452, "4.3.1", "There is no room for more mail at the moment, try again later")
LATER = reply(451, "4.3.0", "Try again later")
NOT_OURS = reply(550, "5.1.1", "Nothing was sent from this address, or too long ago")


def recipient(path: str) -> Recipient:
    """Return a recipient that asks for nothing."""
    return Recipient(ForwardPath.parse(path))


def is_rewritten(path: ReversePath) -> bool:
    """Tell whether a reverse path has the look of SRS."""
    return path.mailbox is not None and srs.is_rewritten(path.mailbox)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Return what a conversation works with; nobody carries what it queues."""
    log, clock = WatchedLog().log("relay"), JumpingClock()
    queue = Queue(tmp_path, log)
    forwards = Forwards("lagoon.test", b"s" * 32, queue, clock)
    yield Desk("mx.lagoon.test", "lagoon.test", queue, lambda: None, forwards, 0, clock, log)
    await queue.close()


async def take(desk: Desk, mail: Mail, *recipients: Recipient, octets: bytes = MAIL) -> Reply:
    """Let a conversation take one mail; return the last reply."""
    intake = Intake(desk)
    assert (await intake.mail(mail)).is_positive
    for each in recipients:
        assert (await intake.recipient(each)).is_positive
    return await intake.message(octets)


async def due(desk: Desk, in_seconds: float) -> tuple[Load, ...]:
    """Return what is due by then."""
    return await desk.queue.due(desk.clock.unix() + in_seconds, 100, Held())


async def test_intake_keeps_all_that_was_asked_for(desk: Desk) -> None:
    """The parameters of MAIL and RCPT (RFC 3461, 8689, 2852, 4865, 6710) are there when the mail is carried."""
    mail = Mail(
        ReversePath.parse(ANN),
        ret="HDRS",
        envid="QQ314159",
        require_tls=True,
        deliver_by=DeliverBy(86_400, "N", trace=True),
        priority=4,
        extra=(("COLOUR", "blue"), ("SHINY", None)),
    )
    asking = Recipient(
        ForwardPath.parse(BOB), frozenset({"SUCCESS", "DELAY"}), "rfc822;robert@harbor.test", (("SHADE", "dark"),)
    )
    await take(desk, mail, asking)
    (load,) = await due(desk, 0)
    assert (mail, [asking]) == (load.mail, [waiting.recipient for waiting in load.recipients])


async def test_intake_keeps_the_login_and_no_origin(desk: Desk) -> None:
    """Who handed it in is asked about before it leaves; from where is nobody's business any more."""
    origin = Origin(ident="0123456789ab", address="192.0.2.1")
    await take(desk, Mail(ReversePath.parse(ANN), auth=Mailbox.parse("ann@lagoon.test"), origin=origin), recipient(BOB))
    (load,) = await due(desk, 0)
    kept = Mail(ReversePath.parse(ANN), auth=Mailbox.parse("ann@lagoon.test"))
    assert ("0123456789ab", kept) == (load.trace, load.mail)


@pytest.mark.parametrize("hold", [Hold(for_seconds=600), Hold(until_unix=JumpingClock().unix() + 600)])
async def test_intake_holds_a_mail_until_its_sender_wants_it_to_go(desk: Desk, hold: Hold) -> None:
    """RFC 4865: a pause counts from when we took the mail, and the time for delivery from its end."""
    await take(desk, Mail(ReversePath.parse(ANN), hold=hold), recipient(BOB))
    assert () == await due(desk, 599)
    (load,) = await due(desk, 600)
    until = desk.clock.unix() + 600
    assert (until, until) == (load.first_due_unix, load.mail.hold and load.mail.hold.until_unix)


@pytest.mark.parametrize(
    ("field", "require_tls", "optional"),
    [
        (b"TLS-Required: No\r\n", False, True),
        (b"tls-required:no\r\n", False, True),
        (b"TLS-Required: No\r\n", True, False),
        (b"TLS-Required: None\r\n", False, False),
        (b"\r\nTLS-Required: No\r\n", False, False),
    ],
)
@pytest.mark.parametrize("body", [b"\r\nHello\r\n", b""])
async def test_intake_reads_that_tls_is_optional(
    desk: Desk, field: bytes, require_tls: bool, optional: bool, body: bytes
) -> None:
    """RFC 8689 §3: the field counts in the header only, with a body or without, and not where REQUIRETLS was given."""
    mail = Mail(ReversePath.parse(ANN), require_tls=require_tls)
    await take(desk, mail, recipient(BOB), octets=b"From: ann@lagoon.test\r\n" + field + body)
    (load,) = await due(desk, 0)
    assert optional == load.tls_optional


async def test_intake_reads_a_mail_that_is_all_header(desk: Desk) -> None:
    """RFC 5322 §3.5: a body and the line before it may be missing; what the header says counts all the same."""
    all_header = b"TLS-Required: No\r\nSubject: h\xc3\xb6her\r\n"
    await take(desk, Mail(ReversePath.parse(ANN), smtputf8=True), recipient(BOB), octets=all_header)
    (load,) = await due(desk, 0)
    assert (True, True) == (load.tls_optional, load.mail.smtputf8)


@pytest.mark.parametrize("body", [b"", b"\r\nReceived: in the body\r\n"])
async def test_intake_refuses_what_goes_in_circles(desk: Desk, body: bytes) -> None:
    """RFC 5321 §6.3: the limit on Received fields holds at n and n + 1."""
    mail = Mail(ReversePath.parse(ANN))
    for count, expected in ((MAX_HOPS, 250), (MAX_HOPS + 1, 554)):
        assert expected == (await take(desk, mail, recipient(BOB), octets=b"received : x\r\n" * count + body)).code


async def test_intake_forwards_under_a_sender_of_our_own(tmp_path: Path) -> None:
    """A foreign reverse path leaves rewritten; ours, the null path and what goes to our own mailbox are left alone."""
    async with relay_and_world(tmp_path) as relay:
        await relay.send(BOB, sender=ZOE)
        await relay.send("<cid@harbor.test>")
        await relay.send("<eve@harbor.test>", sender="<>")
        await relay.send("<ann@lagoon.test>", sender=ZOE)
        await relay.kept.until("mail.relayed", 4)
        left = [mail.reverse_path for mail in relay.outside.world.mails]
        assert [ReversePath.parse(ANN), ReversePath(None)] == [path for path in left if not is_rewritten(path)]
        assert 3 == len(left)
        assert [ReversePath.parse(ZOE)] == [mail.reverse_path for mail in relay.outside.local.mails]


async def test_intake_brings_a_bounce_home_to_the_sender_of_forwarded_mail(tmp_path: Path) -> None:
    """What comes to a rewritten address goes on to the address inside of it; each address only for some days."""
    async with relay_and_world(tmp_path) as relay:
        for sender in (ZOE, f"<{LONG}>"):
            address = await forwarded(relay, sender)
            relay.outside.world.asked.clear()
            await relay.send(f"<{address}>", sender="<>", octets=MAIL + sender.encode())
            await relay.kept.until("mail.relayed", len(relay.kept.of("mail.queued")))
            assert f"recipient {sender}" in relay.outside.world.asked
            relay.jump((srs.MAX_DAYS + 1) * 86_400)
            late = await relay.hand_over(Mail(ReversePath(None)), recipient(f"<{address}>"))
            assert (NOT_OURS,) == late.recipients


async def forwarded(relay: RunningRelay, sender: str) -> Mailbox:
    """Forward a mail; return the address that it left under."""
    relay.outside.world.mails.clear()
    await relay.send(BOB, sender=sender, octets=MAIL + f"From {sender}\r\n".encode())
    await relay.kept.until("mail.relayed", len(relay.kept.of("mail.queued")))
    (mail,) = relay.outside.world.mails
    assert mail.reverse_path.mailbox is not None
    return mail.reverse_path.mailbox


async def test_intake_refuses_an_address_that_it_did_not_rewrite(tmp_path: Path) -> None:
    """A wrong hash is no recipient; one of another domain is that domain's business."""
    async with relay_and_world(tmp_path) as relay:
        told = await relay.hand_over(
            Mail(ReversePath(None)),
            recipient("<SRS0=AAAA=AA=island.test=zoe@lagoon.test>"),
            recipient("<SRS0=AAAA=AA=island.test=zoe@harbor.test>"),
        )
        wrong, foreign = told.recipients
        assert (250, NOT_OURS, 250) == (told.mail.code, wrong, foreign.code)


async def test_intake_keeps_its_secret(tmp_path: Path) -> None:
    """The key of the hashes is made once, and only we can read it."""
    made = load_or_make_secret(tmp_path)
    assert (32, made) == (len(made), load_or_make_secret(tmp_path))
    assert 0o600 == (tmp_path / "srs.secret").stat().st_mode & 0o777


async def test_intake_refuses_mail_that_would_fill_the_disk(tmp_path: Path) -> None:
    """Room is left for what is in the queue: 452 4.3.1 at MAIL, so that nothing is sent in vain."""
    async with around() as outside, running(tmp_path, outside, reserve_octets=1 << 60) as relay:
        told = await relay.hand_over(Mail(ReversePath.parse(ANN)), recipient(BOB))
        assert (NO_ROOM, None) == (told.mail, told.message)
        (line,) = relay.kept.of("mail.refused")
        assert "0123456789ab" == line["trace"]


async def test_intake_says_that_there_is_no_room(desk: Desk) -> None:
    """A disk that is full: 452 4.3.1 for the client to wait; what is broken otherwise: 451. Both are logged."""
    pages = await desk.queue.write(lambda sql: int(sql.execute("PRAGMA page_count").fetchone()[0]))
    await desk.queue.write(lambda sql: sql.execute(f"PRAGMA max_page_count = {pages}").fetchone())
    plain = Mail(ReversePath.parse(ANN))
    assert NO_ROOM == await take(desk, plain, recipient(BOB), octets=MAIL + b"x" * 12_000)
    await desk.queue.write(lambda sql: sql.execute("PRAGMA max_page_count = 1000000").fetchone())
    assert 250 == (await take(desk, plain, recipient(BOB), octets=MAIL + b"x" * 12_000)).code
    await desk.queue.close()
    assert LATER == await Intake(desk).mail(plain)


async def test_intake_knows_a_rewritten_address_by_its_look_and_domain(desk: Desk) -> None:
    """Only what may be a sender of ours is looked into."""
    addresses = (
        "SRS0=A=B=c.test=d@LAGOON.test",
        "SRS1=A=c.test==B@lagoon.test",
        "srs0@lagoon.test",
        "SRS0=A@else.test",
    )
    assert [True, True, False, False] == [desk.forwards.bears(Mailbox.parse(address)) for address in addresses]
