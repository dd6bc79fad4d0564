"""Telling others what was found out, without keeping mail waiting: the reporter counts, the receiver's firewall weighs.

What is told waits in memory, bounded, and travels in batches as soon as the neighbour is there; at the end what is
left is told for a few seconds more. It is no mail: where a neighbour is away for long, the oldest is let go, and the
log says how many. A batch whose answer was lost is told again, so a neighbour may count it twice.

Standards: none.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from scop.base import printable
from scop.base.sources import Networks
from scop.mesh.calls import Caller
from scop.mesh.vocabulary.receiver import NotedDeed, NoteDeeds
from scop.mesh.vocabulary.reporter import JudgedMail, NoteJudgements
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log

__all__ = ["Outbox", "Telling", "TellingLimits"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TellingLimits:
    """How much waits, and how long."""

    waiting: int = 20_000  # of one kind: about 20 MB of judgements, minutes of a busy day
    batch: int = 200  # with the headers for failure reports still below the 4 MiB of a frame
    pause_seconds: float = 1.0  # after a failure; the pipe itself was redialled for five already
    urgent_seconds: float = 1.0  # how long a refusal waits for the firewall to have heard of it
    flush_seconds: float = 3.0  # at the end


class Outbox(Generic[T]):
    """What one neighbour is to be told, oldest first; a task tells it while there is something to tell."""

    def __init__(
        self, send: Callable[[tuple[T, ...]], Awaitable[object]], peer: str, log: Log, limits: TellingLimits
    ) -> None:
        self._send = send
        self._peer = peer
        self._log = log
        self._limits = limits
        self._waiting: deque[T] = deque()
        self._dropped = 0
        self._task: asyncio.Task[None] | None = None

    def put(self, value: T) -> None:
        """Have `value` told soon; where too much waits already, the oldest is let go."""
        if len(self._waiting) >= self._limits.waiting:
            self._waiting.popleft()
            self._dropped += 1
        self._waiting.append(value)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._tell_all())
            self._task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Tell what is left, but not for ever."""
        task = self._task
        if task is not None:
            await asyncio.wait({task}, timeout=self._limits.flush_seconds)
            task.cancel()
            await asyncio.wait({task})
        self._dropped += len(self._waiting)
        self._waiting.clear()
        self._tell_dropped("the neighbour was away to the end")

    async def _tell_all(self) -> None:
        while self._waiting:
            batch = tuple(self._waiting.popleft() for _ in range(min(len(self._waiting), self._limits.batch)))
            try:
                await self._send(batch)
            except PermanentFailure as refusal:
                self._dropped += len(batch)
                self._tell_dropped(str(refusal))
            except TemporaryFailure:
                self._waiting.extendleft(reversed(batch))
                await asyncio.sleep(self._limits.pause_seconds)
            except asyncio.CancelledError:
                self._waiting.extendleft(reversed(batch))
                raise
            else:
                self._tell_dropped("the neighbour was away for long")

    def _tell_dropped(self, reason: str) -> None:
        if self._dropped:
            self._log.warning("told.dropped", peer=self._peer, count=self._dropped, reason=printable(reason))
        self._dropped = 0

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._log.fault(fault)


class Telling:
    """The verifier's two listeners; clients in our own networks are never spoken of as honest or as offenders."""

    def __init__(
        self,
        reporter: Caller,
        receiver: Caller,
        log: Log,
        *,
        own_networks: tuple[str, ...] = (),
        limits: TellingLimits | None = None,
    ) -> None:
        self._limits = limits or TellingLimits()
        self._reporter = reporter
        self._receiver = receiver
        self._log = log
        self._is_own = Networks(own_networks)
        self._judgements = Outbox[JudgedMail](self._tell_judgements, "reporter", log, self._limits)
        self._deeds = Outbox[NotedDeed](self._tell_deeds, "receiver", log, self._limits)

    def judged(self, mail: JudgedMail) -> None:
        """Have the reporter count a mail."""
        self._judgements.put(mail)

    def did(self, deed: NotedDeed) -> None:
        """Have the firewall weigh a deed, some time soon."""
        if self._is_stranger(deed.address):
            self._deeds.put(deed)

    async def did_now(self, deed: NotedDeed) -> None:
        """Return when the firewall has weighed a deed, so that the next connection meets it; in a second anyhow."""
        if not self._is_stranger(deed.address):
            return
        try:
            await self._receiver.call(NoteDeeds((deed,)), timeout_seconds=self._limits.urgent_seconds)
        except TemporaryFailure:
            self._deeds.put(deed)
        except PermanentFailure as refusal:  # it weighs no such thing, and will not later
            self._log.warning("told.dropped", peer="receiver", count=1, reason=printable(str(refusal)))

    async def close(self) -> None:
        """Tell what is left and close both pipes."""
        await asyncio.gather(self._judgements.close(), self._deeds.close())
        await self._reporter.close()
        await self._receiver.close()

    async def _tell_judgements(self, batch: tuple[JudgedMail, ...]) -> None:
        await self._reporter.call(NoteJudgements(batch))

    async def _tell_deeds(self, batch: tuple[NotedDeed, ...]) -> None:
        await self._receiver.call(NoteDeeds(batch))

    def _is_stranger(self, address: str) -> bool:
        return _is_address(address) and not self._is_own(address)


def _is_address(text: str) -> bool:
    """Say whether this is an address; of a unix socket or an unknown client nothing is told."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
