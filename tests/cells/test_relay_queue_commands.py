"""What the operator does with the queue of a relay that runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.loops import PATIENCE_SECONDS
from fakes.running_relay import ANN, BOB, MAIL, RunningRelay, relay_and_world
from fakes.watched_log import WatchedLog
from scop.cells.relay.letters import Held, Letter, Load
from scop.cells.relay.management import Management
from scop.cells.relay.notices import Notices
from scop.cells.relay.queue import Queue
from scop.cells.relay.room import Room
from scop.mesh.vocabulary.relay import (
    DropMail,
    HoldMail,
    QueueChange,
    QueueChoice,
    QueuedMail,
    QueueEntry,
    ReadQueue,
    ReadQueuedMail,
    ReadQueuedOctets,
    ReleaseMail,
    RetryMail,
)
from scop.net.peer import Peer
from scop.smtp import DeliverBy, ForwardPath, Mail, Recipient, ReversePath, ServerOptions, reply
from scop.smtp.delivery import Hold

EVE = "<eve@island.test>"
GREYLISTED = reply(451, "4.7.1", "Come back later")
EVERYTHING = QueueChoice()
FIRST, SECOND = "00000000000a", "00000000000b"
LARGE = b"Subject: large\r\n\r\n" + b"High water at nine.\r\n" * 100_000


async def deferred(relay: RunningRelay) -> None:
    """Have two mails wait: one for Bob and Eve, one from the null path for Bob."""
    relay.outside.world.replies |= {"bob": GREYLISTED, "eve": GREYLISTED}
    both = (Recipient(ForwardPath.parse(BOB), frozenset({"FAILURE"}), "rfc822;b@harbor.test"), recipient(EVE))
    await relay.hand_over(Mail(ReversePath.parse(ANN)), *both, trace=FIRST)
    await relay.hand_over(Mail(ReversePath(None)), recipient(BOB), octets=LARGE, trace=SECOND)
    await relay.kept.until("mail.deferred", 3)


def recipient(path: str) -> Recipient:
    """Return a recipient that asks for nothing."""
    return Recipient(ForwardPath.parse(path))


async def entries(relay: RunningRelay, choice: QueueChoice = EVERYTHING) -> list[QueueEntry]:
    """Return what waits."""
    return list((await relay.ask(ReadQueue(100, choice))).entries)


async def left(relay: RunningRelay, count: int) -> list[QueueEntry]:
    """Return what waits once so much is left: what a host took is told before it is settled."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found := await entries(relay)) != count:
            pass
    return found


async def only(relay: RunningRelay, trace: str) -> QueuedMail:
    """Return what is known of a mail."""
    (mail,) = (await relay.ask(ReadQueuedMail(trace))).mails
    return mail


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        (EVERYTHING, 3),
        (QueueChoice(trace=FIRST), 2),
        (QueueChoice(destination="HARBOR.test"), 2),
        (QueueChoice(sender="ann@LAGOON.test"), 2),
        (QueueChoice(sender="<>"), 1),
        (QueueChoice(recipient="Eve@island.test"), 1),
        (QueueChoice(trace=FIRST, recipient="bob@harbor.test"), 1),
        (QueueChoice(trace=SECOND, recipient="eve@island.test"), 0),
        (QueueChoice(held=True), 0),
    ],
)
async def test_queue_command_choice_means_what_fits_all_of_it(tmp_path: Path, choice: QueueChoice, found: int) -> None:
    """Trace, destination, sender and recipient each narrow it down; letters' case does not matter."""
    async with relay_and_world(tmp_path) as relay:
        await deferred(relay)
        listed = await relay.ask(ReadQueue(1, choice))
        assert (min(found, 1), found, 3, 3, 0) == (
            len(listed.entries),
            listed.matching,
            listed.waiting,
            listed.deferred,
            listed.held,
        )


