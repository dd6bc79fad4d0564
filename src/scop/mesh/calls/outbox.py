"""Telling a neighbour what was found out, without keeping anything waiting for it.

What is told waits in memory, bounded, and travels in batches as soon as the neighbour is there; at the end what is
left is told for a few seconds more. It is nothing that must not be lost: where a neighbour is away for long, the oldest
is let go, and the log says how many. A batch whose answer was lost is told again, so a neighbour may count it twice.

Standards: none.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from scop.base import printable
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log

__all__ = ["Outbox", "OutboxLimits"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OutboxLimits:
    """How much waits, and how long."""

    waiting: int = 20_000  # some 20 MB of judgements, minutes of a busy day
    batch: int = 200  # of judgements with headers still below the 4 MiB of a frame
    pause_seconds: float = 1.0  # after a failure; the pipe itself was redialled for five already
    flush_seconds: float = 3.0  # at the end


class Outbox(Generic[T]):
    """What one neighbour is to be told, oldest first; a task tells it while there is something to tell."""

    def __init__(
        self, send: Callable[[tuple[T, ...]], Awaitable[object]], peer: str, log: Log, limits: OutboxLimits
    ) -> None:
        self._send = send
        self._peer = peer
        self._log = log
        self._limits = limits
        self._waiting: deque[T] = deque()
        self._dropped = 0
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def put(self, value: T) -> None:
        """Have `value` told soon; where too much waits already, the oldest is let go."""
        if len(self._waiting) >= self._limits.waiting:
            self._waiting.popleft()
            self._dropped += 1
        self._waiting.append(value)
        if self._task is None:
            self._begin()

    async def close(self) -> None:
        """Tell what is left, but not for ever."""
        task = self._task
        if task is not None:
            await asyncio.wait({task}, timeout=self._limits.flush_seconds)
            task.cancel()
            await asyncio.wait({task})
        self._dropped += len(self._waiting)
        self._waiting.clear()
        self._tell_dropped("the neighbour was away to the end")

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._tell_all())
        self._task.add_done_callback(self._ended)

    async def _tell_all(self) -> None:
        while self._waiting:
            batch = tuple(self._waiting.popleft() for _ in range(min(len(self._waiting), self._limits.batch)))
            try:
                await self._send(batch)
            except PermanentFailure as refusal:
                self._dropped += len(batch)
                self._tell_dropped(str(refusal))
            except TemporaryFailure:
                self._waiting.extendleft(reversed(batch))
                await asyncio.sleep(self._limits.pause_seconds)
            except asyncio.CancelledError:
                self._waiting.extendleft(reversed(batch))
                raise
            else:
                self._tell_dropped("the neighbour was away for long")

    def _tell_dropped(self, reason: str) -> None:
        if self._dropped:
            self._log.warning("told.dropped", peer=self._peer, count=self._dropped, reason=printable(reason))
        self._dropped = 0

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if task.cancelled():
            return
        if (fault := task.exception()) is not None:
            self._log.fault(fault)
        elif self._waiting:  # put between the last look at what waits and now
            self._begin()
