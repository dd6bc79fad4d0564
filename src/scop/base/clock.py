"""The face of a clock: libraries are handed the time, they never read it."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Clock"]


class Clock(Protocol):
    """Tells the time; tests hand in one that jumps."""

    def unix(self) -> float:
        """Return seconds since 1970-01-01T00:00Z."""

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back; only differences mean something."""
