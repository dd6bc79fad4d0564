"""The asking end of a call pipe: opened at the first question, opened again when it broke."""

from __future__ import annotations

import asyncio
import itertools
from typing import TypeVar, cast

import msgspec

from scop.base import RemoteProtocolError
from scop.mesh.calls.frames import FrameReader, frame
from scop.mesh.calls.messages import Call, Hello, Outcome, Request, Response, decode, decode_answer, encode
from scop.net.dialer import Dialer
from scop.net.faults import PermanentFailure, TemporaryFailure

__all__ = ["Caller"]

R = TypeVar("R")

# A neighbour that is silent for 30 s makes us answer 451; a little less, so that the answer is in time.
CALL_SECONDS = 25.0
HELLO_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0
# A neighbour that was killed is back within a second or two: a question may wait for that, but not longer.
REDIAL_SECONDS = 5.0


class Caller:
    """Asks one neighbour; any number of questions at a time share one pipe."""

    def __init__(self, dial: Dialer) -> None:
        self._dial = dial
        self._opening: asyncio.Task[_AskingPipe] | None = None

    async def call(self, question: Call[R], *, timeout_seconds: float = CALL_SECONDS) -> R:
        """Return the answer.

        Raises `PermanentFailure` with the other side's text where it refuses, `TemporaryFailure`
        where it is down, silent or in trouble; it may then have acted on the question or not.
        """
        name = type(question).__name__
        try:
            async with asyncio.timeout(timeout_seconds):
                pipe = await self._pipe()
                response = await pipe.ask(question)
        except TimeoutError:
            raise TemporaryFailure(f"no answer to {name} within {timeout_seconds} s") from None
        return _answer(question, response)

    async def close(self) -> None:
        """Close the pipe; unanswered questions end as `TemporaryFailure`."""
        opening, self._opening = self._opening, None
        if opening is None:
            return
        opening.cancel()
        await asyncio.wait({opening})
        if not opening.cancelled() and opening.exception() is None:
            opening.result().close()

    async def _pipe(self) -> _AskingPipe:
        if self._opening is None or _useless(self._opening):
            self._opening = asyncio.get_running_loop().create_task(self._open_patiently())
        # Shielded: many questions wait for one pipe, and the first to lose patience must not end it.
        return await asyncio.shield(self._opening)

    async def _open_patiently(self) -> _AskingPipe:
        clock = asyncio.get_running_loop().time
        give_up = clock() + REDIAL_SECONDS
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return await self._open()
            except TemporaryFailure:
                if clock() + pause > give_up:
                    raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _open(self) -> _AskingPipe:
        transport, pipe = await self._dial(_AskingPipe)
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                await pipe.greeted
        except TimeoutError:
            transport.abort()
            raise TemporaryFailure(f"no hello within {HELLO_SECONDS} s") from None
        return pipe


def _useless(opening: asyncio.Task[_AskingPipe]) -> bool:
    """Say whether the attempt to open has failed, or the pipe it opened has broken since."""
    if not opening.done():
        return False
    return opening.cancelled() or opening.exception() is not None or opening.result().broken


def _answer(question: Call[R], response: Response) -> R:
    name = type(question).__name__
    try:
        if response.outcome is Outcome.ANSWERED:
            return decode_answer(type(question), response.content)
        text = decode(str, response.content)
    except RemoteProtocolError as fault:
        raise TemporaryFailure(f"unfit answer to {name}: {fault}") from fault
    if response.outcome is Outcome.REFUSED:
        raise PermanentFailure(text)
    raise TemporaryFailure(f"{name}: {text}")


class _AskingPipe(asyncio.Protocol):
    """One open pipe with the questions that wait for their answers."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.greeted: asyncio.Future[None] = loop.create_future()
        self.broken = False
        self._frames = FrameReader()
        self._ids = itertools.count()
        self._waiting: dict[int, asyncio.Future[Response]] = {}
        self._transport: asyncio.Transport | None = None

    async def ask(self, question: Call[R]) -> Response:
        """Send the question and wait for what ends it."""
        if self._transport is None or self.broken:
            raise TemporaryFailure("the pipe has broken")
        number = next(self._ids)
        request = Request(number, type(question).__name__, msgspec.Raw(encode(question)))
        octets = frame(encode(request))
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._transport.write(octets)
            return await answer
        finally:
            self._waiting.pop(number, None)  # an answer that comes after the patience is dropped

    def close(self) -> None:
        """End the pipe."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; the other side speaks first."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Give each answer to who waits for it."""
        try:
            for payload in self._frames.receive(data):
                self._receive(payload)
        except RemoteProtocolError as fault:
            self._break(f"the other side speaks no calls: {fault}")
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who waits."""
        self._break(f"the pipe has broken: {exc or 'closed by the other side'}")

    def _receive(self, payload: bytes) -> None:
        if not self.greeted.done():
            if decode(Hello, payload) != Hello():
                raise RemoteProtocolError("an unknown hello")
            self.greeted.set_result(None)
            return
        response = decode(Response, payload)
        waiting = self._waiting.get(response.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(response)

    def _break(self, reason: str) -> None:
        self.broken = True
        if not self.greeted.done():
            self.greeted.set_exception(TemporaryFailure(reason))
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(TemporaryFailure(reason))
