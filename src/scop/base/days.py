"""Days and moments of UTC as text: the same for whoever counts by the day and for whoever says until when.

Standards: ISO 8601 (a day).
"""

from __future__ import annotations

import datetime

__all__ = ["DAY_SECONDS", "day_of", "moment_of"]

DAY_SECONDS = 86_400  # POSIX time has no leap seconds


def day_of(unix: float) -> str:
    """Return the UTC day of a moment, as 2026-11-29."""
    return datetime.datetime.fromtimestamp(unix, datetime.UTC).date().isoformat()


def moment_of(unix: float) -> str:
    """Return a moment for people, as 2026-11-29 03:25:00 UTC."""
    return datetime.datetime.fromtimestamp(unix, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
