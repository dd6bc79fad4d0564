"""Resolving with I/O: drives an `Iteration`, asks the same question once however many want to know it.

The seam for later: what is resolved comes as a `Resolution`; validation of DNSSEC goes between the
iteration and what is answered from it.

Standards: RFC 5452 §5 (one question in flight once, against birthday attacks).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

from scop.base import Clock, printable
from scop.dns import Question, Rcode
from scop.dns.message import Message
from scop.dns.resolver.asking import Ask, Server, Step, Unanswered
from scop.dns.resolver.memory import Known, Memory
from scop.dns.resolver.old_iteration import Iteration, Resolution, World
from scop.net.dns_exchange import ask_name_server
from scop.net.faults import TemporaryFailure
from scop.net.log import Log

__all__ = ["AskServer", "Recursion"]

RESOLVE_SECONDS = 12.0  # below the 15 s after which a cell stops waiting for us
MAX_IN_FLIGHT = 2000  # different questions at once
MAX_SOCKETS = 200  # queries on their way at once; each has a socket of its own

AskServer: TypeAlias = Callable[[Server, Question], Awaitable[Message]]
_T = TypeVar("_T")


class Recursion:
    """Answers questions from memory or from the world."""

    def __init__(
        self, memory: Memory, world: World, clock: Clock, log: Log, *, ask: AskServer = ask_name_server
    ) -> None:
        self._memory = memory
        self._world = world
        self._clock = clock
        self._log = log
        self._ask = ask
        self._in_flight: dict[Question, asyncio.Task[Resolution]] = {}
        self._sockets = asyncio.Semaphore(MAX_SOCKETS)

    def recall(self, question: Question) -> Resolution | None:
        """Return the whole answer if nobody has to be asked for it."""
        iteration = Iteration(self._memory, self._world, self._clock.monotonic)
        try:
            next(iteration.resolve(question))
        except StopIteration as stop:
            resolution: Resolution = stop.value
            return resolution
        except Unanswered:
            return None
        return None

    async def resolve(self, question: Question) -> Resolution:
        """Return the answer; SERVFAIL with its reason where there is none to be had."""
        task = self._in_flight.get(question)
        if task is None:
            if len(self._in_flight) >= MAX_IN_FLIGHT:
                return Resolution(Rcode.SERVFAIL, reason=f"{MAX_IN_FLIGHT} questions are in flight")
            task = asyncio.get_running_loop().create_task(self._resolve(question))
            self._in_flight[question] = task
            task.add_done_callback(lambda _: self._in_flight.pop(question))
        # Shielded: the first who asked may hang up, the others still wait.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Give up what is in flight."""
        tasks = [*self._in_flight.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _resolve(self, question: Question) -> Resolution:
        iteration = Iteration(self._memory, self._world, self._clock.monotonic)
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                return await self._drive(iteration.resolve(question))
        except TimeoutError:
            reason = f"nothing within {RESOLVE_SECONDS} s"
        except Unanswered as fault:
            reason = str(fault)
        self._log.warning("dns.failed", name=printable(question.name), type=question.type, reason=printable(reason))
        self._memory.learn(question, Known(Rcode.SERVFAIL), self._clock.monotonic())
        return Resolution(Rcode.SERVFAIL, reason=reason)

    async def _drive(self, step: Step[_T]) -> _T:
        try:
            ask = next(step)
            while True:
                ask = step.send(await self._asked(ask))
        except StopIteration as stop:
            outcome: _T = stop.value
            return outcome
        finally:
            step.close()

    async def _asked(self, ask: Ask) -> Message | None:
        try:
            async with self._sockets:
                return await self._ask(ask.server, ask.question)
        except TemporaryFailure:
            return None
