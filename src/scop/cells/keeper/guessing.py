"""Slows down who guesses passwords: each further wrong guess at a login makes it wait longer.

Unknown logins are treated like known ones, so that the waiting tells nothing. The count is held in
memory, bounded, and forgotten after a while; a right password clears it.

Standards: NIST SP 800-63B §5.2.2.
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.base import Clock

__all__ = ["PATIENCE", "GuessLimits", "Guesses"]


@dataclass(frozen=True, slots=True)
class GuessLimits:
    """How patient we are."""

    free: int = 5  # wrong guesses that cost nothing: people mistype
    first_pause_seconds: float = 1.0  # doubled by each further one
    longest_pause_seconds: float = 300.0  # the owner is locked out for no longer than this
    forget_seconds: float = 3600.0
    max_logins: int = 10_000  # remembered at once; the one not tried for the longest is forgotten first


PATIENCE = GuessLimits()


@dataclass(frozen=True, slots=True)
class _Tally:
    wrong: int
    last: float


class Guesses:
    """Counts wrong guesses by login."""

    def __init__(self, limits: GuessLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._tallies: dict[str, _Tally] = {}  # in the order of the last guess

    def may_try(self, login: str) -> bool:
        """Say whether the login's pause is over."""
        tally = self._tallies.get(login)
        return tally is None or self._clock.monotonic() - tally.last >= self._pause(tally.wrong)

    def wrong(self, login: str) -> None:
        """Count a wrong guess."""
        now = self._clock.monotonic()
        tally = self._tallies.pop(login, None)
        forgotten = tally is None or now - tally.last >= self._limits.forget_seconds
        self._tallies[login] = _Tally(1 if tally is None or forgotten else tally.wrong + 1, now)
        if len(self._tallies) > self._limits.max_logins:
            del self._tallies[next(iter(self._tallies))]

    def right(self, login: str) -> None:
        """Forget the wrong guesses."""
        self._tallies.pop(login, None)

    def _pause(self, wrong: int) -> float:
        doublings = wrong - self._limits.free
        if doublings < 0:
            return 0.0
        # The exponent is bounded so that the float is; 2**64 s is longer than any pause.
        return min(self._limits.first_pause_seconds * 2.0 ** min(doublings, 64), self._limits.longest_pause_seconds)
