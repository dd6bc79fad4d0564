"""Bounds how much mail is held in memory: a hundred transactions must not mean a hundred of the largest mails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["Room"]

MAX_OCTETS = 67_108_864  # of mails underway, before the one that comes in last


class Room:
    """Lets mails in as long as those that are in leave room; one that is larger than all of it comes in alone."""

    def __init__(self, max_octets: int = MAX_OCTETS) -> None:
        self._max_octets = max_octets
        self._octets = 0
        self._left = asyncio.Event()

    @asynccontextmanager
    async def holding(self, octets: int) -> AsyncIterator[None]:
        """Wait for room, and keep so much of it until the block ends."""
        while self._octets and self._octets + octets > self._max_octets:
            self._left.clear()
            await self._left.wait()
        self._octets += octets
        try:
            yield
        finally:
            self._octets -= octets
            self._left.set()
