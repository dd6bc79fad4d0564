"""Plain protocols to put on pipes: one that remembers, one that repeats."""

from __future__ import annotations

import asyncio
from typing import cast

__all__ = ["Ear", "Echo"]


class Ear(asyncio.Protocol):
    """Keeps what it hears; `heard` waits for a number of octets, `over` for the end."""

    def __init__(self, first_words: bytes = b"") -> None:
        self.octets = b""
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self._first_words = first_words
        self._more = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Speak first where there are first words."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._first_words)

    def data_received(self, data: bytes) -> None:
        """Keep it."""
        self.octets += data
        self._more.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        if not self.over.done():
            self.over.set_result(None)
        self._more.set()

    async def heard(self, count: int) -> bytes:
        """Return what came, once it is `count` octets or the end."""
        while len(self.octets) < count and not self.over.done():
            self._more.clear()
            await self._more.wait()
        return self.octets


class Echo(Ear):
    """Says everything again."""

    def data_received(self, data: bytes) -> None:
        """Repeat it."""
        super().data_received(data)
        assert self.transport is not None
        self.transport.write(data)
