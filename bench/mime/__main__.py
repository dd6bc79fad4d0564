"""`make bench-mime`: speed, growth and memory of `scop.mime`; ends with 1 where a goal is missed."""

from __future__ import annotations

import sys

from bench.mime.growth import show_growth
from bench.mime.memory import show_memory
from bench.mime.speed import show_speed

__all__ = ["main"]

_PARTS = {"speed": show_speed, "growth": show_growth, "memory": show_memory}


def main(*names: str) -> bool:
    """Run the named parts, or all of them; tell whether every goal is reached."""
    reached = [_PARTS[name]() for name in names or _PARTS]  # all of them run, whatever the first one says
    return all(reached)


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:]) else 1)
