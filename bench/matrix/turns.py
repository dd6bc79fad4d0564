"""Two ways of one work by turns: microseconds of CPU for one item, the best of each one's rounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

__all__ = ["best_of_turns"]


def best_of_turns(ways: Mapping[str, Callable[[], object]], items: int, rounds: int = 7) -> dict[str, float]:
    """Let each way do all items, by turns; return the best of each in microseconds an item."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.process_time()
            way()
            best[name] = min(best[name], (time.process_time() - started) * 1e6 / items)
    return best
