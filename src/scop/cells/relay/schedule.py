"""When to try again: pauses that double, with some chance in them so that mails do not march in step.

Standards: RFC 5321 §4.5.4.1 (retry strategies).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GIVE_UP_SECONDS", "INSIDE", "OUTSIDE", "Pace", "pause_seconds"]

# RFC 5321 §4.5.4.1: the give-up time generally needs to be at least 4–5 days.
GIVE_UP_SECONDS = 5 * 24 * 3600.0
JITTER = 0.25


@dataclass(frozen=True, slots=True)
class Pace:
    """How pauses grow: the first, and the longest."""

    first_seconds: float
    longest_seconds: float


# Shorter at first than the RFC's 30 minutes: a host that restarts, or a greylist, is over in seconds.
OUTSIDE = Pace(2.0, 2 * 3600.0)
INSIDE = Pace(0.5, 30.0)  # our own cells are started anew at once


def pause_seconds(pace: Pace, attempts: int, chance: float) -> float:
    """Return how long to wait after so many failed attempts; `chance` is a random number from 0 to 1."""
    if attempts < 1 or not 0.0 <= chance <= 1.0:
        raise ValueError(f"no pause after {attempts} attempts with chance {chance}")
    doublings = min(attempts - 1, 20)
    steady = min(pace.first_seconds * 2.0**doublings, pace.longest_seconds)
    return steady * (1 - JITTER + 2 * JITTER * chance)
