"""What was found out of something lately, so that a thousand mails that depend on it ask once.

What is well holds for some seconds. What is not is asked again after pauses that grow; all that depends on it waits
for the same moment. Whoever asks while it is being found out waits for the same answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

from scop.base import Clock
from scop.cells.relay.schedule import Pace, pause_seconds
from scop.cells.relay.verdict import Verdict

__all__ = ["Standing", "Standings"]

WELL_SECONDS = 5.0  # for which what is well need not be asked again
PACE = Pace(2.0, 300.0)  # of what is not: who mends it need not wait for long
MAX_KNOWN = 2000


@dataclass(frozen=True, slots=True)
class Standing:
    """How something stands: what is held against it, None where nothing is, and until when that holds."""

    objection: Verdict | None
    until: float  # on the monotonic clock
    failures: int = 0  # in a row


class Standings:
    """Asks for what is not known; one for the relay's life."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[Hashable, Standing] = {}  # the oldest first
        self._asking: dict[Hashable, asyncio.Task[Standing]] = {}

    async def of(self, key: Hashable, find_out: Callable[[], Awaitable[Verdict | None]]) -> Standing:
        """Return how `key` stands."""
        known = self._known.get(key)
        if known is not None and self._clock.monotonic() < known.until:
            return known
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.ensure_future(self._ask(key, find_out))
        # Shielded: many wait for one answer, and the first to be cut off must not end it.
        return await asyncio.shield(asking)

    def forget(self) -> None:
        """Have everything asked anew that is not well: the operator wants it so."""
        self._known = {key: each for key, each in self._known.items() if each.objection is None}

    async def _ask(self, key: Hashable, find_out: Callable[[], Awaitable[Verdict | None]]) -> Standing:
        try:
            objection = await find_out()
        finally:
            del self._asking[key]
        return self._note(key, objection)

    def _note(self, key: Hashable, objection: Verdict | None) -> Standing:
        earlier, now = self._known.pop(key, None), self._clock.monotonic()
        if objection is None:
            standing = Standing(None, now + WELL_SECONDS)
        else:
            failures = (earlier.failures if earlier else 0) + 1
            standing = Standing(objection, now + pause_seconds(PACE, failures, 0.5), failures)
        self._known[key] = standing
        if len(self._known) > MAX_KNOWN:
            del self._known[next(iter(self._known))]
        return standing
