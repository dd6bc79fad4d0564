"""The clock of the machine."""

from __future__ import annotations

import time

__all__ = ["SystemClock"]


class SystemClock:
    """Tells the machine's time; satisfies `scop.base.Clock`."""

    def unix(self) -> float:
        """Return seconds since 1970-01-01T00:00Z."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back."""
        return time.monotonic()
