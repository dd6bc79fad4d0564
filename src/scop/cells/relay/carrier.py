"""Takes what is due from the queue and carries it, many at a time, until it is settled.

Theory of operation: one loop waits for a new mail, a line that runs low, a load to be tried again, or the
moment when the next recipient is due, whichever comes first; it never polls. A load is one message for
one destination. What is in line or underway is known in memory only: after a crash it is simply due again.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, replace
from functools import partial

from scop.base import Clock, printable
from scop.cells.relay.intake_forwards import Forwards
from scop.cells.relay.letters import SIGNER, Load, Settled
from scop.cells.relay.lines import LineLimits, Lines
from scop.cells.relay.notices import Notices
from scop.cells.relay.post import Carried, Post
from scop.cells.relay.queue import Queue
from scop.cells.relay.route import Ourselves, Unroutable, route
from scop.cells.relay.schedule import GIVE_UP_SECONDS, INSIDE, OUTSIDE, pause_seconds
from scop.dsn import Action, RecipientReport
from scop.net.dns_client import Names, drive
from scop.net.faults import TemporaryFailure
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.smtp import Envelope, ForwardPath, Origin, Reply

__all__ = ["Carrier", "CarrierOptions"]

READ_AHEAD = 200  # recipients of one look into the queue

_random = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class CarrierOptions:
    """Where mail can go, and what is needed on the way."""

    ourselves: Ourselves
    hostname: str
    domain: str
    names: Names
    mailbox: MailPool
    signer: MailPool
    post: Post
    forwards: Forwards
    log: Log
    clock: Clock


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What one attempt meant for one recipient."""

    positive: bool
    permanent: bool
    status: str
    words: str
    host: str = ""
    reply: Reply | None = None


