"""How much of something came from somewhere lately: a leaky bucket for each key, in bounded memory.

A bucket takes one whole period's amount at once and then as much as runs out of it meanwhile. So a burst
is no offence, and over any longer time nobody brings more than the rate and one burst.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scop.base import Clock
    from scop.base.sources import Source

__all__ = ["MAX_KEYS", "Meter", "Rate", "TwoMeters"]

MAX_KEYS = 10_000  # about 2 MB; who was heard of least recently is forgotten first


@dataclass(frozen=True, slots=True)
class Rate:
    """So much within so many seconds; an amount of 0 limits nothing."""

    amount: float
    seconds: float


_EMPTY = (0.0, 0.0)


class Meter:
    """Counts by key against one rate."""

    def __init__(self, rate: Rate, clock: Clock, *, max_keys: int = MAX_KEYS) -> None:
        self._amount = rate.amount
        self._per_second = rate.amount / rate.seconds
        self._clock = clock
        self._max_keys = max_keys
        self._buckets: dict[str, tuple[float, float]] = {}  # level, and when it was so; least recently used first

    def wait_seconds(self, key: str, amount: float = 1.0) -> float:
        """Return when there will be room for `amount`, 0 for now; an empty bucket has room for anything."""
        if not self._amount:
            return 0.0
        level, since = self._buckets.get(key, _EMPTY)
        level = max(0.0, level - (self._clock.monotonic() - since) * self._per_second)
        above = min(level, level + amount - self._amount)
        return max(0.0, above / self._per_second)

    def add(self, key: str, amount: float = 1.0) -> float:
        """Count `amount`, whether there is room or not; return how long the rate is exceeded, 0 where it is not."""
        if not self._amount:
            return 0.0
        now = self._clock.monotonic()
        level, since = self._buckets.pop(key, _EMPTY)
        level = max(0.0, level - (now - since) * self._per_second) + amount
        self._buckets[key] = (level, now)
        if len(self._buckets) > self._max_keys:
            del self._buckets[next(iter(self._buckets))]
        return max(0.0, (level - self._amount) / self._per_second)

    def __len__(self) -> int:
        return len(self._buckets)


class TwoMeters:
    """One limit for a host and one for its network: what one of them has no room for is not taken."""

    def __init__(self, per_host: Meter, per_network: Meter) -> None:
        self._per_host = per_host
        self._per_network = per_network

    def take(self, source: Source, amount: float = 1.0) -> float:
        """Count `amount` and return 0; or count nothing and return how many seconds to wait."""
        wait = max(
            self._per_host.wait_seconds(source.host, amount), self._per_network.wait_seconds(source.network, amount)
        )
        if not wait:
            self.slow_down(source, amount)
        return wait

    def slow_down(self, source: Source, amount: float) -> float:
        """Count what came already; return how many seconds to take nothing more."""
        return max(self._per_host.add(source.host, amount), self._per_network.add(source.network, amount))
