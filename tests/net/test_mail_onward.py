"""A transaction passed on to the next cell."""

import asyncio

import pytest

from fakes.loops import jump
from fakes.mail_sessions import OK, Records, serve
from scop.net.dialer import tcp_dialer
from scop.net.mail_pool import MailPool
from scop.net.onward import TRY_LATER, Onward
from scop.smtp import ForwardPath, Mail, Origin, Recipient, ReversePath, ServerOptions, reply

ORIGIN = Origin("192.0.2.1", 25, "x.test", "helo", "ESMTP", "trace")
MAIL = Mail(ReversePath.parse("<a@b.test>"))
C = Recipient(ForwardPath.parse("<c@d.test>"))
NOBODY = Recipient(ForwardPath.parse("<nobody@d.test>"))
NO = reply(550, "5.1.1", "No such user")
LMTP = ServerOptions("mx.harbor.test", lmtp=True, trusted=True)


def _onward(port: int, timeout_seconds: float = 30.0) -> Onward:
    return Onward(MailPool(tcp_dialer("127.0.0.1", port), name="me", lmtp=True, timeout_seconds=timeout_seconds))


async def test_transaction_is_passed_on_with_its_origin() -> None:
    """Replies are the next cell's own, for recipients and for the message."""
    stored = reply(250, "2.0.0", "stored as 42")
    records = Records(replies={"nobody": NO}, message_reply=stored)
    async with serve(records.session, LMTP) as listening:
        onward = _onward(listening.port)
        for _ in range(2):
            assert (await onward.mail(MAIL, ORIGIN)).is_positive
            assert [OK, NO, OK] == [await onward.recipient(each) for each in (C, NOBODY, C)]
            assert stored == await onward.message(b"x\r\n")
    assert [b"x\r\n"] * 2 == records.messages
    assert [ORIGIN] * 2 == [mail.origin for mail in records.mails]
    assert 1 == len(records.peers)


async def test_refusal_of_mail_is_the_reply_to_the_recipient() -> None:
    """MAIL travels with the first recipient."""
    records = Records(replies={"a": NO})
    async with serve(records.session, LMTP) as listening:
        onward = _onward(listening.port)
        assert (await onward.mail(MAIL, ORIGIN)).is_positive
        assert [NO, NO] == [await onward.recipient(C), await onward.recipient(C)]


async def test_abandoned_transaction_leaves_nothing_behind() -> None:
    """The next cell hears RSET, and the connection serves the next transaction."""
    records = Records()
    async with serve(records.session, LMTP) as listening:
        onward = _onward(listening.port)
        await onward.mail(MAIL, ORIGIN)
        await onward.recipient(C)
        await onward.abandon()
        await onward.abandon()
        assert "reset" == records.asked[-1]
        await onward.mail(MAIL, ORIGIN)
        assert OK == await onward.recipient(C)
    assert 1 == len(records.peers)


async def test_neighbour_that_is_down_gives_451() -> None:
    """Nothing private is said, and nothing is lost: the sender keeps the mail."""
    async with serve(Records().session, LMTP) as listening:
        port = listening.port
    onward = _onward(port)
    await onward.mail(MAIL, ORIGIN)
    assert TRY_LATER == await onward.recipient(C)
    assert "127.0.0.1" in onward.last_failure
    assert "127.0.0.1" not in str(TRY_LATER)
    assert TRY_LATER == await onward.message(b"x\r\n")


async def test_silent_neighbour_gives_451() -> None:
    """Silence is waited for as long as the pool says, here 20 s."""
    records = Records(silent=True)
    async with serve(records.session, LMTP) as listening:
        onward = _onward(listening.port, timeout_seconds=20)
        await onward.mail(MAIL, ORIGIN)
        assert OK == await onward.recipient(C)
        waiting = asyncio.create_task(onward.message(b"x\r\n"))
        await records.taken.wait()
        assert not waiting.done()
        jump(20)
        assert TRY_LATER == await waiting
    assert "silent" in onward.last_failure


@pytest.mark.parametrize("step", ["recipient", "message"])
async def test_neighbour_that_dies_within_a_transaction_gives_451(step: str) -> None:
    """Recipients accepted on a connection are gone with it: no later one may make up a half transaction."""
    async with serve(Records().session, LMTP) as listening:
        onward = _onward(listening.port)
        await onward.mail(MAIL, ORIGIN)
        assert OK == await onward.recipient(C)
        listening.kill()
        if step == "recipient":
            assert TRY_LATER == await onward.recipient(C)
        assert TRY_LATER == await onward.message(b"x\r\n")


async def test_neighbour_that_closes_does_not_close_us() -> None:
    """Reply 421 of the next cell becomes 451 of ours."""
    records = Records(replies={"c": reply(421, "4.3.2", "Shutting down")})
    async with serve(records.session, LMTP) as listening:
        onward = _onward(listening.port)
        await onward.mail(MAIL, ORIGIN)
        assert TRY_LATER == await onward.recipient(C)
