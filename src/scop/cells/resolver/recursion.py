"""Resolving with I/O: drives the resolver's generator, asks the same question once however many want to know it.

Theory of operation. What is known is said at once. What is in the last tenth of its time is said too, and asked for
again meanwhile, so nobody waits for a name that is in use. Where servers are slow or silent and something was known of
late, an asker hears that after 1.8 s; the resolving goes on for those who come after.

Standards: RFC 5452 §5 (one question in flight once, against birthday attacks), RFC 8767 §5 (stale answers).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from scop.base import Clock, printable
from scop.dns import Question, Rcode, Security
from scop.dns.asking import Ask, Step
from scop.dns.known import Known, Reason
from scop.dns.message import Message
from scop.dns.resolver.cache import Cache, EarlyRiser
from scop.dns.resolver.options import ResolverOptions
from scop.dns.resolver.resolution import Resolution
from scop.dns.resolver.resolver import Judge, Resolver
from scop.dns.resolver.stale import PATIENCE_SECONDS
from scop.dns.words import Ede
from scop.net.log import Log

__all__ = ["RESOLVE_SECONDS", "AskServer", "Recursion", "Surroundings", "drive"]

RESOLVE_SECONDS = 12.0  # below the 15 s after which a cell stops waiting for us
MAX_IN_FLIGHT = 2000  # different questions at once
MAX_LOGGED_A_SECOND = 20

AskServer: TypeAlias = Callable[[Ask], Awaitable[Message | None]]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What resolving touches of the world: the way to the servers, the time, and the log."""

    ask: AskServer
    clock: Clock
    log: Log


class Recursion:
    """Answers questions from the cache or from the world."""

    def __init__(
        self,
        settings: ResolverOptions,
        cache: Cache,
        surroundings: Surroundings,
        judge: Judge | None = None,
        *,
        serves_stale: bool = True,
    ) -> None:
        self._cache = cache
        self._ask = surroundings.ask
        self._clock = surroundings.clock
        self._log = surroundings.log
        self._serves_stale = serves_stale
        self._resolver = Resolver(settings, EarlyRiser(cache), surroundings.clock, judge, chance=secrets.randbelow)
        self._logged_at = self._logged = self._unsaid = 0
        self._in_flight: dict[tuple[Question, bool], asyncio.Task[Resolution]] = {}

    def recall(self, question: Question, *, checking_disabled: bool = False) -> Resolution | None:
        """Return the whole answer if nobody has to be asked for it."""
        ageing = False

        def find(wanted: Question, now: float) -> Known | None:
            nonlocal ageing
            ageing = ageing or self._cache.is_ageing(wanted, now)
            return self._cache.find(wanted, now)

        resolution = self._resolver.recall(question, find)
        if resolution is None:
            return None
        if resolution.has_failed:
            if resolution.security is Security.BOGUS:
                # RFC 4035 §3.2.2: who checks itself is given what there is; that is the generator's to find.
                return None if checking_disabled else resolution
            return self._stale(question) or resolution
        if ageing and (question, False) not in self._in_flight:
            self._begin(question, checking_disabled=False)
        return resolution

    async def resolve(self, question: Question, *, checking_disabled: bool = False) -> Resolution:
        """Return the answer; SERVFAIL with its reason where there is none to be had."""
        task = self._begin(question, checking_disabled=checking_disabled)
        if task is None:
            reason = Reason(f"{MAX_IN_FLIGHT} questions are in flight", Ede.NOT_READY)
            return self._stale(question) or Resolution(Rcode.SERVFAIL, reason=reason)
        stale = self._stale(question)
        # Waited for, not awaited: the first who asked may hang up, the others still wait.
        done, _ = await asyncio.wait({task}, timeout=None if stale is None else PATIENCE_SECONDS)
        if not done:
            assert stale is not None
            return stale
        if task.cancelled():
            return Resolution(Rcode.SERVFAIL, reason=Reason("the resolver ends", Ede.NOT_READY))
        resolution = task.result()
        may_be_old = resolution.has_failed and resolution.security is not Security.BOGUS
        return (stale or resolution) if may_be_old else resolution

    async def drained(self, patience_seconds: float) -> None:
        """Wait for what is in flight, for so long at most."""
        if self._in_flight:
            await asyncio.wait([*self._in_flight.values()], timeout=patience_seconds)

    async def close(self) -> None:
        """Give up what is in flight."""
        tasks = [*self._in_flight.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _stale(self, question: Question) -> Resolution | None:
        """Return what was known of late, if it is well and whole."""
        if not self._serves_stale:
            return None
        unix = self._clock.unix()
        stale = self._resolver.recall(question, lambda wanted, now: self._cache.find_stale(wanted, now, unix))
        return None if stale is None or stale.has_failed else stale

    def _begin(self, question: Question, *, checking_disabled: bool) -> asyncio.Task[Resolution] | None:
        key = question, checking_disabled
        task = self._in_flight.get(key)
        if task is None and len(self._in_flight) < MAX_IN_FLIGHT:
            resolving = self._resolve(question, checking_disabled=checking_disabled)
            task = self._in_flight[key] = asyncio.get_running_loop().create_task(resolving)
            task.add_done_callback(lambda _: self._in_flight.pop(key))
        return task

    async def _resolve(self, question: Question, *, checking_disabled: bool) -> Resolution:
        step = self._resolver.resolve(question, checking_disabled=checking_disabled)
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                resolution = await drive(step, self._ask)
        except TimeoutError:
            reason = Reason(f"nothing within {RESOLVE_SECONDS} s", Ede.NO_REACHABLE_AUTHORITY)
            self._cache.learn(question, Known(Rcode.SERVFAIL, reason=reason), self._clock.monotonic())
            resolution = Resolution(Rcode.SERVFAIL, reason=reason)
        if resolution.has_failed:
            self._log_failure(question, resolution)
        return resolution

    def _log_failure(self, question: Question, resolution: Resolution) -> None:
        """Log it, unless a second has had its share: whoever may ask can make names fail."""
        second = int(self._clock.monotonic())
        if second != self._logged_at:
            self._logged_at, self._logged, unsaid, self._unsaid = second, 0, self._unsaid, 0
            if unsaid:
                self._log.warning("dns.failed.more", count=unsaid)
        if self._logged >= MAX_LOGGED_A_SECOND:
            self._unsaid += 1
            return
        self._logged += 1
        self._log.warning(
            "dns.failed",
            name=printable(question.name),
            type=question.type,
            security=resolution.security.value,
            reason=printable(resolution.reason.text) if resolution.reason is not None else resolution.rcode.name,
        )


async def drive(step: Step[_T], ask: AskServer) -> _T:
    """Drive a generator of the resolver to its end."""
    try:
        wanted = next(step)
        while True:
            wanted = step.send(await ask(wanted))
    except StopIteration as stop:
        outcome: _T = stop.value
        return outcome
    finally:
        step.close()
