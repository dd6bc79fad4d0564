"""A service that runs in the foreground until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
from collections.abc import Callable, Coroutine

__all__ = ["asked_to_end", "loop_factory", "run_to_the_end"]


def run_to_the_end(main: Callable[[], Coroutine[object, object, None]]) -> None:
    """Run a service on the fastest loop that is there, with as many connections as the system lets it have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # the default of 1,024 is a wish of select(2)'s times
    gc.collect()
    gc.freeze()  # what was imported stays: no need to look through it again and again
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main())


def asked_to_end() -> asyncio.Event:
    """Return what is set by the first SIGTERM or Ctrl-C."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes the fastest loop that is there, loaded: once a process is confined no code can be."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
