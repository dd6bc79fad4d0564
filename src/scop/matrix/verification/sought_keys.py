"""Keys of events that the backup did not have when it was asked: another device of ours may put them there later."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

__all__ = ["Place", "SoughtKeys"]

Place: TypeAlias = tuple[str, str]  # room and session

_FIRST_PAUSE_MS = 60 * 1000
_LONGEST_PAUSE_MS = 60 * 60 * 1000
_MAX_SOUGHT = 1000
_AT_ONCE = 20


class SoughtKeys:
    """Which keys are looked for, each again after growing pauses; past their number the oldest no longer."""

    def __init__(self, missing: Iterable[Place], now_ms: int) -> None:
        # When it is to be looked for, and the pause after that. What is missing from before waits for a while: it may
        # be missing for good, and who does but one thing is not to be kept waiting.
        first = now_ms + _FIRST_PAUSE_MS, 2 * _FIRST_PAUSE_MS
        self._next_ms: dict[Place, tuple[int, int]] = dict.fromkeys(missing, first)

    def note(self, place: Place) -> None:
        """Note that a key is missing, and that nobody looked for it yet."""
        self._next_ms.setdefault(place, (0, _FIRST_PAUSE_MS))
        while len(self._next_ms) > _MAX_SOUGHT:
            del self._next_ms[next(iter(self._next_ms))]

    def take(self, place: Place, now_ms: int) -> bool:
        """Return whether it is time to look for a key, which is done then."""
        self.note(place)
        again_ms, pause_ms = self._next_ms[place]
        if now_ms < again_ms:
            return False
        self._next_ms[place] = (now_ms + pause_ms, min(2 * pause_ms, _LONGEST_PAUSE_MS))
        return True

    def due(self, now_ms: int) -> tuple[Place, ...]:
        """Return some of the keys that it is time to look for."""
        return tuple(place for place, (again_ms, _) in self._next_ms.items() if again_ms <= now_ms)[:_AT_ONCE]

    def drop(self, place: Place) -> None:
        """Look for a key no longer: it is here."""
        self._next_ms.pop(place, None)
