"""Running a DNS server of the command line until it is asked to end."""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
from collections.abc import Coroutine

import uvloop

from scop.mesh.cell import Life

__all__ = ["run_until_asked"]


def run_until_asked(life: Life, service: Coroutine[object, object, None]) -> None:
    """Run a service; SIGTERM or Ctrl-C lets it drain."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, life.stop)
        await service

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each connection and each query on its way has one
    gc.collect()
    gc.freeze()  # what was imported stays: no need to look through it again and again
    uvloop.run(main())
