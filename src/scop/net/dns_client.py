"""Asking a resolver for names: the face that cells use, and DNS over a stream behind it.

What goes wrong on the way is an answer too: `lookup` never raises, it says SERVFAIL.

Theory of operation. One stream, opened at the first question and again when it broke, carries any
number of questions; answers come in any order and find their question by id. A question whose stream
broke is asked once more, on a fresh one: asking twice does no harm.

Standards: RFC 6840 §5.7 (AD asks for AD), RFC 7766 §6.2.1 (pipelining) and §7 (order),
RFC 7858 (over TLS, where the dialer opens it).
"""

from __future__ import annotations

import asyncio
from typing import Protocol, TypeVar, cast

from scop.base import Check, RemoteProtocolError
from scop.dns import Answer, Question, Rcode
from scop.dns.chain import answer_of
from scop.dns.message import Flag, Message, build_query, parse_message
from scop.net.dialer import Dialer
from scop.net.dns_frames import FrameReader, frame
from scop.net.faults import TemporaryFailure
from scop.net.redial import dial_patiently

__all__ = ["Names", "StreamNames", "drive"]

LOOKUP_SECONDS = 15.0  # a resolver may have to walk down from the root past dead servers
REDIAL_SECONDS = 5.0  # a resolver that was killed is back within a second or two
CLOSE_SECONDS = 1.0  # for a neighbour to say goodbye too
MAX_PENDING = 4096  # questions of one stream; far below the 65,536 ids, so a free one is found at once

# RFC 6840 §5.7: AD in a query asks whether the answer is proved, without the proofs that DO would bring.
_ASKING = Flag.RECURSION_DESIRED | Flag.AUTHENTIC_DATA
_Outcome = TypeVar("_Outcome")


class Names(Protocol):
    """Answers questions; says SERVFAIL where it cannot."""

    async def lookup(self, question: Question) -> Answer:
        """Return what is known, never raises."""


async def drive(check: Check[Question, Answer, _Outcome], names: Names) -> _Outcome:
    """Drive a check to its outcome, each question looked up in `names`."""
    try:
        question = next(check)
        while True:
            question = check.send(await names.lookup(question))
    except StopIteration as stop:
        return cast(_Outcome, stop.value)
    finally:
        check.close()


class StreamNames:
    """Asks one resolver over a stream; AD in its answers is believed, so the stream must prove who it is."""

    def __init__(self, dial: Dialer, *, timeout_seconds: float = LOOKUP_SECONDS) -> None:
        self._dial = dial
        self._timeout_seconds = timeout_seconds
        self._opening: asyncio.Task[_Stream] | None = None

    async def lookup(self, question: Question) -> Answer:
        """Return the answer; SERVFAIL where the resolver is down or silent."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return answer_of(question, await self._ask(question))
        except TimeoutError:
            return Answer(question, Rcode.SERVFAIL, reason=f"no answer within {self._timeout_seconds} s")
        except TemporaryFailure as fault:
            return Answer(question, Rcode.SERVFAIL, reason=str(fault))

    async def close(self) -> None:
        """Close the stream; open questions end as SERVFAIL."""
        opening, self._opening = self._opening, None
        if opening is None:
            return
        opening.cancel()
        await asyncio.wait({opening})
        if not opening.cancelled() and opening.exception() is None:
            await opening.result().close()

    async def _ask(self, question: Question) -> Message:
        try:
            return await (await self._stream()).ask(question)
        except _Broken:
            return await (await self._stream()).ask(question)

    async def _stream(self) -> _Stream:
        if self._opening is None or _is_useless(self._opening):
            dialing = dial_patiently(self._dial, _Stream, patience_seconds=REDIAL_SECONDS)
            self._opening = asyncio.get_running_loop().create_task(dialing)
            self._opening.add_done_callback(lambda task: task.cancelled() or task.exception())
        opening = self._opening
        try:
            # Shielded: many questions wait for one stream, and the first to lose patience must not end it.
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            if opening.cancelled():
                raise TemporaryFailure("closed by ourselves") from None
            raise


def _is_useless(opening: asyncio.Task[_Stream]) -> bool:
    """Say whether the attempt to open has failed, or the stream it opened has broken since."""
    if not opening.done():
        return False
    return opening.cancelled() or opening.exception() is not None or opening.result().is_broken


class _Broken(TemporaryFailure):
    """The stream ended before the answer came."""


class _Stream(asyncio.Protocol):
    """One open stream with the questions that wait for their answers."""

    def __init__(self) -> None:
        self.is_broken = False
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._frames = FrameReader()
        self._last_id = 0
        self._pending: dict[int, tuple[Question, asyncio.Future[Message]]] = {}

    async def ask(self, question: Question) -> Message:
        """Send the question and wait for its answer."""
        if self.is_broken:
            raise _Broken("the stream has ended")
        if len(self._pending) >= MAX_PENDING:
            raise TemporaryFailure(f"{MAX_PENDING} questions are waiting already")
        id_ = self._free_id()
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._pending[id_] = question, answer
        try:
            self._transport.write(frame(build_query(question, id_, flags=_ASKING)))
            return await answer
        finally:
            self._pending.pop(id_, None)  # an answer that comes after the patience is dropped

    async def close(self) -> None:
        """End the stream in order, or in a second."""
        self._transport.close()
        await asyncio.wait({self._closed}, timeout=CLOSE_SECONDS)
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; nothing is said before a question."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Give each answer to who waits for it."""
        try:
            for octets in self._frames.receive(data):
                self._receive(parse_message(octets))
        except RemoteProtocolError as fault:
            self._break(f"the resolver speaks no DNS: {fault}")
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who waits."""
        self._break(f"the stream has ended: {exc or 'closed by the resolver'}")
        self._closed.set_result(None)

    def _free_id(self) -> int:
        # Counted, not random: nobody else can write on a stream.
        while True:
            self._last_id = (self._last_id + 1) & 0xFFFF
            if self._last_id not in self._pending:
                return self._last_id

    def _receive(self, message: Message) -> None:
        question, answer = self._pending.get(message.id, (None, None))
        if answer is None or answer.done():
            return
        # RFC 7766 §7: id and question together say what is answered; a bare refusal has no question.
        is_refusal = message.question is None and message.rcode is not Rcode.NOERROR
        if not message.is_response or not (is_refusal or message.question == question):
            raise RemoteProtocolError("an answer to something else")
        answer.set_result(message)

    def _break(self, reason: str) -> None:
        self.is_broken = True
        for _, answer in self._pending.values():
            if not answer.done():
                answer.set_exception(_Broken(reason))
