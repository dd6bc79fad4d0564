"""A log that a test can wait on: what a cell does shows in its log, so nobody has to sleep."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import msgspec

from fakes.loops import PATIENCE_SECONDS
from scop.net.log import Log

__all__ = ["WatchedLog"]


@dataclass
class WatchedLog:
    """Keeps the lines of one cell."""

    lines: list[dict[str, object]] = field(default_factory=list)
    _written: asyncio.Event = field(default_factory=asyncio.Event)

    def log(self, cell: str) -> Log:
        """Return a log that writes here."""
        return Log(cell, self._write)

    def of(self, event: str, **fields: object) -> list[dict[str, object]]:
        """Return the lines of an event, those with these fields."""
        return [line for line in self.lines if line["event"] == event and fields.items() <= line.items()]

    def reasons(self, event: str) -> list[str]:
        """Return the reasons of all lines of an event."""
        return [str(line.get("reason")) for line in self.of(event)]

    async def until(self, event: str, count: int = 1, **fields: object) -> list[dict[str, object]]:
        """Wait until an event was written `count` times, with these fields; return its lines."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.of(event, **fields)) < count:
                self._written.clear()
                await self._written.wait()
        return self.of(event, **fields)

    def _write(self, line: bytes) -> None:
        self.lines.append(msgspec.json.decode(line))
        self._written.set()
