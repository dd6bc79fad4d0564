"""Who is next: loads in line by destination, and how many of each are underway.

A busy destination must keep neither the others out nor the queue searched for each of its mails: some
of its loads stand in line here, and no more of them are read until the line runs low. No I/O, no clock.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from scop.cells.relay.letters import Held, Load

__all__ = ["LineLimits", "Lines"]


@dataclass(frozen=True, slots=True)
class LineLimits:
    """How much is carried at once, and how much is read ahead of it."""

    underway: int = 40
    underway_per_destination: int = 8
    waiting_per_destination: int = 64
    recipients: int = 1000  # in line or underway, together


@dataclass(slots=True)
class _Line:
    underway: int = 0
    waiting: deque[Load] = field(default_factory=deque)


class Lines:
    """Every load is added, given out by `next_load`, and `finished`, once each."""

    def __init__(self, limits: LineLimits) -> None:
        self._limits = limits
        self._lines: dict[str, _Line] = {}  # whoever had a turn goes to the end
        self._held: set[int] = set()
        self._underway = 0

    @property
    def has_room(self) -> bool:
        """Whether more may be read from the queue."""
        return len(self._held) < self._limits.recipients

    @property
    def held(self) -> Held:
        """What the queue is to pass over: recipients that are here, destinations with a line that is long enough."""
        long = (name for name, line in self._lines.items() if len(line.waiting) >= self._limits.waiting_per_destination)
        return Held(frozenset(self._held), frozenset(long))

    def add(self, load: Load) -> None:
        """Put a load in line."""
        self._held.update(waiting.id for waiting in load.recipients)
        self._lines.setdefault(load.destination, _Line()).waiting.append(load)

    def next_load(self) -> Load | None:
        """Return a load to be carried now, None where there is none or enough is underway."""
        if self._underway >= self._limits.underway:
            return None
        for name, line in self._lines.items():
            if line.waiting and line.underway < self._limits.underway_per_destination:
                self._lines[name] = self._lines.pop(name)
                line.underway += 1
                self._underway += 1
                return line.waiting.popleft()
        return None

    def finished(self, load: Load) -> bool:
        """Note that a load is settled; return whether its line runs low, so that the queue should be asked again."""
        line = self._lines[load.destination]
        line.underway -= 1
        self._underway -= 1
        self._held.difference_update(waiting.id for waiting in load.recipients)
        if not line.waiting and not line.underway:
            del self._lines[load.destination]
        return len(line.waiting) < self._limits.waiting_per_destination // 4
