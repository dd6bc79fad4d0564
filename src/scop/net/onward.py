"""One transaction passed on to the next cell while the client still waits for our replies.

Nothing is kept here: a positive reply to the message is the next cell's own. Where that one is down
or silent the reply is 451, without a private reason, and the sender tries again.

Standards: RFC 5321 §4.2.5 (responsibility goes over with the reply to the message).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from scop.net.faults import TemporaryFailure
from scop.net.mail_outcome import worst
from scop.smtp import Mail, Origin, Recipient, Reply, reply

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from scop.net.mail_client import MailClient
    from scop.net.mail_pool import MailPool

__all__ = ["ANSWER_SECONDS", "TRY_LATER", "Onward"]

# Whoever hands us a mail has its answer within 30 s, however many cells are silent behind us: the first cell
# began to count first. Above the 20 s that the verifier may wait for names.
ANSWER_SECONDS = 25.0

TRY_LATER = reply(451, "4.4.1", "Service is not available at the moment, try again later")


class Onward:
    """Passes a transaction on; one object serves one transaction after another.

    MAIL is kept until the first recipient and goes out with it in one write, which saves every hop a
    round trip: a refusal of MAIL then is the reply to the recipient.
    """

    def __init__(self, pool: MailPool, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._pool = pool
        self._answer_seconds = answer_seconds
        self._mail: Mail | None = None
        self._client: MailClient | None = None
        self.last_failure = ""  # why TRY_LATER was said; for the log

    async def mail(self, mail: Mail, origin: Origin | None) -> Reply:
        """Note a reverse path, with where the message came from."""
        await self.abandon()
        self._mail = replace(mail, origin=origin)
        return reply(250, "2.1.0", "Ok")

    async def recipient(self, recipient: Recipient) -> Reply:
        """Return what the next cell says of a recipient."""
        return await self._or_later(self._recipient(recipient))

    async def message(self, octets: bytes) -> Reply:
        """Return what the next cell says of the message; the transaction is over."""
        answer = await self._or_later(self._message(octets))
        await self.abandon()
        return answer

    async def message_replies(self, octets: bytes) -> tuple[Reply, ...]:
        """Return what the next server says of the message for each recipient of LMTP; the transaction is over.

        Where that is one reply, it holds for all.
        """
        said: list[Reply] = []

        async def hand_over() -> Reply:
            said.extend(await self._living().message_replies(octets))
            return worst(said)

        together = await self._or_later(hand_over())
        await self.abandon()
        return tuple([TRY_LATER if each.code == 421 else each for each in said]) or (together,)

    async def abandon(self) -> None:
        """Let the transaction go."""
        client, self._client, self._mail = self._client, None, None
        if client is not None:
            await self._pool.release(client)

    async def _recipient(self, recipient: Recipient) -> Reply:
        if self._client is not None:
            return await self._client.recipient(recipient)
        if self._mail is None:
            raise TemporaryFailure("the connection of this transaction was lost")
        client, answer, answers = await self._pool.begin(self._mail, (recipient,))
        if not answer.is_positive:
            await self._pool.release(client)
            return answer
        self._client = client
        return answers[0]

    async def _message(self, octets: bytes) -> Reply:
        return await self._living().message(octets)

    def _living(self) -> MailClient:
        if self._client is None:
            raise TemporaryFailure("the connection of this transaction was lost")
        return self._client

    async def _or_later(self, step: Awaitable[Reply]) -> Reply:
        try:
            async with asyncio.timeout(self._answer_seconds):
                answer = await step
        except (TemporaryFailure, TimeoutError) as fault:
            self._lose(str(fault) or f"no answer within {self._answer_seconds} s")
            return TRY_LATER
        if answer.code == 421:  # the neighbour closes: that is no reason to close ours
            self._lose(f"the next cell says {answer}")
            return TRY_LATER
        return answer

    def _lose(self, reason: str) -> None:
        """End a transaction whose earlier recipients are gone with the connection."""
        self.last_failure = reason
        if self._client is not None:
            self._client.close()
            self._client = self._mail = None
