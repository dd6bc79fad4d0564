"""Driving a resolver's generator by hand: a clock that shows what it is set to, and a loop around a transport.

Cells drive it with sockets and the system's clock (`scop.cells.resolver.recursion`); who replays what happened, or
looks at each step, does it with these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from scop.dns.asking import Ask, Step
from scop.dns.message import Message

__all__ = ["HandClock", "drive"]

_Outcome = TypeVar("_Outcome")


class HandClock:
    """Shows `now` until it is set to something else; satisfies `scop.base.Clock`.

    Both times are the same: seconds since 1970, for the validity of signatures, as for what is counted in between.
    """

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def unix(self) -> float:
        """Return seconds since 1970-01-01T00:00Z."""
        return self.now

    def monotonic(self) -> float:
        """Return seconds of a clock that nobody may set back."""
        return self.now


def drive(step: Step[_Outcome], transport: Callable[[Ask], Message | None]) -> _Outcome:
    """Give each question to `transport`, and its message, or None for silence, back; return the outcome."""
    try:
        ask = next(step)
        while True:
            ask = step.send(transport(ask))
    except StopIteration as stop:
        outcome: _Outcome = stop.value
        return outcome
    finally:
        step.close()
