"""Slows down who guesses passwords, by the login that is guessed at and by where the guesses come from.

Each further wrong guess makes it wait longer, up to a few minutes; nothing is checked before that, so the right
password is not told apart. Unknown logins are treated like known ones. Counts are held in memory, bounded, and
melt away with time; reconnecting changes nothing. Own networks are counted by login only: a printer with an
old password must not lock its whole office out.

Standards: NIST SP 800-63B §5.2.2; RFC 4954 §9 (guessing).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from scop.base import Clock
from scop.base.sources import Sources

__all__ = ["PATIENCE", "Guard", "GuessLimits", "Guesses", "Patience"]


@dataclass(frozen=True, slots=True)
class GuessLimits:
    """How patient we are."""

    free: int = 5  # wrong guesses that cost nothing: people mistype
    first_pause_seconds: float = 1.0  # doubled by each further one
    longest_pause_seconds: float = 300.0  # the owner is locked out for no longer than this
    forget_seconds: float = 3600.0  # in which the highest count melts away, evenly
    max_remembered: int = 10_000  # at once; the one not tried for the longest is forgotten first

    @property
    def most(self) -> int:
        """The count from which on the pause grows no more."""
        return self.free + max(0, math.ceil(math.log2(self.longest_pause_seconds / self.first_pause_seconds)))


@dataclass(frozen=True, slots=True)
class Patience:
    """Limits by what is counted."""

    login: GuessLimits = GuessLimits()
    address: GuessLimits = GuessLimits(free=20)  # a household or an office behind one address
    network: GuessLimits = GuessLimits(free=100)


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class _Tally:
    wrong: float
    last: float


class Guesses:
    """Counts wrong guesses by one kind of key."""

    def __init__(self, limits: GuessLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._tallies: dict[str, _Tally] = {}  # in the order of the last guess

    def may_try(self, key: str) -> bool:
        """Say whether the key's pause is over."""
        tally = self._tallies.get(key)
        return tally is None or self._clock.monotonic() - tally.last >= self._pause(int(tally.wrong))

    def wrong(self, key: str) -> None:
        """Count a wrong guess."""
        now, most = self._clock.monotonic(), self._limits.most
        tally = self._tallies.pop(key, _Tally(0.0, now))
        melted = max(0.0, tally.wrong - (now - tally.last) * most / self._limits.forget_seconds)
        self._tallies[key] = _Tally(min(melted + 1, most), now)
        if len(self._tallies) > self._limits.max_remembered:
            del self._tallies[next(iter(self._tallies))]

    def right(self, key: str) -> float:
        """Forget the wrong guesses; return how many there were."""
        tally = self._tallies.pop(key, None)
        return tally.wrong if tally else 0.0

    def excuse(self, key: str, count: float) -> None:
        """Take back some wrong guesses."""
        tally = self._tallies.get(key)
        if tally is not None:  # its place stays: it was not tried again
            self._tallies[key] = _Tally(max(0.0, tally.wrong - count), tally.last)

    def _pause(self, wrong: int) -> float:
        doublings = wrong - self._limits.free
        if doublings < 0:
            return 0.0
        return min(self._limits.first_pause_seconds * 2.0**doublings, self._limits.longest_pause_seconds)


class Guard:
    """Says who has to wait; an address of '' is counted nowhere."""

    def __init__(self, patience: Patience, clock: Clock, own_networks: Iterable[str] = ()) -> None:
        self._logins = Guesses(patience.login, clock)
        self._addresses = Guesses(patience.address, clock)
        self._networks = Guesses(patience.network, clock)
        self._sources = Sources(own_networks)

    def admits_login(self, login: str) -> bool:
        """Say whether a login's pause is over."""
        return self._logins.may_try(login)

    def admits_address(self, address: str) -> bool:
        """Say whether the pause of an address and of its network is over."""
        source = self._sources.of(address)
        return source is None or (self._addresses.may_try(source.host) and self._networks.may_try(source.network))

    def wrong(self, login: str, address: str) -> None:
        """Count a wrong guess at a login."""
        self._logins.wrong(login)
        self.wrong_from(address)

    def wrong_from(self, address: str) -> None:
        """Count a wrong guess by where it came from only."""
        source = self._sources.of(address)
        if source is not None:
            self._addresses.wrong(source.host)
            self._networks.wrong(source.network)

    def right(self, login: str, address: str = "") -> None:
        """Forget the wrong guesses at a login, and excuse as many where the right one came from.

        Not more: else who has an account here could guess at others for ever.
        """
        excused = self._logins.right(login)
        source = self._sources.of(address)
        if source is not None:
            self._addresses.excuse(source.host, excused)
            self._networks.excuse(source.network, excused)
