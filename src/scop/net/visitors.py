"""Who is connected to a public listener at the moment, and what is in the middle of being done for them."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Visitors"]


class Visitors:
    """Counts connections, all together and by address, and messages that are being taken."""

    def __init__(self, max_connections: int, max_per_address: int) -> None:
        self._max_connections = max_connections
        self._max_per_address = max_per_address
        self._by_address: Counter[str] = Counter()
        self._total = 0
        self._busy = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    def enter(self, address: str) -> bool:
        """Let one connection in; False where there are too many, and then `leave` is not called for it."""
        if self._total >= self._max_connections or self._by_address[address] >= self._max_per_address:
            return False
        self._by_address[address] += 1
        self._total += 1
        return True

    def leave(self, address: str) -> None:
        """Count one connection less."""
        self._total -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Mark that a message is being taken, which should be waited for before the end."""
        self._busy += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._busy -= 1
            if not self._busy:
                self._quiet.set()

    async def quiet(self, timeout_seconds: float) -> None:
        """Wait until no message is being taken, or the time is over."""
        try:
            await asyncio.wait_for(self._quiet.wait(), timeout_seconds)
        except TimeoutError:
            return
