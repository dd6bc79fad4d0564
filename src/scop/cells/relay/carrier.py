"""Takes what is due from the queue and carries it, many at a time, until it is settled.

Theory of operation: one loop waits for a new mail, a line that runs low, a load to be tried again, or the
moment when the next recipient is due, whichever comes first; it never polls. A load is one message for
one destination. What is in line or underway is known in memory only: after a crash it is simply due again.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, replace
from functools import partial

from scop.base import Clock, printable
from scop.cells.relay.delivery import Delivery
from scop.cells.relay.departures import Departures, Objection
from scop.cells.relay.hops import Hops
from scop.cells.relay.letters import SIGNER, Departure, Letter, Load
from scop.cells.relay.lines import SILENT_SECONDS, LineLimits, Lines
from scop.cells.relay.notices import Notices
from scop.cells.relay.queue import Queue
from scop.cells.relay.room import Room
from scop.cells.relay.schedule import INSIDE, OUTSIDE, Pace, Patience
from scop.cells.relay.settling import RELAYED, Attempt, Outcome, outcomes
from scop.cells.relay.verdict import Fate, Verdict
from scop.cells.relay.window import Window
from scop.net.log import Log

__all__ = ["Carrier", "CarrierOptions"]

READ_AHEAD = 200  # recipients of one look into the queue

_random = random.Random()  # noqa: S311 - spreads load; nothing depends on its being unguessable
_OUR_FAULT = Verdict(Fate.LATER, "4.3.0", "a fault on our side")
_NOT_LOOKED_AT = replace(_OUR_FAULT, fate=Fate.UNASKED)


@dataclass(frozen=True, slots=True)
class CarrierOptions:
    """How mail is carried, and with what patience."""

    domain: str
    delivery: Delivery
    departures: Departures | None  # None: mail leaves unasked
    hops: Hops
    notices: Notices
    patience: Patience
    log: Log
    clock: Clock


class Carrier:
    """Empties the queue."""

    def __init__(self, queue: Queue, options: CarrierOptions) -> None:
        self._queue = queue
        self._options = options
        self._wake = asyncio.Event()
        self._lines = Lines(LineLimits(), options.hops.hop_of, lambda hop: Window(self._pace(hop)))
        self._room = Room()
        self._tasks: set[asyncio.Task[bool]] = set()
        self._fault: BaseException | None = None
        self._draining = False

    def wake(self) -> None:
        """Look at the queue: something new is in it."""
        self._wake.set()

    def retry(self) -> None:
        """Look at the queue, and try also what lately could not be reached: the operator wants it so."""
        self._lines.reopen()
        if self._options.departures is not None:
            self._options.departures.forget()
        self._wake.set()

    async def run(self) -> None:
        """Carry until cancelled; what is underway then is finished by `drain`. A fault of ours is raised."""
        while self._fault is None:
            self._wake.clear()
            now = self._options.clock.unix()
            if not self._lines.has_room:
                self._lines.put_back(now)
            if self._lines.has_room:
                for load in await self._queue.due(now, READ_AHEAD, self._lines.held):
                    self._lines.add(load)
            self._begin()
            await self._wait(now)
        raise self._fault

    async def _wait(self, now: float) -> None:
        """Wait until there is a reason to look, or until the next recipient is due that may be begun."""
        if self._lines.has_room:
            next_due = await self._queue.next_due(self._lines.held)
        else:
            next_due = now + SILENT_SECONDS  # then a line may be put back
        # Not wait_for: in Python 3.11 it may swallow the cancellation that ends us.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if next_due is None else max(0.0, next_due - now)):
                await self._wake.wait()

    def _begin(self) -> None:
        """Start what may be underway."""
        while not self._draining and (load := self._lines.next_load(self._options.clock.unix())) is not None:
            task = asyncio.ensure_future(self._carry(load))
            self._tasks.add(task)
            task.add_done_callback(partial(self._end, load))

    def _end(self, load: Load, task: asyncio.Task[bool]) -> None:
        self._tasks.discard(task)
        runs_low = self._lines.finished(load)
        if task.cancelled():
            return
        self._fault = self._fault or task.exception()
        if self._fault or runs_low or task.result():
            self._wake.set()
        self._begin()

    async def drain(self, grace_seconds: float) -> None:
        """Wait for what is underway; what takes longer is cut off, and due again at the next start."""
        self._draining = True
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=grace_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _carry(self, load: Load) -> bool:
        """Carry and settle a load; return whether there is more to be done because of it."""
        now = self._options.clock.unix()
        window = self._lines.window(load)
        if window.is_closed(now) and window.why is not None:
            return await self._put_off(load, window.why, window.closed_until_unix)
        if load.mail.deliver_by is not None and now >= self._options.patience.deadlines(load).give_up_unix:
            return await self._put_off(load, Verdict(Fate.LATER, "4.4.7", ""))
        free, has_more = await self._let_go(load)
        if free is None:
            return has_more
        async with self._room.holding(load.size_octets):
            begun = await self._queue.begin(free, now)
            if begun is None:  # the operator has dropped or held it while it stood in line
                return has_more
            return await self._try(*begun, window) or has_more

    async def _let_go(self, load: Load) -> tuple[Load | None, bool]:
        """Look at a load for the last time; return what of it may leave, and whether there is more to be done."""
        asked = tuple(each for each in load.recipients if each.departure is not Departure.WAIVED)
        if self._options.departures is None or not asked:
            return load, False
        try:
            objection = await self._options.departures.objection(load)
        except Exception as fault:  # as in `_verdicts`: one mail must not stop all others again and again
            self._options.log.fault(fault, trace=load.trace)
            objection = Objection(_NOT_LOOKED_AT, self._options.clock.unix() + OUTSIDE.first_seconds)
        if objection is None:
            return load, False
        kept = replace(load, recipients=asked)
        has_more = await self._put_off(kept, objection.verdict, objection.until_unix)
        waived = tuple(each for each in load.recipients if each.departure is Departure.WAIVED)
        return (replace(load, recipients=waived) if waived else None), has_more

    async def _put_off(self, load: Load, verdict: Verdict, closed_until_unix: float = 0.0) -> bool:
        """Settle a load that is not tried."""
        attempt = self._untried(load, verdict, closed_until_unix)
        if not any(each.report or each.settled.next_unix is None for each in outcomes(attempt, self._options.patience)):
            return await self._settle(attempt, b"")
        # Its sender is to hear of it: not of what the operator has dropped or held meanwhile.
        async with self._room.holding(load.size_octets):
            begun = await self._queue.begin(load, attempt.now_unix)
            if begun is None:
                return False
            load, octets = begun
            return await self._settle(self._untried(load, verdict, closed_until_unix), octets)

    async def _try(self, load: Load, octets: bytes, window: Window) -> bool:
        """Hand a load over; what a transaction meant is settled before the next begins."""
        started, has_more = self._options.clock.monotonic(), False
        async with contextlib.aclosing(self._verdicts(load, octets)) as found:
            async for part, verdicts in found:
                has_more = await self._settle(self._tried(part, verdicts, window, started), octets) or has_more
        return has_more

    async def _verdicts(self, load: Load, octets: bytes) -> AsyncGenerator[tuple[Load, tuple[Verdict, ...]], None]:
        """Yield what became of which recipients; a fault of ours puts the rest of them off.

        The queue would bring the load back at every restart, so to die of it would stop all other mail again
        and again. It is logged as the bug that it is and waits its turn; faults of the queue itself do end us.
        """
        settled: set[int] = set()
        try:
            async for part, verdicts in self._options.delivery.attempt(load, octets):
                settled |= {each.id for each in part.recipients}
                yield part, verdicts
        except Exception as fault:
            self._options.log.fault(fault, trace=load.trace)
            rest = tuple(each for each in load.recipients if each.id not in settled)
            yield replace(load, recipients=rest), (_OUR_FAULT,) * len(rest)

    def _tried(self, load: Load, verdicts: tuple[Verdict, ...], window: Window, started: float) -> Attempt:
        clock = self._options.clock
        now, chance = clock.unix(), _random.random()
        window.note(max(verdicts, key=lambda verdict: verdict.trouble.value), now, chance)
        return Attempt(
            load,
            verdicts,
            now_unix=now,
            chance=chance,
            pace=self._pace(load.destination),
            is_inside=self._is_inside(load.destination),
            closed_until_unix=window.closed_until_unix,
            seconds=clock.monotonic() - started,
        )

    def _untried(self, load: Load, verdict: Verdict, closed_until_unix: float) -> Attempt:
        return Attempt(
            load,
            (verdict,) * len(load.recipients),
            now_unix=self._options.clock.unix(),
            chance=_random.random(),
            pace=self._pace(load.destination),
            closed_until_unix=closed_until_unix,
            was_tried=False,
        )

    def _is_inside(self, destination: str) -> bool:
        return destination in (self._options.domain, SIGNER)

    def _pace(self, destination: str) -> Pace:
        return INSIDE if self._is_inside(destination) else OUTSIDE

    async def _settle(self, attempt: Attempt, octets: bytes) -> bool:
        """Make durable what became of a load, and tell the log; return whether the queue has more to do now.

        That a host has taken a mail is a fact before we have noted it, and told first: killed in between we carry the
        mail again, and the log says so.
        """
        found = outcomes(attempt, self._options.patience)
        notice = self._notice(attempt, found, octets)
        settled = [each.settled for each in found]
        self._tell(attempt, [each for each in found if each.state == RELAYED])
        await self._queue.settle(attempt.load, settled, (notice,) if notice else (), attempt.now_unix)
        self._tell(attempt, [each for each in found if each.state != RELAYED])
        if notice is not None:
            actions = sorted({str(outcome.report.action) for outcome in found if outcome.report})
            self._options.log.info("mail.notice", trace=attempt.load.trace, notice=notice.trace, actions=actions)
        return notice is not None or any(each.next_unix is not None for each in settled)

    def _tell(self, attempt: Attempt, found: Iterable[Outcome]) -> None:
        for each in found:
            self._options.log.info(
                each.state,
                trace=attempt.load.trace,
                seconds=round(attempt.seconds, 6),
                to=printable(str(each.recipient.forward_path)),
                host=each.settled.last_host,
                remote=each.settled.last_reply,
                tls=each.tls,
            )

    def _notice(self, attempt: Attempt, found: tuple[Outcome, ...], octets: bytes) -> Letter | None:
        """Return the notice that the sender is due, None where there is none."""
        reports = tuple(outcome.report for outcome in found if outcome.report)
        try:
            return self._options.notices.letter(attempt.load, octets, reports, attempt.now_unix)
        except Exception as fault:  # one mail of which nothing can be said must not stop the queue
            self._options.log.fault(fault, trace=attempt.load.trace)
            return None
