"""One delivery's transaction with one neighbour, open from RCPT on: the neighbour says which recipients it takes.

Standards: RFC 5321 §4.2.5 (responsibility goes over with the reply to the message).
"""

from __future__ import annotations

from scop.net.mail_pool import MailPool
from scop.net.onward import Onward
from scop.smtp import Mail, Recipient, Reply

__all__ = ["Passing"]


class Passing:
    """Passes one mail on for those recipients that a neighbour accepts."""

    def __init__(self, pool: MailPool) -> None:
        self._pool = pool
        self._onward: Onward | None = None
        self.last_failure = ""  # for the log

    @property
    def is_begun(self) -> bool:
        """Whether the neighbour has accepted a recipient."""
        return self._onward is not None

    async def recipient(self, mail: Mail, recipient: Recipient) -> Reply:
        """Return what the neighbour says of a recipient."""
        onward = self._onward or Onward(self._pool)
        if self._onward is None:
            await onward.mail(mail, mail.origin)
        answer = await onward.recipient(recipient)
        self.last_failure = onward.last_failure
        # 421 and silence end the transaction, and with it the recipients before this one: their mail is answered 451.
        if answer.is_positive:
            self._onward = onward
        elif self._onward is None:
            await onward.abandon()
        return answer

    async def message(self, octets: bytes) -> Reply:
        """Pass the mail on for the recipients that were accepted."""
        assert self._onward is not None
        onward, self._onward = self._onward, None
        answer = await onward.message(octets)
        self.last_failure = onward.last_failure
        return answer

    async def abandon(self) -> None:
        """Let go of what was begun."""
        if self._onward is not None:
            onward, self._onward = self._onward, None
            await onward.abandon()
