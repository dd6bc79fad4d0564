"""What was found out of something lately, so that a thousand mails that depend on it ask once.

What is well holds for some seconds. What is not is asked again after pauses that grow. They are those of a whole
circle, such as all senders that one policy speaks of: a list may have a sender for each mail, and all that waits for
the policy waits for the same moment. Whoever asks while something is being found out waits for the same answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from scop.base import Clock
from scop.cells.relay.schedule import Pace, pause_seconds
from scop.cells.relay.verdict import Verdict

__all__ = ["Standing", "Standings"]

T = TypeVar("T")

WELL_SECONDS = 5.0  # for which what is well need not be asked again
PACE = Pace(2.0, 300.0)  # of what is not: who mends it need not wait for long
MAX_KNOWN = 2000


@dataclass(frozen=True, slots=True)
class Standing:
    """How something stands: what is held against it, None where nothing is, and until when that holds."""

    objection: Verdict | None
    until: float  # on the monotonic clock


class _Pause(NamedTuple):
    """Until when a circle waits in which something is not well, after so many looks in a row."""

    until: float
    failures: int


class Standings:
    """Asks for what is not known; one for the relay's life. `look_anew` forgets what the answers are made of."""

    def __init__(self, clock: Clock, look_anew: Callable[[], None]) -> None:
        self._clock = clock
        self._look_anew = look_anew
        self._known: dict[Hashable, Standing] = {}  # the oldest first
        self._pauses: dict[Hashable, _Pause] = {}  # of circles, likewise
        self._asking: dict[Hashable, asyncio.Task[Standing]] = {}

    async def of(self, key: Hashable, circle: Hashable, find_out: Callable[[], Awaitable[Verdict | None]]) -> Standing:
        """Return how `key` stands, which is one of a circle."""
        known = self._known.get(key)
        if known is not None and self._clock.monotonic() < known.until:
            return known
        asking = self._asking.get(key)
        if asking is None:
            self._end_pause(circle)
            asking = self._asking[key] = asyncio.ensure_future(self._ask(key, circle, find_out))
        # Shielded: many wait for one answer, and the first to be cut off must not end it.
        return await asyncio.shield(asking)

    def forget(self) -> None:
        """Have everything asked anew that is not well: the operator wants it so."""
        self._known = {key: each for key, each in self._known.items() if each.objection is None}
        self._pauses.clear()
        self._look_anew()

    async def _ask(
        self, key: Hashable, circle: Hashable, find_out: Callable[[], Awaitable[Verdict | None]]
    ) -> Standing:
        try:
            objection = await find_out()
        finally:
            del self._asking[key]
        if objection is None:
            self._pauses.pop(circle, None)
            standing = Standing(None, self._clock.monotonic() + WELL_SECONDS)
        else:
            standing = Standing(objection, self._pause(circle).until)
        _put(self._known, key, standing)
        return standing

    def _end_pause(self, circle: Hashable) -> None:
        """Look anew where a pause is over; the others of the circle take what the first of them sees."""
        pause = self._pauses.get(circle)
        if pause is not None and pause.until <= self._clock.monotonic():
            self._pause(circle)
            self._look_anew()

    def _pause(self, circle: Hashable) -> _Pause:
        """Return the pause in which a circle is, a longer one where the last is over."""
        now = self._clock.monotonic()
        pause = self._pauses.get(circle, _Pause(now, 0))
        if pause.until <= now:
            failures = pause.failures + 1
            pause = _Pause(now + pause_seconds(PACE, failures, 0.5), failures)
            _put(self._pauses, circle, pause)
        return pause


def _put(into: dict[Hashable, T], key: Hashable, value: T) -> None:
    """Put something at the end, and let the oldest go where there is too much."""
    into.pop(key, None)
    into[key] = value
    if len(into) > MAX_KNOWN:
        del into[next(iter(into))]
