"""A question that is answered by many messages on one stream, as a zone transfer is.

Standards: RFC 5936 §4.1, RFC 7766 §8.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from scop.base import RemoteProtocolError
from scop.net.dialer import Dialer
from scop.net.dns_frames import FrameReader, frame
from scop.net.faults import TemporaryFailure

__all__ = ["exchange_many"]

SILENCE_SECONDS = 30.0  # between two pieces
TOTAL_SECONDS = 3600.0


async def exchange_many(
    dial: Dialer,
    query: bytes,
    take: Callable[[bytes], bool],
    *,
    silence_seconds: float = SILENCE_SECONDS,
    total_seconds: float = TOTAL_SECONDS,
) -> None:
    """Send one message and hand each one that comes back to `take`, until it says that this was the last.

    Raises `TemporaryFailure` where the stream ends early or falls silent, and what `take` raises.
    """
    transport = None
    try:
        async with asyncio.timeout(total_seconds):
            transport, reading = await dial(lambda: _Reading(query, take, silence_seconds))
            await reading.ended
    except TimeoutError:
        raise TemporaryFailure(f"no end of the answer within {total_seconds} s") from None
    finally:
        if transport is not None:
            transport.abort()


class _Reading(asyncio.Protocol):
    """Takes messages until the last."""

    def __init__(self, query: bytes, take: Callable[[bytes], bool], silence_seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._query = query
        self._take = take
        self._silence_seconds = silence_seconds
        self._frames = FrameReader()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(frame(self._query))
        self._wait()

    def data_received(self, data: bytes) -> None:
        if self.ended.done():
            return
        self._wait()
        try:
            is_last = any(self._take(message) for message in self._frames.receive(data))
        except RemoteProtocolError as fault:
            self._end(fault)
            return
        if is_last:
            self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(TemporaryFailure(f"the stream ended within an answer: {exc or 'closed by the server'}"))

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        silence = TemporaryFailure(f"silent for {self._silence_seconds} s within an answer")
        self._timer = self._loop.call_later(self._silence_seconds, self._end, silence)

    def _end(self, fault: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.ended.done():
            return
        if fault is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(fault)
            self.ended.exception()  # whoever asked may have lost patience
