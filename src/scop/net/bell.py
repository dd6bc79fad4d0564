"""What one task waits for again and again: whoever rings runs that task on at once, not in the loop's next turn.

To asyncio a bell is a future by its protocol (`asyncio.isfuture`): so the task stays an ordinary one, which may
be cancelled and may use timeouts. Only one task may wait for a bell.

Standards: none.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextvars import Context

__all__ = ["Bell"]


class _WakeUp(Protocol):
    def __call__(self, bell: Bell, /) -> object: ...


class Bell:
    """Rings once for each wait; ringing while nobody waits does nothing."""

    __slots__ = ("_asyncio_future_blocking", "_context", "_is_cancelled", "_loop", "_wake_up")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._asyncio_future_blocking = False
        self._loop = loop
        self._wake_up: _WakeUp | None = None
        self._is_cancelled = False

    @property
    def is_awaited(self) -> bool:
        """Whether a task waits for it."""
        return self._wake_up is not None

    def ring(self) -> None:
        """Run the task that waits until it waits again; inside of another task, soon."""
        wake_up, self._wake_up = self._wake_up, None
        if wake_up is None:
            return
        if asyncio.current_task(self._loop) is None:
            self._context.run(wake_up, self)
        else:  # one task can't be run inside of another
            self._loop.call_soon(wake_up, self, context=self._context)

    def __await__(self) -> Generator[Bell, None, None]:
        self._asyncio_future_blocking = True  # tells the task that it is awaited, not yielded
        yield self

    # What a task asks of a future; it also looks at `_loop`

    def add_done_callback(self, wake_up: _WakeUp, /, *, context: Context) -> None:
        """Note how to run the task that waits."""
        self._wake_up, self._context = wake_up, context

    def result(self) -> None:
        """Let the task go on; raises `CancelledError` in one that is cancelled."""
        if self._is_cancelled:
            self._is_cancelled = False
            raise asyncio.CancelledError

    def cancel(self, msg: object = None) -> bool:
        """Cancel the task that waits; return whether one does."""
        wake_up, self._wake_up = self._wake_up, None
        if wake_up is None:
            return False
        self._is_cancelled = True
        self._loop.call_soon(wake_up, self, context=self._context)
        return True
