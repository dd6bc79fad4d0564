"""How much is carried to one next hop at once: little at first, more with every success, less when it has trouble.

A hop to which nothing gets through is closed for a while. Then one load goes out as a probe, and what else waits
for the hop waits with it: a thousand mails for a dead host cost one attempt, not a thousand.

Standards: RFC 5321 §4.5.4.1 (a host that cannot be reached is not tried for each mail).
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.cells.relay.schedule import Pace, pause_seconds
from scop.cells.relay.verdict import Trouble, Verdict

__all__ = ["Window"]

FIRST_LIMIT = 4
MAX_LIMIT = 20  # connections to one hop; what hosts of all sizes bear


@dataclass(slots=True)
class Window:
    """What is known of one next hop."""

    pace: Pace
    limit: int = FIRST_LIMIT
    failures: int = 0  # in a row, of the hop as a whole
    closed_until_unix: float = 0.0
    why: Verdict | None = None  # it was closed: what all that waits for it hears

    def is_closed(self, now_unix: float) -> bool:
        """Tell whether nothing is to be tried now."""
        return now_unix < self.closed_until_unix

    def note(self, verdict: Verdict, now_unix: float, chance: float) -> None:
        """Learn from an attempt; `chance` is a random number from 0 to 1."""
        if verdict.trouble is Trouble.NONE:
            self.limit = min(self.limit + 1, MAX_LIMIT)
            self.failures, self.closed_until_unix, self.why = 0, 0.0, None
        elif verdict.trouble is Trouble.BUSY and self.limit > 1:
            self.limit //= 2
        elif not self.is_closed(now_unix):  # what was underway at the same time tells nothing new
            self.limit = 1
            self.failures += 1
            self.closed_until_unix = now_unix + pause_seconds(self.pace, self.failures, chance)
            self.why = verdict

    def reopen(self) -> None:
        """Let the hop be tried at once, as the operator wishes."""
        self.closed_until_unix = 0.0
