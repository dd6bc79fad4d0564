"""When to try again, when to tell of a delay, and when to give up.

Pauses double, with some chance in them so that mails do not march in step.

Standards: RFC 5321 §4.5.4.1 (retry strategies), RFC 2852 §4 (DELIVERBY).
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.cells.relay.letters import Load

__all__ = ["DAY_SECONDS", "HOUR_SECONDS", "INSIDE", "OUTSIDE", "Deadlines", "Pace", "Patience", "pause_seconds"]

HOUR_SECONDS = 3600.0
DAY_SECONDS = 24 * HOUR_SECONDS
JITTER = 0.25


@dataclass(frozen=True, slots=True)
class Pace:
    """How pauses grow: the first, and the longest."""

    first_seconds: float
    longest_seconds: float


# Shorter at first than the RFC's 30 minutes: a host that restarts, or a greylist, is over in seconds.
OUTSIDE = Pace(2.0, 2 * HOUR_SECONDS)
INSIDE = Pace(0.5, 30.0)  # our own cells are started anew at once


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a mail is tried, and after how long its sender hears of the delay."""

    give_up_seconds: float = 5 * DAY_SECONDS  # RFC 5321 §4.5.4.1: generally at least 4–5 days
    delay_notice_seconds: float = 4 * HOUR_SECONDS

    def deadlines(self, load: Load) -> Deadlines:
        """Return the moments that count for a load."""
        give_up, tell = (load.first_due_unix + each for each in (self.give_up_seconds, self.delay_notice_seconds))
        wish = load.mail.deliver_by
        if wish is None:
            return Deadlines(give_up, tell)
        by = load.queued_unix + wish.seconds
        # RFC 2852 §4: R wants the mail back when it is late, N wants to know.
        return (
            Deadlines(min(give_up, by), tell, is_by_wish=by < give_up) if wish.mode == "R" else Deadlines(give_up, by)
        )


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Until when a mail is tried, and from when on its sender is told that it takes long."""

    give_up_unix: float
    tell_unix: float
    is_by_wish: bool = False  # the sender set the end, by DELIVERBY

    @property
    def status(self) -> str:
        """What a mail that came to its end failed of: the time for delivery expired (RFC 3463 §3.5)."""
        return "5.4.7" if self.is_by_wish else "4.4.7"


def pause_seconds(pace: Pace, attempts: int, chance: float) -> float:
    """Return how long to wait after so many failed attempts; `chance` is a random number from 0 to 1."""
    if attempts < 1 or not 0.0 <= chance <= 1.0:
        raise ValueError(f"no pause after {attempts} attempts with chance {chance}")
    doublings = min(attempts - 1, 20)
    steady = min(pace.first_seconds * 2.0**doublings, pace.longest_seconds)
    return steady * (1 - JITTER + 2 * JITTER * chance)