class Carrier:
    """Empties the queue."""

    def __init__(self, queue: Queue, options: CarrierOptions) -> None:
        self._queue = queue
        self._options = options
        self._notices = Notices(options.hostname, options.domain)
        self._wake = asyncio.Event()
        self._lines = Lines(LineLimits())
        self._tasks: set[asyncio.Task[bool]] = set()
        self._fault: BaseException | None = None
        self._draining = False

    def wake(self) -> None:
        """Look at the queue: something new is in it."""
        self._wake.set()

    async def run(self) -> None:
        """Carry until cancelled; what is underway then is finished by `drain`. A fault of ours is raised."""
        while self._fault is None:
            self._wake.clear()
            now = self._options.clock.unix()
            if self._lines.has_room:
                for load in await self._queue.due(now, READ_AHEAD, self._lines.held):
                    self._lines.add(load)
            self._begin()
            await self._wait(now)
        raise self._fault

    async def _wait(self, now: float) -> None:
        """Wait until there is a reason to look, or until the next recipient is due that may be begun."""
        next_due = await self._queue.next_due(self._lines.held) if self._lines.has_room else None
        try:
            await asyncio.wait_for(self._wake.wait(), None if next_due is None else max(0.0, next_due - now))
        except TimeoutError:
            return

    def _begin(self) -> None:
        """Start what may be underway."""
        while not self._draining and (load := self._lines.next_load()) is not None:
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
        started = self._options.clock.monotonic()
        begun = await self._queue.begin(load, self._options.clock.unix())
        if begun is None:  # the operator has dropped or held it while it stood in line
            return False
        load, octets = begun
        verdicts = await self._attempt_or_later(load, octets)
        return await self._settle(load, octets, verdicts, self._options.clock.monotonic() - started)

    async def _attempt_or_later(self, load: Load, octets: bytes) -> tuple[_Verdict, ...]:
        """Attempt to deliver a load; a fault of ours puts it off.

        The queue would bring the load back at every restart, so to die of it would stop all other mail again
        and again. It is logged as the bug that it is and waits its turn; faults of the queue itself do end us.
        """
        try:
            return await self._attempt(load, octets)
        except Exception as fault:
            self._options.log.fault(fault, trace=load.trace)
            verdict = _Verdict(positive=False, permanent=False, status="4.3.0", words="a fault on our side")
            return (verdict,) * len(load.recipients)

    async def _attempt(self, load: Load, octets: bytes) -> tuple[_Verdict, ...]:
        body = "" if octets.isascii() else "8BITMIME"
        mail = replace(load.mail, body=body)
        envelope = Envelope(mail, tuple(waiting.recipient for waiting in load.recipients))
        if load.destination == self._options.domain:
            carried = await self._inside(self._options.mailbox, "mailbox", load, envelope, octets)
        elif load.destination == SIGNER:
            carried = await self._inside(self._options.signer, "signer", load, envelope, octets)
        else:
            found = await drive(
                route(load.destination, self._options.ourselves, _random.random),
                self._options.names,
            )
            if isinstance(found, Unroutable):
                verdict = _Verdict(positive=False, permanent=found.permanent, status=found.status, words=found.reason)
                return (verdict,) * len(load.recipients)
            sender = await self._options.forwards.sender(mail.reverse_path)
            envelope = replace(envelope, mail=replace(mail, reverse_path=sender))
            carried = await self._options.post.carry(found, envelope, octets, tls_optional=load.tls_optional)
        return _verdicts(carried, len(load.recipients))

    async def _inside(self, pool: MailPool, name: str, load: Load, envelope: Envelope, octets: bytes) -> Carried:
        """Hand a load to a neighbour, with our trace."""
        try:
            traced = replace(envelope, mail=replace(envelope.mail, origin=Origin(ident=load.trace)))
            return Carried(name, await pool.transaction(traced, octets))
        except TemporaryFailure as failure:
            return Carried(name, None, str(failure))

    async def _settle(self, load: Load, octets: bytes, verdicts: tuple[_Verdict, ...], seconds: float) -> bool:
        now = self._options.clock.unix()
        pace = INSIDE if load.destination in (self._options.domain, SIGNER) else OUTSIDE
        chance = _random.random()  # one for all, so that they stay together
        is_last_chance = now - load.queued_unix > GIVE_UP_SECONDS
        settled: list[Settled] = []
        failures: list[RecipientReport] = []
        for waiting, verdict in zip(load.recipients, verdicts, strict=True):
            failed = not verdict.positive and (verdict.permanent or is_last_chance)
            retry = None
            if failed:
                failures.append(_failure(waiting.recipient.forward_path, verdict))
            elif not verdict.positive:
                retry = now + pause_seconds(pace, waiting.attempts + 1, chance)
            settled.append(Settled(waiting.id, printable(verdict.words), retry, waiting.recipient if failed else None))
        bounce = self._notices.letter(load, octets, tuple(failures), now)
        await self._queue.settle(load, settled, (bounce,) if bounce else (), now)
        for waiting, verdict, each in zip(load.recipients, verdicts, settled, strict=True):
            self._tell(
                load,
                waiting.recipient.forward_path,
                verdict,
                "mail.bounced" if each.failed else "mail.deferred",
                seconds,
            )
        return bounce is not None or any(each.next_unix is not None for each in settled)

    def _tell(self, load: Load, path: ForwardPath, verdict: _Verdict, otherwise: str, seconds: float) -> None:
        self._options.log.info(
            "mail.relayed" if verdict.positive else otherwise,
            trace=load.trace,
            seconds=round(seconds, 6),
            to=printable(str(path)),
            host=printable(verdict.host),
            remote=printable(verdict.words),
        )


def _verdicts(carried: Carried, count: int) -> tuple[_Verdict, ...]:
    """Return what a transaction meant for each recipient."""
    if carried.transaction is None:
        permanent = carried.status.startswith("5")
        mute = _Verdict(
            positive=False, permanent=permanent, status=carried.status, words=carried.reason, host=carried.host
        )
        return (mute,) * count
    mail, recipients, message = carried.transaction
    if not mail.is_positive:
        return (_verdict(mail, carried.host),) * count
    return tuple(_verdict(message if each.is_positive and message else each, carried.host) for each in recipients)


def _verdict(answer: Reply, host: str) -> _Verdict:
    fallback = "5.0.0" if answer.is_permanent else "4.0.0"
    return _Verdict(
        positive=answer.code == 250,
        permanent=answer.is_permanent,
        status=answer.enhanced or fallback,
        words=str(answer),
        host=host,
        reply=answer,
    )


def _failure(path: ForwardPath, verdict: _Verdict) -> RecipientReport:
    status = verdict.status if verdict.permanent else "4.4.7"  # RFC 3463 §3.5: the time for delivery expired
    reason = verdict.words if verdict.permanent and verdict.reply is None else ""
    if not verdict.permanent:
        reason = "it was tried for five days" + ("" if verdict.reply else f"; at last: {verdict.words}")
    return RecipientReport(path, Action.FAILED, status, reason, verdict.reply, verdict.host)
