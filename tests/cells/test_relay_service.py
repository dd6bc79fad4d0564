"""The relay between a signer, a mailbox and foreign hosts that are all real servers on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from email import message_from_bytes
from pathlib import Path

import pytest

from fakes.mail_sessions import serve
from fakes.running_relay import BOB, MAIL, around, relay_and_world, running
from scop.cells.relay import service
from scop.cells.relay.queue import Queue
from scop.net.clock import SystemClock
from scop.smtp import ReversePath, ServerOptions, reply
from scop.smtp.extensions import built_in

NO_USER = reply(550, "5.1.1", "No such user here")
GREYLISTED = reply(451, "4.7.1", "Come back later")


def facts(line: Mapping[str, object], *names: str) -> list[object]:
    """Return some of a log line."""
    return [line[name] for name in names]


async def test_relay_carries_mail_by_mx(tmp_path: Path) -> None:
    """What the signer handed over arrives as it was; the log has the host and its words."""
    async with relay_and_world(tmp_path) as relay:
        relay.outside.world.message_reply = reply(250, "2.0.0", "Ok, I call it fedcba987654")
        assert reply(250, "2.0.0", "Ok: queued as 0123456789ab") == await relay.send(BOB)
        (line,) = await relay.kept.until("mail.relayed")
        assert ["0123456789ab", BOB, "mx.harbor.test", "250 2.0.0 Ok, I call it fedcba987654"] == facts(
            line, "trace", "to", "host", "remote"
        )
        assert [MAIL] == relay.outside.world.messages
        assert (None, None) == (relay.outside.world.mails[0].origin, relay.outside.world.mails[0].auth)
        assert "127.0.0.2" == relay.outside.world.peers[0].address


async def test_relay_hands_local_mail_to_the_mailbox_with_its_trace(tmp_path: Path) -> None:
    """Recipients of our own domain, and the bare Postmaster, go by LMTP; the trace id goes along."""
    async with relay_and_world(tmp_path) as relay:
        await relay.send("<bob@LAGOON.test>", "<Postmaster>")
        await relay.kept.until("mail.relayed", 2)
        (mail,) = relay.outside.local.mails
        assert mail.origin is not None
        assert "0123456789ab" == mail.origin.ident
        assert ["recipient <bob@LAGOON.test>", "recipient <Postmaster>"] == [
            each for each in relay.outside.local.asked if each.startswith("recipient")
        ]


async def test_relay_carries_one_copy_for_all_recipients_of_a_host(tmp_path: Path) -> None:
    """RFC 5321 §4.5.4.1: one transaction for many recipients; of these one may fail alone."""
    async with relay_and_world(tmp_path) as relay:
        relay.outside.world.replies["eve"] = NO_USER
        await relay.send(BOB, "<eve@harbor.test>")
        (bounced,) = await relay.kept.until("mail.bounced")
        assert "<eve@harbor.test>" == bounced["to"]
        assert (1, 1) == (len(relay.outside.world.messages), len(relay.kept.of("mail.relayed")))


async def test_relay_uses_a_connection_again(tmp_path: Path) -> None:
    """A second mail for the same host within seconds needs no second hello."""
    async with relay_and_world(tmp_path) as relay:
        await relay.send(BOB)
        await relay.kept.until("mail.relayed")
        await relay.send("<cid@harbor.test>")
        await relay.kept.until("mail.relayed", 2)
        assert (1, 2) == (len(relay.outside.world.peers), len(relay.outside.world.messages))


async def test_relay_tries_again_what_was_put_off(tmp_path: Path) -> None:
    """4yz is no failure: the mail waits its time, is listed for the operator, and goes out."""
    async with relay_and_world(tmp_path) as relay:
        relay.outside.world.replies["bob"] = GREYLISTED
        await relay.send(BOB)
        await relay.kept.until("mail.deferred")
        del relay.outside.world.replies["bob"]
        queue = await relay.listed()
        assert (1, 1, str(GREYLISTED)) == (queue.waiting, queue.deferred, queue.entries[0].last_reply)
        relay.jump(60)
        await relay.send("<cid@island.test>")  # wakes the relay, whose timer runs on another clock
        await relay.kept.until("mail.relayed", 2)
        await relay.left(0)


async def test_relay_keeps_its_queue_over_restarts(tmp_path: Path) -> None:
    """A host that is down, a relay that is started anew: the mail arrives, once."""
    async with relay_and_world(tmp_path) as relay:
        relay.outside.host.kill()
        await relay.send(BOB)
        await relay.kept.until("mail.deferred")
    async with around() as outside:
        async with running(tmp_path, outside) as relay:
            relay.jump(60)
            await relay.send("<cid@island.test>")
            await relay.kept.until("mail.relayed", 2)
        assert 2 == len(outside.world.messages)


async def test_relay_tells_a_local_sender_of_a_failure(tmp_path: Path) -> None:
    """5yz: a report from <> goes to the sender's mailbox, with the host's words."""
    async with relay_and_world(tmp_path) as relay:
        relay.outside.world.replies["bob"] = NO_USER
        await relay.send(BOB)
        await relay.kept.until("mail.relayed")
        (bounce,) = relay.outside.local.messages
        assert ReversePath(None) == relay.outside.local.mails[0].reverse_path
        assert b"Final-Recipient: rfc822; bob@harbor.test" in bounce
        assert b"550 5.1.1 No such user here" in bounce
        assert "multipart/report" == message_from_bytes(bounce).get_content_type()


async def test_relay_has_bounces_to_elsewhere_sealed(tmp_path: Path) -> None:
    """A sender in another domain gets the report by way of the signer."""
    async with relay_and_world(tmp_path) as relay:
        await relay.send("<bob@null.test>", sender="<zoe@island.test>")
        await relay.kept.until("mail.relayed")
        assert (1, 0) == (len(relay.outside.sealing.messages), len(relay.outside.local.messages))
        assert b"Status: 5.1.10" in relay.outside.sealing.messages[0]


async def test_relay_never_bounces_a_bounce(tmp_path: Path) -> None:
    """RFC 5321 §4.5.5: nothing answers mail from <>."""
    async with relay_and_world(tmp_path) as relay:
        await relay.send("<bob@null.test>", sender="<>")
        await relay.kept.until("mail.bounced")
        await relay.send("<ann@lagoon.test>")
        await relay.kept.until("mail.relayed")
        assert [MAIL] == relay.outside.local.messages
        assert [] == relay.outside.sealing.messages


async def test_relay_gives_up_after_five_days(tmp_path: Path) -> None:
    """RFC 5321 §4.5.4.1: then the sender is told, with what the host said last."""
    async with relay_and_world(tmp_path) as relay:
        relay.outside.world.replies["bob"] = GREYLISTED
        await relay.send(BOB)
        await relay.kept.until("mail.deferred")
        relay.jump(5 * 86_400 + 1)
        await relay.send("<cid@island.test>")
        await relay.kept.until("mail.relayed", 2)
        (bounce,) = relay.outside.local.messages
        assert b"Status: 4.4.7" in bounce
        assert str(GREYLISTED).encode() in bounce


async def test_relay_takes_the_same_mail_once(tmp_path: Path) -> None:
    """A retry of the same mail, with another seal above our stamps, is accepted and not carried again."""
    async with relay_and_world(tmp_path) as relay:
        answers = [await relay.send(BOB, octets=seal + MAIL) for seal in (b"", b"DKIM-Signature: v=1\r\n")]
        assert [True, True] == [answer is not None and answer.is_positive for answer in answers]
        await relay.kept.until("mail.relayed")
        await relay.send("<cid@harbor.test>")
        await relay.kept.until("mail.relayed", 2)
        assert [1, 0, 1] == [line["fresh"] for line in relay.kept.of("mail.queued")]


async def test_relay_goes_under_tls_where_it_can(tmp_path: Path) -> None:
    """RFC 7435: STARTTLS with any certificate."""
    async with relay_and_world(tmp_path, ServerOptions("mx.harbor.test", tls_available=True), starttls=True) as relay:
        await relay.send(BOB)
        await relay.kept.until("mail.relayed")
        assert relay.outside.world.peers[-1].tls.startswith("TLS1.")


@pytest.mark.parametrize(
    ("offered", "octets", "status"),
    [
        (("PIPELINING", "SIZE"), MAIL + b"x" * 70_000, "5.3.4"),
        (("PIPELINING",), MAIL + "Größe\r\n".encode(), "5.6.3"),
        (("8BITMIME",), "From: Jörg <a@lagoon.test>\r\n\r\n".encode(), "5.6.7"),
    ],
)
async def test_relay_asks_nothing_of_a_host_that_it_does_not_offer(
    tmp_path: Path, offered: tuple[str, ...], octets: bytes, status: str
) -> None:
    """SIZE, 8BITMIME, SMTPUTF8: a sealed mail is not converted, so its sender is told."""
    world = ServerOptions("mx.harbor.test", extensions=built_in(*offered), max_message_octets=65_536)
    async with relay_and_world(tmp_path, world) as relay:
        await relay.send(BOB, octets=octets, smtputf8=True)
        await relay.kept.until("mail.relayed")
        assert [] == relay.outside.world.mails
        assert f"Status: {status}".encode() in relay.outside.local.messages[0]


async def test_relay_does_not_mail_itself(tmp_path: Path) -> None:
    """RFC 5321 §5.1: a host at our own address is ourselves, whatever it is called."""
    async with relay_and_world(tmp_path) as relay:
        await relay.send("<bob@mirror.test>")
        await relay.kept.until("mail.relayed")
        assert b"Status: 5.4.6" in relay.outside.local.messages[0]


async def test_relay_refuses_mail_that_goes_in_circles(tmp_path: Path) -> None:
    """RFC 5321 §6.3: a hundred hops pass, one more does not."""
    async with relay_and_world(tmp_path) as relay:
        answers = [await relay.send(BOB, octets=b"Received: x\r\n" * count + b"\r\n") for count in (100, 101)]
        assert [250, 554] == [answer.code for answer in answers if answer is not None]


async def test_relay_waits_for_a_mailbox_that_is_down(tmp_path: Path) -> None:
    """Our own cells are awaited: 250 to the signer at once, and the mail as soon as the mailbox is back."""
    async with around() as outside, running(tmp_path, outside, SystemClock()) as relay:
        outside.mailbox.kill()
        answer = await relay.send("<ann@lagoon.test>")
        assert answer is not None
        assert answer.is_positive
        await relay.kept.until("mail.deferred")
        lmtp = ServerOptions("mx.lagoon.test", lmtp=True, trusted=True)
        async with serve(outside.local.session, lmtp, outside.mailbox.port):
            await relay.kept.until("mail.relayed")
        assert [MAIL] == outside.local.messages


async def test_relay_puts_off_a_mail_that_brings_out_a_bug_and_carries_the_rest(tmp_path: Path) -> None:
    """A fault of ours is logged and its mail waits; the relay lives on, and no other mail is held up."""
    async with relay_and_world(tmp_path) as relay:
        await relay.send("<eve@poison.test>")
        (fault,) = await relay.kept.until("mail.fault")
        assert "ZeroDivisionError('a bug of ours')" == fault["reason"]
        await relay.kept.until("mail.deferred")
        await relay.send(BOB)
        await relay.kept.until("mail.relayed")
        (entry,) = (each for each in (await relay.listed()).entries if each.forward_path != BOB)
        assert ("<eve@poison.test>", 1, "a fault on our side") == (entry.forward_path, entry.attempts, entry.last_reply)


async def test_relay_tells_what_a_host_has_taken_before_it_notes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever kills us in between finds in the log that the mail has arrived; that it arrives again is there too."""

    async def settle(*_: object) -> None:
        await asyncio.Event().wait()

    async with around() as outside:
        with monkeypatch.context() as killed:
            killed.setattr(service, "GRACE_SECONDS", 0.0)
            killed.setattr(Queue, "settle", settle)
            async with running(tmp_path, outside) as relay:
                await relay.send(BOB)
                await relay.kept.until("mail.relayed", to=BOB)
        async with running(tmp_path, outside) as again:
            await again.kept.until("mail.relayed", to=BOB)
            await again.left(0)
        assert 2 == len(outside.world.messages)
