"""Who is connected to a public listener at the moment."""

from __future__ import annotations

from collections import Counter

__all__ = ["Visitors"]


class Visitors:
    """Counts connections, all together and by address."""

    def __init__(self, max_connections: int, max_per_address: int) -> None:
        self._max_connections = max_connections
        self._max_per_address = max_per_address
        self._by_address: Counter[str] = Counter()
        self._total = 0

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