async def test_queue_command_shows_what_is_known_of_a_mail(tmp_path: Path) -> None:
    """Envelope, header, and for each recipient what was tried."""
    async with relay_and_world(tmp_path) as relay:
        await deferred(relay)
        mail = await only(relay, FIRST)
        assert (ANN, len(MAIL), MAIL.partition(b"\r\n\r\n")[0] + b"\r\n") == (
            mail.reverse_path,
            mail.size_octets,
            mail.header,
        )
        bob, eve = mail.recipients
        assert (BOB, EVE, "harbor.test", 1) == (bob.forward_path, eve.forward_path, bob.destination, bob.attempts)
        (tried,) = bob.tries
        assert ("mx.harbor.test", str(GREYLISTED), relay.clock.unix()) == (tried.host, tried.reply, tried.unix)
        assert () == (await relay.ask(ReadQueuedMail("ffffffffffff"))).mails


async def test_queue_command_reads_a_mail_in_pieces(tmp_path: Path) -> None:
    """Whatever its size, and wherever its body lies."""
    async with relay_and_world(tmp_path) as relay:
        await deferred(relay)
        mail = await only(relay, SECOND)
        octets = b""
        while len(octets) < mail.size_octets:
            octets += (await relay.ask(ReadQueuedOctets(mail.id, len(octets)))).octets
        assert LARGE == octets
        assert b"" == (await relay.ask(ReadQueuedOctets(mail.id + 1))).octets


async def test_queue_command_holds_and_releases(tmp_path: Path) -> None:
    """What is held is not tried however late it is; released it is tried at once."""
    async with relay_and_world(tmp_path) as relay:
        await deferred(relay)
        assert QueueChange(1, 2) == await relay.ask(HoldMail(QueueChoice(trace=FIRST)))
        assert QueueChange(0, 0) == await relay.ask(HoldMail(QueueChoice(trace=FIRST)))
        relay.outside.world.replies.clear()
        relay.jump(86_400)
        assert QueueChange(1, 1) == await relay.ask(RetryMail(EVERYTHING))
        await relay.kept.until("mail.relayed")
        await relay.left(2)
        assert [None, None] == [entry.next_attempt_unix for entry in await left(relay, 2)]
        assert QueueChange(1, 1) == await relay.ask(ReleaseMail(QueueChoice(recipient="eve@island.test")))
        await relay.kept.until("mail.relayed", 2)
        await relay.left(1)
        assert [(BOB, None)] == [(entry.forward_path, entry.next_attempt_unix) for entry in await left(relay, 1)]
        assert ["mail.queued", "mail.deferred", "mail.deferred", "mail.held", "mail.held", "mail.released"] == [
            line["event"] for line in relay.kept.lines if line.get("trace") == FIRST and line["event"] != "mail.relayed"
        ]


async def test_queue_command_retries_before_the_time(tmp_path: Path) -> None:
    """By the operator's word, and only what is meant; also at a host that could not be reached."""
    async with relay_and_world(tmp_path) as relay:
        await deferred(relay)
        relay.outside.world.replies.clear()
        assert QueueChange(1, 1) == await relay.ask(RetryMail(QueueChoice(destination="island.test")))
        (line,) = await relay.kept.until("mail.relayed")
        assert EVE == line["to"]
        assert [BOB, BOB] == [entry.forward_path for entry in (await relay.left(2)).entries]


async def test_queue_command_retries_nothing_that_its_sender_wants_later(tmp_path: Path) -> None:
    """RFC 4865 §5: it is neither tried nor counted among what is."""
    async with relay_and_world(tmp_path) as relay:
        await deferred(relay)
        held = Mail(ReversePath.parse(ANN), hold=Hold(for_seconds=600))
        await relay.hand_over(held, recipient(EVE), octets=MAIL + b"later\r\n")
        assert QueueChange(mails=2, recipients=3) == await relay.ask(RetryMail(EVERYTHING))
        await relay.kept.until("mail.deferred", 6)
        assert [0] == [each.attempts for each in await entries(relay) if each.attempts < 2]


