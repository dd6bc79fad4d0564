"""Runs a test's coroutine under each of the event loops that cells may use, and lets the time of a loop jump."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from weakref import WeakKeyDictionary

import uvloop

__all__ = ["LOOPS", "PATIENCE_SECONDS", "close_in_order", "jump", "run_under", "settled"]

LOOPS = ("asyncio", "uvloop")
_LAST_TURNS = 100
PATIENCE_SECONDS = 60.0  # for what must happen: where it does, patience costs nothing, however busy the machine is
_SKIPPED_SECONDS: WeakKeyDictionary[asyncio.AbstractEventLoop, float] = WeakKeyDictionary()


def close_in_order() -> None:
    """From now on let each loop of asyncio end what was closed before it ends itself.

    The end of a peer may be heard of a few turns after a test's last word; what was forgotten is told of as ever.
    """
    loops = asyncio.SelectorEventLoop
    close = loops.close

    def tidy_close(self: asyncio.SelectorEventLoop) -> None:
        turns = 0 if self.is_closed() or self.is_running() or asyncio._get_running_loop() else _LAST_TURNS
        while turns and len(self._selector.get_map()) > 1:  # type: ignore[attr-defined]  # one is its own
            self.run_until_complete(asyncio.sleep(0))
            turns -= 1
        close(self)

    loops.close = tidy_close  # type: ignore[method-assign, assignment]  # no policy: those go with Python 3.16


def run_under(
    name: str, main: Callable[[], Coroutine[object, object, None]], *, seconds: float = PATIENCE_SECONDS
) -> None:
    """Run `main` under the named loop, within a bound of time."""
    new_loop = uvloop.new_event_loop if name == "uvloop" else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(asyncio.wait_for(main(), seconds))


def jump(seconds: float) -> None:
    """Let the time of the running loop jump: timers run out when a test has come so far, not when a machine is slow."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, asyncio.SelectorEventLoop)  # uvloop's time is the kernel's
    _SKIPPED_SECONDS[loop] = _SKIPPED_SECONDS.get(loop, 0.0) + seconds
    loop.time = lambda: time.monotonic() + _SKIPPED_SECONDS[loop]  # type: ignore[method-assign]  # as its timers see it


async def settled() -> None:
    """Let all others run until each of them waits for a time, or for something from outside."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, asyncio.SelectorEventLoop)
    while loop._ready:  # type: ignore[attr-defined]  # noqa: ASYNC110 - nothing else tells
        await asyncio.sleep(0)
