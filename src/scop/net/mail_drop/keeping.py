"""Mail that stays here: whoever keeps it returns once it is durable, or raises what the disk says."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from scop.smtp import Reply, reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from scop.net.mail_drop.drop import Parcel
    from scop.smtp import Mail, Origin, Recipient

__all__ = ["Keeping"]

_OK = reply(250, "2.1.5", "Ok")
_FULL = reply(452, "4.3.1", "Insufficient system storage, try again later")
_FAILED = reply(451, "4.3.0", "The mail could not be stored, try again later")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


async def _nothing() -> None:
    return


class Keeping:
    """A `Drop` that calls `keep` for each mail; an `OSError` out of it becomes 452 or 451."""

    max_recipients = 1000

    def __init__(
        self, keep: Callable[[Parcel], Awaitable[None]], close: Callable[[], Awaitable[None]] = _nothing
    ) -> None:
        self._keep = keep
        self._close = close

    def delivery(self) -> _Delivery:
        """Return what one connection talks with."""
        return _Delivery(self._keep)

    async def close(self) -> None:
        """Finish what is being written."""
        await self._close()


class _Delivery:
    def __init__(self, keep: Callable[[Parcel], Awaitable[None]]) -> None:
        self._keep = keep
        self.last_failure = ""

    async def mail(self, _mail: Mail, _origin: Callable[[], Origin], /) -> Reply:
        return _OK

    async def recipient(self, _recipient: Recipient, /) -> Reply:
        return _OK

    async def message(self, parcel: Parcel, /) -> Reply:
        try:
            await self._keep(parcel)
        except OSError as fault:
            self.last_failure = str(fault)
            return _FULL if fault.errno in _NO_ROOM else _FAILED
        return reply(250, "2.0.0", f"Ok: stored as {parcel.trace}")

    async def abandon(self) -> None:
        return
