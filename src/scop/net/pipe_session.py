"""What every mail session on a pipe does alike: the neighbour is known by its certificate, so there is little to say.

A session that passes mail on while its client waits builds on `Passage`; one that keeps it, on `PipeSession`.

Standards: RFC 5321 §4.2.5 (the next cell's answer is ours).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scop.net.onward import Onward
from scop.smtp import Hello, Proof, Recipient, Reply, reply

if TYPE_CHECKING:
    from scop.net.mail_pool import MailPool

__all__ = ["Passage", "PipeSession"]

_NO_LOGIN = reply(502, "5.5.1", "There is no login here")


class PipeSession:
    """The beginning of a conversation; a subclass adds what `scop.net.mail_server.MailSession` wants of a mail."""

    def __init__(self, greeting: str) -> None:
        self._greeting = reply(220, "", greeting)

    async def connected(self) -> Reply:
        """Greet."""
        return self._greeting

    async def hello(self, _hello: Hello, /) -> None:
        """Take no interest in names: the pipe knows who it is."""

    async def authenticate(self, _proof: Proof, /) -> Reply:
        """Refuse: cells are known by their certificates."""
        return _NO_LOGIN


class Passage(PipeSession):
    """A conversation whose transactions are those with the next cell; a subclass begins and ends them."""

    def __init__(self, greeting: str, pool: MailPool) -> None:
        super().__init__(greeting)
        self._onward = Onward(pool)

    async def recipient(self, recipient: Recipient, /) -> Reply:
        """Return what the next cell says of a recipient."""
        return await self._onward.recipient(recipient)

    async def reset(self) -> None:
        """Let the transaction with the next cell go."""
        await self._onward.abandon()

    async def closed(self) -> None:
        """Let the transaction with the next cell go."""
        await self._onward.abandon()
