"""Mail that another server answers for: each command is asked onward before it is answered.

An LMTP server answers for each recipient, one reply after the message stands for all: so for LMTP a
transaction has one recipient, and the client brings the mail for the others again (452 4.5.3).

Standards: RFC 5321 §4.2.5, §4.5.3.1.10; RFC 2033 §4.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scop.net.onward import Onward
from scop.smtp.stamps import begins_with_header, prepend

if TYPE_CHECKING:
    from collections.abc import Callable

    from scop.net.mail_drop.drop import Parcel
    from scop.net.mail_pool import MailPool
    from scop.smtp import Mail, Origin, Recipient, Reply

__all__ = ["Forwarding"]


class Forwarding:
    """A `Drop` at the other end of a pool of connections."""

    def __init__(self, pool: MailPool, *, lmtp: bool) -> None:
        self._pool = pool
        self.max_recipients = 1 if lmtp else 100

    def delivery(self) -> _Delivery:
        """Return what one connection talks with."""
        return _Delivery(Onward(self._pool))

    async def close(self) -> None:
        """Close what lies idle."""
        await self._pool.close()


class _Delivery:
    def __init__(self, onward: Onward) -> None:
        self._onward = onward

    @property
    def last_failure(self) -> str:
        return self._onward.last_failure or "by the next server"

    @last_failure.setter
    def last_failure(self, reason: str, /) -> None:
        self._onward.last_failure = reason

    async def mail(self, mail: Mail, origin: Callable[[], Origin], /) -> Reply:
        return await self._onward.mail(mail, origin())

    async def recipient(self, recipient: Recipient, /) -> Reply:
        return await self._onward.recipient(recipient)

    async def message(self, parcel: Parcel, /) -> Reply:
        line = b"" if begins_with_header(parcel.octets) else b"\r\n"
        return await self._onward.message(prepend(parcel.octets, parcel.received, line))

    async def abandon(self) -> None:
        await self._onward.abandon()
