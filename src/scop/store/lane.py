"""One thread that works through what is asked of it, in batches.

Blocking work (SQLite, fsync) must not hold the event loop. A lane takes everything that came in
while it was busy as one batch, which is what makes group commit possible; what is asked in one turn of the loop
is handed over together. The thread starts with the first work, so a confined cell that confines first has no
thread before that.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from scop.store.faults import StoreError

__all__ = ["Failed", "Lane", "Outcome", "Returned"]

_Work = TypeVar("_Work")
_Asked: TypeAlias = tuple[_Work, "asyncio.Future[object]"]


@dataclass(frozen=True, slots=True)
class Returned:
    """What a work returned."""

    value: object


@dataclass(frozen=True, slots=True)
class Failed:
    """What a work raised."""

    error: BaseException


Outcome: TypeAlias = Returned | Failed


class Lane(Generic[_Work]):
    """Runs `run_batch` on a thread of its own; it returns one outcome for each work, in order.

    All works come from one event loop. `end` runs on the thread as the last thing.
    """

    def __init__(
        self,
        name: str,
        run_batch: Callable[[Sequence[_Work]], Sequence[Outcome]],
        end: Callable[[], None],
        *,
        max_batch: int,
    ) -> None:
        self._name = name
        self._run_batch = run_batch
        self._end = end
        self._max_batch = max_batch
        self._gathered: list[_Asked[_Work]] = []  # in this turn of the loop
        self._waiting: queue.SimpleQueue[list[_Asked[_Work]] | None] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def do(self, work: _Work) -> object:
        """Return what the work returns or raise what it raises; once asked it runs, even if the caller is gone."""
        if self._closed:
            raise StoreError(f"the {self._name} is closed")
        if self._loop is None:
            self._start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[object] = loop.create_future()
        self._gathered.append((work, future))
        if len(self._gathered) == 1:
            loop.call_soon(self._hand_over_when_quiet, 0)
        return await future

    async def close(self) -> None:
        """Finish what was asked, then end the thread; closing twice is fine."""
        if self._closed:
            return
        self._closed = True
        if self._loop is None:
            self._end()
            return
        self._hand_over()
        self._waiting.put(None)
        await self._ended.wait()
        self._thread.join()

    def _hand_over_when_quiet(self, before: int) -> None:
        """Hand over what was gathered, once a turn of the loop has brought nothing more."""
        if before < len(self._gathered) < self._max_batch and self._loop is not None:
            self._loop.call_soon(self._hand_over_when_quiet, len(self._gathered))
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        if self._gathered:
            self._waiting.put(self._gathered)
            self._gathered = []

    def _start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._live, name=self._name, daemon=True)
        self._thread.start()

    def _live(self) -> None:
        last = False
        while not last:
            asked, last = self._take()
            for start in range(0, len(asked), self._max_batch):
                batch = asked[start : start + self._max_batch]
                self._run([work for work, _ in batch], [future for _, future in batch])
        self._end()
        self._tell(self._ended.set)

    def _take(self) -> tuple[list[_Asked[_Work]], bool]:
        """Return what waits, at least one work, and whether the lane ends after it."""
        asked: list[_Asked[_Work]] = []
        gathered = self._waiting.get()
        while gathered is not None:
            asked += gathered
            if len(asked) >= self._max_batch or self._waiting.empty():
                return asked, False
            gathered = self._waiting.get()  # never waits: this thread is the only one that takes
        return asked, True

    def _run(self, works: Sequence[_Work], futures: Sequence[asyncio.Future[object]]) -> None:
        try:
            outcomes = self._run_batch(works)
        except BaseException as error:  # whatever it is, those who wait must hear of it
            outcomes = [Failed(error)] * len(works)
        self._tell(lambda: _deliver(futures, outcomes))

    def _tell(self, act: Callable[[], object]) -> None:
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(act)


def _deliver(futures: Sequence[asyncio.Future[object]], outcomes: Sequence[Outcome]) -> None:
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.done():  # the caller was cancelled
            continue
        if isinstance(outcome, Failed):
            future.set_exception(outcome.error)
        else:
            future.set_result(outcome.value)
