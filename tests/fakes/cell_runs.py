"""Runs a cell's service in this process, beside the test that speaks with it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from scop.mesh.cell import Life

__all__ = ["running"]


@asynccontextmanager
async def running(service: Coroutine[object, object, None], life: Life) -> AsyncIterator[None]:
    """Run `service` until the block ends; what it raises is raised here."""
    ready = asyncio.Event()
    life.on_ready(ready.set)
    task = asyncio.create_task(service)
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        yield
    finally:
        life.stop()
        await task
