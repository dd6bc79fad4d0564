"""Keyed values of bounded weight: when it is full, what was not used for longest goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Bounded"]

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Bounded(Generic[_Key, _Value]):
    """A mapping whose values weigh something, at most `max_weight` together.

    `dropped` hears of each value that had to go for another one.
    """

    __slots__ = ("_dropped", "_entries", "_max_weight", "_weight")

    def __init__(self, max_weight: int, dropped: Callable[[_Key], None] | None = None) -> None:
        self._max_weight = max_weight
        self._weight = 0
        # Not a plain dict: its first key is found by a walk over the places of all that was taken out before it.
        self._entries: OrderedDict[_Key, tuple[_Value, int]] = OrderedDict()
        self._dropped = dropped

    def __len__(self) -> int:
        return len(self._entries)

    def all_keys(self) -> tuple[_Key, ...]:
        """Return all keys, the one used longest ago first."""
        return tuple(self._entries)

    @property
    def weight(self) -> int:
        """What all of it weighs."""
        return self._weight

    def get(self, key: _Key) -> _Value | None:
        """Return the value, which counts as used now."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def peek(self, key: _Key) -> _Value | None:
        """Return the value without counting it as used."""
        entry = self._entries.get(key)
        return None if entry is None else entry[0]

    def put(self, key: _Key, value: _Value, weight: int = 1) -> None:
        """Keep a value in place of the one of the same key; what weighs more than everything may is not kept."""
        self.drop(key)
        if weight > self._max_weight:
            return
        while self._weight + weight > self._max_weight:
            oldest = next(iter(self._entries))
            self.drop(oldest)
            if self._dropped is not None:
                self._dropped(oldest)
        self._entries[key] = value, weight
        self._weight += weight

    def drop(self, key: _Key) -> None:
        """Forget the value, if there is one."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._weight -= entry[1]

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()
        self._weight = 0
