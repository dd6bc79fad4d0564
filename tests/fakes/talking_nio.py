"""A matrix-nio that does what it is told, as a process beside us."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fakes.synapse import PASSWORD, Synapse, chat_python

__all__ = ["Nio", "talking_nio"]

_TALKER = Path(__file__).parents[1] / "interop/programs/nio_talker.py"


class Nio:
    """A matrix-nio that talks."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def read(self) -> dict[str, object]:
        """Return its next line."""
        assert self._process.stdout is not None
        found: dict[str, object] = json.loads(await asyncio.wait_for(self._process.stdout.readline(), 60))
        return found

    async def ask(self, do: str, **facts: object) -> dict[str, object]:
        """Tell it to do something, and return what it says."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **facts}).encode() + b"\n")
        return await self.read()


@asynccontextmanager
async def talking_nio(homeserver: Synapse, user_id: str) -> AsyncIterator[Nio]:
    """Log one in, and end it with the block."""
    command = (str(chat_python()), str(_TALKER), homeserver.url, user_id, PASSWORD)
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    try:
        nio = Nio(process)
        await nio.read()
        yield nio
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
