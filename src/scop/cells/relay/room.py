"""Bounds how much mail is held in memory: a hundred transactions must not mean a hundred of the largest mails.

Small mails are not counted: a few large ones to a host that hangs for ten minutes must not stop all others, and as
many small ones as can be underway take 50 MiB.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["Room"]

MAX_OCTETS = 67_108_864  # of large mails underway, before the one that comes in last
SMALL_OCTETS = 262_144  # nine mails of ten are smaller


class Room:
    """Lets large mails in as long as those that are in leave room; one larger than all of it comes in alone."""

    def __init__(self, max_octets: int = MAX_OCTETS, *, small_octets: int = SMALL_OCTETS) -> None:
        self._max_octets = max_octets
        self._small_octets = small_octets
        self._octets = 0
        self._left = asyncio.Event()

    @asynccontextmanager
    async def holding(self, octets: int) -> AsyncIterator[None]:
        """Wait for room, and keep so much of it until the block ends."""
        if octets <= self._small_octets:
            yield
            return
        while self._octets and self._octets + octets > self._max_octets:
            self._left.clear()
            await self._left.wait()
        self._octets += octets
        try:
            yield
        finally:
            self._octets -= octets
            self._left.set()
