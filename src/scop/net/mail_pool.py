"""Open connections to one neighbour, kept for the next message.

What lies idle may be dead without our knowing: a connection that fails before it said a word is
replaced once by a fresh one. A neighbour that is down is dialled again after 50 ms to 1 s; who asks in
between hears `TemporaryFailure` at once, or waits as long as the pool's patience lasts: a cell that
was killed is back within a second or two.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from scop.net.client_wire import ClientTimeouts
from scop.net.faults import TemporaryFailure
from scop.net.mail_client import MailClient, Transaction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from scop.net.dialer import Dialer
    from scop.smtp import Envelope, Mail, Recipient, Reply

__all__ = ["MailPool"]

MIN_PAUSE_SECONDS = 0.05
MAX_PAUSE_SECONDS = 1.0

_T = TypeVar("_T")


class MailPool:
    """Hands out clients of one server; `name` is what we call ourselves there."""

    def __init__(
        self,
        dial: Dialer,
        *,
        name: str,
        lmtp: bool,
        max_idle: int = 16,
        timeout_seconds: float = 30.0,
        patience_seconds: float = 0.0,
    ) -> None:
        self._dial = dial
        self._name = name
        self._lmtp = lmtp
        self._max_idle = max_idle
        self._timeout_seconds = timeout_seconds
        self._patience_seconds = patience_seconds
        self._idle: list[MailClient] = []
        self._pause_seconds = 0.0
        self._retry_at = 0.0

    @asynccontextmanager
    async def client(self) -> AsyncIterator[MailClient]:
        """Lend a client; raises `TemporaryFailure` where the server cannot be reached."""
        client = await self._acquire()
        try:
            yield client
        except BaseException:
            client.close()
            raise
        await self.release(client)

    async def transaction(self, envelope: Envelope, octets: bytes) -> Transaction:
        """Hand over one message, as `MailClient.transaction`."""
        client, replies = await self._on_living(lambda client: client.transaction(envelope, octets))
        await self.release(client)
        return replies

    async def begin(self, mail: Mail, recipients: Sequence[Recipient]) -> tuple[MailClient, Reply, tuple[Reply, ...]]:
        """Begin a transaction on a client that the caller gives back by `release`."""
        client, (answer, answers) = await self._on_living(lambda client: client.begin(mail, recipients))
        return client, answer, answers

    async def release(self, client: MailClient) -> None:
        """Take a client back; what it left open is abandoned."""
        try:
            await client.reset()
        except TemporaryFailure:
            client.close()
        if client.is_usable and len(self._idle) < self._max_idle:
            self._idle.append(client)
        else:
            await client.quit()

    async def close(self) -> None:
        """Close what lies idle."""
        idle, self._idle = self._idle, []
        for client in idle:
            await client.quit()

    async def _on_living(self, work: Callable[[MailClient], Awaitable[_T]]) -> tuple[MailClient, _T]:
        client = await self._acquire()
        try:
            return client, await _closing_on_fault(client, work)
        except TemporaryFailure:
            if not client.is_reused or client.answers:
                raise
        # It had died while it lay idle, and with it most likely the others.
        await self.close()
        client = await self._open()
        return client, await _closing_on_fault(client, work)

    async def _acquire(self) -> MailClient:
        while self._idle:
            client = self._idle.pop()
            if client.is_usable:
                client.is_reused, client.answers = True, 0
                return client
            client.close()
        return await self._open()

    async def _open(self) -> MailClient:
        clock = asyncio.get_running_loop().time
        give_up = clock() + self._patience_seconds
        while True:
            try:
                return await self._dial_once()
            except TemporaryFailure:
                if self._retry_at > give_up:
                    raise
            await asyncio.sleep(self._retry_at - clock())

    async def _dial_once(self) -> MailClient:
        loop = asyncio.get_running_loop()
        if loop.time() < self._retry_at:
            raise TemporaryFailure("the neighbour was down a moment ago")
        try:
            client = await MailClient.open(
                self._dial, name=self._name, lmtp=self._lmtp, timeouts=ClientTimeouts.same(self._timeout_seconds)
            )
        except TemporaryFailure:
            self._pause_seconds = min(max(2 * self._pause_seconds, MIN_PAUSE_SECONDS), MAX_PAUSE_SECONDS)
            self._retry_at = loop.time() + self._pause_seconds
            raise
        self._pause_seconds = 0.0
        return client


async def _closing_on_fault(client: MailClient, work: Callable[[MailClient], Awaitable[_T]]) -> _T:
    try:
        return await work(client)
    except BaseException:
        client.close()
        raise
