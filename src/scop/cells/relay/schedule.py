"""When to try again: pauses that double, with some chance in them so that mails do not march in step.

Standards: RFC 5321 §4.5.4.1 (retry strategies).
"""

from __future__ import annotations

__all__ = ["GIVE_UP_SECONDS", "pause_seconds"]

# RFC 5321 §4.5.4.1: the give-up time generally needs to be at least 4–5 days.
GIVE_UP_SECONDS = 5 * 24 * 3600.0
# Shorter at first than the RFC's 30 minutes: a neighbour that restarts, or a greylist, is over in seconds.
FIRST_SECONDS = 2.0
LONGEST_SECONDS = 2 * 3600.0
JITTER = 0.25


def pause_seconds(attempts: int, chance: float) -> float:
    """Return how long to wait after so many failed attempts; `chance` is a random number from 0 to 1."""
    if attempts < 1 or not 0.0 <= chance <= 1.0:
        raise ValueError(f"no pause after {attempts} attempts with chance {chance}")
    doublings = min(attempts - 1, 20)
    steady = min(FIRST_SECONDS * 2.0**doublings, LONGEST_SECONDS)
    return steady * (1 - JITTER + 2 * JITTER * chance)
