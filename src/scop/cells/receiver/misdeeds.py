"""Who misbehaves towards us: counted for an hour, until it is one misdeed too many.

Two things count: commands that the protocol machine refuses, and recipients that are refused for good
(somebody tries names). A mail that is refused for what it says is no misdeed here: the verifier and the filter tell
of those, and they are weighed as reputation. A host has its own tally and its network another, which bears more. What
is counted here is forgotten with the process; the bans that follow are not. Memory is bounded, whoever knocks.

Standards: RFC 5321 §7.8 (rejecting clients).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scop.base import Clock
    from scop.base.sources import Source

__all__ = ["Misdeed", "MisdeedLimits", "Misdeeds", "Patience"]

WITHIN_SECONDS = 3600.0
MAX_SOURCES = 10_000  # about 2 MB; who misbehaved least recently is forgotten first


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
class MisdeedLimits:
    """How patient we are with one host and with one network."""

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


class Misdeeds:
    """Counts misdeeds by host and by network."""

    def __init__(self, limits: MisdeedLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._tallies: dict[str, _Tally] = {}  # of hosts and networks, in the order of the last misdeed

    def remembers(self, source: Source) -> bool:
        """Say whether this host misbehaved lately."""
        tally = self._tallies.get(source.host)
        return tally is not None and self._clock.monotonic() - tally.since < self._limits.within_seconds

    def note(self, source: Source, misdeed: Misdeed) -> tuple[str, ...]:
        """Count a misdeed; return the network and the host that have done one too many, whose count begins anew."""
        counted = ((source.network, self._limits.per_network), (source.host, self._limits.per_host))
        return tuple(key for key, patience in counted if self._count(key, misdeed, patience))

    def _count(self, key: str, misdeed: Misdeed, patience: Patience) -> bool:
        now = self._clock.monotonic()
        tally = self._tallies.pop(key, None)
        if tally is None or now - tally.since >= self._limits.within_seconds:
            tally = _Tally(now)
        tally = tally.plus(misdeed)
        is_enough = tally.reaches(patience)
        self._tallies[key] = _Tally(now) if is_enough else tally  # remembered, but counted from nothing
        if len(self._tallies) > self._limits.max_sources:
            del self._tallies[next(iter(self._tallies))]
        return is_enough