async def test_queue_command_drops_for_good(tmp_path: Path) -> None:
    """Nobody is told, no file is left; the same mail may come again."""
    async with relay_and_world(tmp_path) as relay:
        await deferred(relay)
        assert QueueChange(2, 3) == await relay.ask(DropMail(EVERYTHING))
        assert ([], [], []) == (
            await entries(relay),
            list((tmp_path / "bodies").iterdir()),
            relay.outside.local.messages,
        )
        relay.outside.world.replies.clear()
        await relay.hand_over(Mail(ReversePath.parse(ANN)), recipient(BOB), trace="00000000000c")
        await relay.kept.until("mail.relayed")
        assert 3 == len(relay.kept.of("mail.dropped"))


async def test_queue_command_drops_and_tells_the_sender(tmp_path: Path) -> None:
    """One report for all recipients of a mail that want one, and none to the null path."""
    async with relay_and_world(tmp_path) as relay:
        await deferred(relay)
        await relay.ask(DropMail(EVERYTHING, bounce=True))
        await relay.kept.until("mail.relayed")
        (report,) = relay.outside.local.messages
        assert 2 == report.count(b"\r\nAction: failed")
        assert b"Why: The administrator of our mail system" in report


async def test_queue_command_passes_over_what_is_underway(tmp_path: Path) -> None:
    """A mail that a host has just been given is not dropped: it is held if it does not arrive."""
    async with relay_and_world(tmp_path) as relay:
        relay.outside.world.gate = asyncio.Event()
        relay.outside.world.message_reply = GREYLISTED
        await relay.hand_over(Mail(ReversePath.parse(ANN)), recipient(BOB), trace=FIRST)
        await relay.outside.world.taken.wait()
        assert QueueChange(0, 0, underway=1) == await relay.ask(DropMail(EVERYTHING))
        assert [True] == [each.is_underway for each in (await only(relay, FIRST)).recipients]
        relay.outside.world.gate.set()
        await relay.kept.until("mail.deferred")
        (held,) = (await only(relay, FIRST)).recipients
        assert (None, 1, False) == (held.next_attempt_unix, held.attempts, held.is_underway)


async def test_queue_command_counts_more_than_the_end_of_patience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mail that is held while it stands in line is neither given up nor told of; released it is."""
    read = Queue.due

    async def due(queue: Queue, now_unix: float, limit: int, held: Held) -> tuple[Load, ...]:
        found = await read(queue, now_unix, limit, held)
        await queue.write(lambda sql: sql.execute("UPDATE recipients SET next_unix = NULL WHERE attempts > 0"))
        return found

    async with relay_and_world(tmp_path, ServerOptions("mx.harbor.test", min_by_seconds=0)) as relay:
        relay.outside.world.replies["bob"] = GREYLISTED
        await relay.hand_over(Mail(ReversePath.parse(ANN), deliver_by=DeliverBy(120, "R")), recipient(BOB))
        await relay.kept.until("mail.deferred")
        relay.jump(121)
        with monkeypatch.context() as operator:
            operator.setattr(Queue, "due", due)
            await relay.send(EVE)
            await relay.kept.until("mail.relayed", to=EVE)
            await relay.left(1)
        assert [] == relay.kept.of("mail.bounced")
        await relay.ask(ReleaseMail(EVERYTHING))
        await relay.kept.until("mail.relayed", to=ANN)


async def test_queue_command_that_bounces_much_holds_little_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mails of which notices are written have to find room together."""
    log, clock, settle, at_once = WatchedLog().log("relay"), JumpingClock(), Queue.settle, [0]

    async def counted(*arguments: Any) -> None:
        at_once.append(at_once[-1] + 1)
        await settle(*arguments)
        at_once.append(at_once[-1] - 1)

    monkeypatch.setattr(Queue, "settle", counted)
    queue = Queue(tmp_path, log)
    for number in range(5):
        mail = Mail(ReversePath.parse(ANN))
        await queue.add(Letter(str(number), mail, (("harbor.test", recipient(BOB)),), MAIL), clock.unix())
    notices = Notices("mx.lagoon.test", "lagoon.test")
    management = Management(queue, notices, lambda: None, lambda: None, clock, log, Room(2 * len(MAIL), small_octets=0))
    assert QueueChange(5, 5) == await management.drop(DropMail(EVERYTHING, bounce=True), Peer("", 0, "operator"))
    await queue.close()
    assert 2 == max(at_once)
