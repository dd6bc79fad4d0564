"""Runs a test's coroutine under each of the event loops that cells may use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import uvloop

__all__ = ["LOOPS", "run_under"]

LOOPS = ("asyncio", "uvloop")


def run_under(name: str, main: Callable[[], Coroutine[object, object, None]], *, seconds: float = 20) -> None:
    """Run `main` under the named loop, within a bound of time."""
    new_loop = uvloop.new_event_loop if name == "uvloop" else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(asyncio.wait_for(main(), seconds))
