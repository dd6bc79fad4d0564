"""How many octets a client may send in a while: who is faster has to wait, and is refused nothing.

One bucket can serve one connection or all of an address or a network.

Standards: none; the token bucket of RFC 2697 §3 is the idea.
"""

from __future__ import annotations

__all__ = ["Pace"]


class Pace:
    """A bucket that holds `burst_octets` and is filled again at `octets_per_second`."""

    __slots__ = ("_burst_octets", "_left", "_octets_per_second", "_seen")

    def __init__(self, octets_per_second: float, burst_octets: float) -> None:
        self._octets_per_second = octets_per_second
        self._burst_octets = burst_octets
        self._left = burst_octets
        self._seen: float | None = None

    def taken(self, octets: int, now: float) -> float:
        """Count what came at the monotonic time `now`; return for how many seconds no more should be read."""
        if self._seen is not None:
            earned = max(0.0, now - self._seen) * self._octets_per_second
            self._left = min(self._burst_octets, self._left + earned)
        self._seen = now
        self._left -= octets
        return max(0.0, -self._left / self._octets_per_second)
