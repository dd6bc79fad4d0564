"""A clock that tests set."""

from __future__ import annotations

__all__ = ["JumpingClock"]


class JumpingClock:
    """Shows one time until it is told to jump; satisfies `scop.base.Clock`."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now

    def jump(self, seconds: float) -> None:
        """Let that much time pass at once."""
        self._now += seconds

    def unix(self) -> float:
        """Return the time."""
        return self._now

    def monotonic(self) -> float:
        """Return the time."""
        return self._now
