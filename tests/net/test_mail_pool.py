"""The pool of clients on real loopback sockets: used again, replaced, spared."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from fakes.mail_sessions import OK, Listening, Records, listen, serve
from fakes.self_signed import HOSTNAME
from scop.net.faults import TemporaryFailure
from scop.net.mail_client import Transaction
from scop.net.mail_pool import MailPool
from scop.smtp import Envelope, ForwardPath, Mail, Recipient, ReversePath, ServerOptions

A = ReversePath.parse("<a@b.test>")
C = ForwardPath.parse("<c@d.test>")
MESSAGE = b".dot\r\n" * 3
OPTIONS = ServerOptions(HOSTNAME)
_P = TypeVar("_P", bound=asyncio.BaseProtocol)


def _pool(listening: Listening) -> MailPool:
    return MailPool(listening.dialer(), name="me.test", lmtp=False)


async def test_pool_uses_a_connection_again() -> None:
    """One connection for many messages, several for many at once."""
    records = Records()
    async with serve(records.session, OPTIONS) as listening:
        pool = _pool(listening)
        for _ in range(3):
            async with pool.client() as client:
                await client.transaction(Envelope.plain(A, C), MESSAGE)
        assert 1 == len(records.peers)
        await asyncio.gather(*(pool.transaction(Envelope.plain(A, C), MESSAGE) for _ in range(3)))
        assert 3 == len(records.peers)
        await pool.close()
    assert 6 == len(records.messages)


async def test_pool_abandons_what_a_borrower_left_open() -> None:
    """The next one finds a connection without a transaction."""
    records = Records()
    async with serve(records.session, OPTIONS) as listening:
        pool = _pool(listening)
        async with pool.client() as client:
            await client.begin(Mail(A), (Recipient(C),))
        async with pool.client() as client:
            assert client.is_reused
            assert (await client.mail(Mail(A))).is_positive
        await pool.close()
    assert records.asked.count("reset") >= 1


async def test_pool_survives_the_restart_of_its_neighbour() -> None:
    """Connections that died while idle are replaced; the mail goes through at the first try."""
    records = Records()
    async with serve(records.session, OPTIONS) as first:
        pool = _pool(first)
        await asyncio.gather(*(pool.transaction(Envelope.plain(A, C), MESSAGE) for _ in range(3)))
        port = first.port
    async with serve(records.session, OPTIONS, port):
        assert Transaction(OK, (OK,), (OK,)) == await pool.transaction(Envelope.plain(A, C), MESSAGE)
        await pool.close()


async def test_reused_connection_that_dies_at_its_first_word_is_replaced_once() -> None:
    """The server closes when it is spoken to again: its end came too late to be seen in the pool."""
    lives: list[int] = []

    class Once(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport
            lives.append(0)
            transport.write(b"220 x\r\n")

        def data_received(self, octets: bytes) -> None:
            if octets.startswith(b"MAIL"):
                lives[-1] += 1
                if lives[-1] == 2:
                    self.transport.abort()
                    return
            self.transport.write(b"354 go\r\n" if octets.startswith(b"DATA") else b"250 ok\r\n")

    async with listen(Once) as listening:
        pool = _pool(listening)
        for _ in range(2):
            told = await pool.transaction(Envelope.plain(A, C), b"")
            assert told.message is not None
            assert told.message.is_positive
        await pool.close()
    assert [2, 1] == lives


async def test_pool_does_not_knock_at_a_dead_neighbour_for_every_mail() -> None:
    """After a failed dial the next failures come at once, without a dial, until the pause is over."""
    dials: list[int] = []

    class Dead:
        async def __call__(self, new_protocol: object, /) -> tuple[asyncio.Transport, object]:
            dials.append(1)
            raise TemporaryFailure("down")

    pool = MailPool(Dead(), name="me.test", lmtp=False)  # type: ignore[arg-type]  # it never returns
    for _ in range(20):
        with pytest.raises(TemporaryFailure):
            await pool.transaction(Envelope.plain(A, C), MESSAGE)
    assert 1 == len(dials)


async def test_patient_pool_waits_for_a_neighbour_that_comes_back() -> None:
    """Within its patience a dial is tried again; the mail goes through without a 451."""
    records = Records()
    async with serve(records.session, OPTIONS) as listening:
        dial, refusals = listening.dialer(), [TemporaryFailure("starting"), TemporaryFailure("starting")]

        async def starting(new_protocol: Callable[[], _P], /) -> tuple[asyncio.Transport, _P]:
            if refusals:
                raise refusals.pop()
            return await dial(new_protocol)

        pool = MailPool(starting, name="me.test", lmtp=False, patience_seconds=5.0)
        assert Transaction(OK, (OK,), (OK,)) == await pool.transaction(Envelope.plain(A, C), MESSAGE)
        await pool.close()


async def test_connection_that_is_spent_is_not_used_again() -> None:
    """RFC 9422 §3: after MAILMAX transactions a pool takes another connection, and says QUIT on the old one."""
    records = Records()
    async with serve(records.session, ServerOptions(HOSTNAME, max_transactions=2)) as listening:
        pool = _pool(listening)
        for _ in range(5):
            assert OK == (await pool.transaction(Envelope.plain(A, C), MESSAGE)).message
        await pool.close()
    assert (5, 3) == (len(records.messages), len(records.peers))
