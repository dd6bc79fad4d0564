"""Who misbehaved too often, and until when the receiver hangs up on them.

Two things count: commands that the protocol machine refuses, and recipients that are refused for good
(somebody tries names). A mail that is refused for what it says is no misdeed here: a forged sender
is the verifier's business, and whoever forwards one did nothing wrong at this door. A host has its own
tally and its network another, which bears more. Memory is bounded, whoever knocks.

Standards: RFC 5321 §7.8 (rejecting clients).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from scop.base import Clock
    from scop.base.sources import Source

__all__ = ["BanLimits", "Bans", "Misdeed", "Patience"]

WITHIN_SECONDS = 3600.0
MAX_SOURCES = 10_000  # in each of the two memories, about 2 MB; the oldest is forgotten first

V = TypeVar("V")


class Misdeed(StrEnum):
    """What is counted."""

    BROKEN_COMMAND = "broken commands"
    REFUSED_RECIPIENT = "refused recipients"


@dataclass(frozen=True, slots=True)
class Patience:
    """How many of each misdeed are one too many within the time."""

    broken_commands: int
    refused_recipients: int


@dataclass(frozen=True, slots=True)
class BanLimits:
    """How patient we are with one host and with one network."""

    ban_seconds: float
    per_host: Patience
    per_network: Patience
    within_seconds: float = WITHIN_SECONDS
    max_sources: int = MAX_SOURCES


@dataclass(frozen=True, slots=True)
class _Tally:
    since: float  # of the first misdeed that counts
    broken_commands: int = 0
    refused_recipients: int = 0

    def plus(self, misdeed: Misdeed) -> _Tally:
        if misdeed is Misdeed.BROKEN_COMMAND:
            return replace(self, broken_commands=self.broken_commands + 1)
        return replace(self, refused_recipients=self.refused_recipients + 1)

    def reaches(self, patience: Patience) -> bool:
        return (
            self.broken_commands >= patience.broken_commands or self.refused_recipients >= patience.refused_recipients
        )


class Bans:
    """Counts misdeeds by source; tallies and bans are kept apart, so that cheap tallies push out no ban."""

    def __init__(self, limits: BanLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._tallies: dict[str, _Tally] = {}  # of hosts and networks, in the order of the last misdeed
        self._ends: dict[str, float] = {}  # in the order of the bans, which all last equally long

    def seconds_left(self, source: Source) -> float:
        """Return how long a source is still to be hung up on, 0 for one that is welcome."""
        if not self._ends:
            return 0.0
        end = max(self._ends.get(source.host, 0.0), self._ends.get(source.network, 0.0))
        return max(0.0, end - self._clock.monotonic())

    def remembers(self, source: Source) -> bool:
        """Say whether this host misbehaved lately, or was banned until lately."""
        tally = self._tallies.get(source.host)
        since = max(tally.since if tally else -math.inf, self._ends.get(source.host, -math.inf))
        return self._clock.monotonic() - since < self._limits.within_seconds

    def note(self, source: Source, misdeed: Misdeed) -> str:
        """Count a misdeed; return the host or network that is banned from now on because of it, '' for none."""
        if self.seconds_left(source):
            return ""
        # The network first: it is told of as the wider ban.
        network = self._count(source.network, misdeed, self._limits.per_network)
        host = self._count(source.host, misdeed, self._limits.per_host)
        return network or host

    def _count(self, key: str, misdeed: Misdeed, patience: Patience) -> str:
        now = self._clock.monotonic()
        tally = self._tallies.pop(key, None)
        if tally is None or now - tally.since >= self._limits.within_seconds:
            tally = _Tally(now)
        tally = tally.plus(misdeed)
        if not tally.reaches(patience):
            _remember(self._tallies, key, tally, self._limits.max_sources)
            return ""
        self._ends.pop(key, None)
        _remember(self._ends, key, now + self._limits.ban_seconds, self._limits.max_sources)
        return key


def _remember(memory: dict[str, V], key: str, what: V, limit: int) -> None:
    memory[key] = what
    if len(memory) > limit:
        del memory[next(iter(memory))]
