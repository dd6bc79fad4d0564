"""The open conversations of a server, so that they can be told to end."""

from __future__ import annotations

import asyncio
from typing import Protocol

__all__ = ["Connections", "Conversation"]


class Conversation(Protocol):
    """One open connection, as far as its end is concerned."""

    def retire(self) -> None:
        """Say goodbye as soon as nothing is in the middle of being done."""

    def abort(self) -> None:
        """End at once."""


class Connections:
    """Knows every conversation from its first octet to its last."""

    def __init__(self) -> None:
        self._open: set[Conversation] = set()
        self._none = asyncio.Event()
        self._none.set()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, conversation: Conversation) -> None:
        """Note one more."""
        self._open.add(conversation)
        self._none.clear()

    def discard(self, conversation: Conversation) -> None:
        """Note that one has ended."""
        self._open.discard(conversation)
        if not self._open:
            self._none.set()

    async def drain(self, timeout_seconds: float) -> None:
        """Retire all and wait until they have ended; what has not by then is cut off."""
        for conversation in tuple(self._open):
            conversation.retire()
        try:
            await asyncio.wait_for(self._none.wait(), timeout_seconds)
        except TimeoutError:
            for conversation in tuple(self._open):
                conversation.abort()
            # One more turn of the loop, in which those who were cut off hear of it.
            await asyncio.sleep(0)
