"""The answering end of a call pipe."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, cast

import msgspec

from scop.base import RemoteProtocolError, printable
from scop.mesh.calls.frames import FrameReader, frame
from scop.mesh.calls.messages import Call, Hello, Outcome, Request, Response, decode, encode
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log
from scop.net.peer import Peer

__all__ = ["Answers", "CallServer"]

# By the type of the question; each function's own signature says which it takes and what it returns.
Answers: TypeAlias = Mapping[type[Call[Any]], Callable[[Any, Peer], Awaitable[object]]]

MAX_CALLS_AT_ONCE = 64  # per pipe; more wait in the sockets

_TRY_LATER = "try again later"


class CallServer(asyncio.Protocol):
    """Answers one neighbour's questions, several at a time.

    An answering function refuses by `PermanentFailure(text)`: the text reaches the asker. Every other
    fault is logged, and the asker learns only that it may try again.
    """

    def __init__(self, peer: Peer, answers: Answers, log: Log) -> None:
        self._peer = peer
        self._answers = {call.__name__: (call, answer) for call, answer in answers.items()}
        self._log = log
        self._frames = FrameReader()
        self._running: set[asyncio.Task[None]] = set()
        self._transport: asyncio.Transport | None = None
        self._writable = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Speak first."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(frame(encode(Hello())))

    def data_received(self, data: bytes) -> None:
        """Begin to answer each question that is complete."""
        try:
            for payload in self._frames.receive(data):
                self._begin(decode(Request, payload))
        except RemoteProtocolError as fault:
            self._log.warning("call.malformed", peer=self._peer.cell, reason=printable(str(fault)))
            self._abort()
        self._regulate()

    def pause_writing(self) -> None:
        """Take no more questions while the answers are not read."""
        self._writable = False
        self._regulate()

    def resume_writing(self) -> None:
        """Go on."""
        self._writable = True
        self._regulate()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the pipe; what was begun goes on to its end, so that nothing is left half done."""
        self._transport = None

    def _begin(self, request: Request) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(request))
        self._running.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._regulate()

    async def _serve(self, request: Request) -> None:
        self._respond(request, await self._answer(request))

    async def _answer(self, request: Request) -> tuple[Outcome, object]:
        known = self._answers.get(request.name)
        if known is None:
            return self._refuse(request, "unknown question")
        call, answer = known
        try:
            question = decode(call, request.arguments)
        except RemoteProtocolError as fault:
            return self._refuse(request, str(fault))
        try:
            return Outcome.ANSWERED, await answer(question, self._peer)
        except PermanentFailure as refusal:
            return Outcome.REFUSED, str(refusal)
        except TemporaryFailure as trouble:
            self._log.warning("call.deferred", call=request.name, peer=self._peer.cell, reason=printable(str(trouble)))
            return Outcome.LATER, _TRY_LATER
        except Exception as fault:  # whatever an answer runs into: the asker is told that, the log is told what
            return self._fault(request, fault)

    def _refuse(self, request: Request, reason: str) -> tuple[Outcome, str]:
        name, shown = printable(request.name), printable(reason)
        self._log.warning("call.refused", call=name, peer=self._peer.cell, reason=shown)
        return Outcome.REFUSED, f"{name}: {shown}"

    def _fault(self, request: Request, fault: Exception) -> tuple[Outcome, str]:
        where = "".join(traceback.format_exception(fault)[-4:])
        self._log.error("call.fault", call=request.name, peer=self._peer.cell, reason=repr(fault), where=where)
        return Outcome.LATER, _TRY_LATER

    def _respond(self, request: Request, result: tuple[Outcome, object]) -> None:
        outcome, content = result
        try:
            octets = frame(encode(Response(request.id, outcome, msgspec.Raw(encode(content)))))
        except (RemoteProtocolError, TypeError, ValueError) as fault:  # too long, or not of a kind that travels
            _, text = self._fault(request, fault)
            octets = frame(encode(Response(request.id, Outcome.LATER, msgspec.Raw(encode(text)))))
        if self._transport is not None:
            self._transport.write(octets)

    def _regulate(self) -> None:
        """Read only while there is room for more questions and for their answers."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._writable and len(self._running) < MAX_CALLS_AT_ONCE:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
