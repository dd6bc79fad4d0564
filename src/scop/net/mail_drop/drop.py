"""Where mail goes: what a place must be able to do, and one mail as a place is given it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from scop.smtp import ForwardPath, Mail, Origin, Recipient, Reply

__all__ = ["Delivery", "Drop", "Parcel"]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One mail with its envelope; `received` is our trace field, which `octets` do not have."""

    mail: Mail
    recipients: tuple[ForwardPath, ...]
    octets: bytes
    received: bytes = b""
    trace: str = ""


class Delivery(Protocol):
    """One transaction after the other of one connection; each method says the reply."""

    last_failure: str  # why the last reply was negative; for the log

    async def mail(self, mail: Mail, origin: Callable[[], Origin], /) -> Reply:
        """Begin; `origin` tells who the client is, to whoever passes that on."""

    async def recipient(self, recipient: Recipient, /) -> Reply:
        """Say whether this recipient's mail can be taken."""

    async def message(self, parcel: Parcel, /) -> Reply:
        """Take the mail for all recipients or for none; what is answered by 2yz is durable."""

    async def abandon(self) -> None:
        """Let the transaction go."""


class Drop(Protocol):
    """A place for mail. Where one answer cannot be true for several recipients, `max_recipients` is 1."""

    max_recipients: int

    def delivery(self) -> Delivery:
        """Return what one connection talks with."""

    async def close(self) -> None:
        """Finish what is being written."""
