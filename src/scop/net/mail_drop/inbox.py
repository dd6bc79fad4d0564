"""Mail kept in memory: for the tests of programs that send mail."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from scop.net.mail_drop.keeping import Keeping

if TYPE_CHECKING:
    from scop.net.mail_drop.drop import Parcel

__all__ = ["Inbox"]


class Inbox(Keeping):
    """A `Drop` that remembers every mail, octet for octet as it came."""

    def __init__(self) -> None:
        super().__init__(self._remember)
        self.mails: list[Parcel] = []
        self._came = asyncio.Condition()

    async def wait_for(self, count: int) -> tuple[Parcel, ...]:
        """Return all mails once there are `count`; bound it by `asyncio.timeout`."""
        async with self._came:
            await self._came.wait_for(lambda: len(self.mails) >= count)
        return tuple(self.mails)

    async def _remember(self, parcel: Parcel) -> None:
        self.mails.append(parcel)
        async with self._came:
            self._came.notify_all()
