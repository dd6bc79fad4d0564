"""What the operator asks of the queue: to look, to hold and release, to try now, to drop.

A choice may mean very much, so each change goes through the queue in batches; other mail comes between. Every
recipient that is changed is logged with its trace.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from scop.base import Clock, printable
from scop.cells.relay.letters import Departure, Letter, Load, Settled
from scop.cells.relay.notices import Notices
from scop.cells.relay.queue import Queue
from scop.cells.relay.queue_bodies import BodyLost
from scop.cells.relay.queue_due import loads_of
from scop.cells.relay.queue_view import HELD, contents, details, where
from scop.cells.relay.room import Room
from scop.dsn import Action, RecipientReport
from scop.mesh.calls import Answers
from scop.mesh.vocabulary.relay import (
    DropMail,
    HoldMail,
    QueueChange,
    QueueChoice,
    QueuedMails,
    QueueList,
    QueuePiece,
    ReadQueue,
    ReadQueuedMail,
    ReadQueuedOctets,
    ReleaseMail,
    RetryMail,
)
from scop.net.log import Log
from scop.net.peer import Peer
from scop.smtp import Recipient

__all__ = ["Management"]

BATCH = 500  # recipients that are changed in one commit
PIECE_OCTETS = 1_048_576  # of a mail, in one answer

_WAITS, _IS_HELD = "r.next_unix IS NOT NULL", f"({HELD})"
_HOLD = "UPDATE recipients SET next_unix = NULL WHERE id = ?"
_RELEASE = f"""
    UPDATE recipients AS r SET
        next_unix = (SELECT max(?2, release_unix) FROM messages m WHERE m.id = message),
        departure = CASE WHEN ?3 THEN {Departure.WAIVED:d} ELSE departure END
    WHERE id = ?1 AND ({HELD})
"""  # noqa: S608 - constants only  # nosec B608
_RETRY = "UPDATE recipients SET next_unix = min(next_unix, ?2) WHERE id = ?1"
_BATCH = """
    SELECT r.id, r.message, m.trace, r.forward_path
    FROM recipients r JOIN messages m ON m.id = r.message JOIN destinations d ON d.id = r.destination
    WHERE {} AND r.id > ? AND r.id <= ? ORDER BY r.id LIMIT ?
"""
_NEWEST = "SELECT coalesce(max(id), 0) FROM recipients"


class _Chosen(NamedTuple):
    id: int
    message: int
    trace: str
    forward_path: str


@dataclass(frozen=True, slots=True)
class Management:
    """Answers the operator.

    `wake` has the carrier look at the queue, `retry` also try hosts at once that could not be reached lately.
    """

    queue: Queue
    notices: Notices
    wake: Callable[[], None]
    retry: Callable[[], None]
    clock: Clock
    log: Log
    room: Room = field(default_factory=partial(Room, small_octets=0))  # for the mails of which notices are written

    async def read_queue(self, asked: ReadQueue, _peer: Peer) -> QueueList:
        """Return the head of the queue."""
        return await self.queue.read(lambda sql: contents(sql, asked.choice, asked.limit))

    async def read_mail(self, asked: ReadQueuedMail, _peer: Peer) -> QueuedMails:
        """Return all that is known of a mail."""
        underway = self.queue.underway
        return QueuedMails(await self.queue.read(lambda sql: details(sql, asked.trace, underway)))

    async def read_octets(self, asked: ReadQueuedOctets, _peer: Peer) -> QueuePiece:
        """Return a piece of a mail."""
        octets = await self._octets(asked.id)
        start = max(0, asked.offset)
        return QueuePiece(octets[start : start + PIECE_OCTETS], len(octets))

    async def hold(self, asked: HoldMail, _peer: Peer) -> QueueChange:
        """Keep recipients from being tried."""
        return await self._change(asked.choice, _WAITS, _HOLD, "mail.held")

    async def release(self, asked: ReleaseMail, _peer: Peer) -> QueueChange:
        """Let recipients be tried again; what was kept back is asked about anew, unless it is to leave unchecked."""
        event = "mail.waived" if asked.unchecked else "mail.released"
        changed = await self._change(asked.choice, _IS_HELD, _RELEASE, event, self.clock.unix(), asked.unchecked)
        self.retry()
        return changed

    async def try_now(self, asked: RetryMail, _peer: Peer) -> QueueChange:
        """Have recipients tried now, but for those of a mail that its sender wants to go later (RFC 4865 §5)."""
        now = self.clock.unix()
        changed = await self._change(asked.choice, f"{_WAITS} AND m.release_unix <= {now}", _RETRY, "mail.retried", now)
        self.retry()
        return changed

    async def drop(self, asked: DropMail, _peer: Peer) -> QueueChange:
        """Take recipients out of the queue.

        They are held first: nobody begins with them any more, and who has begun is known (`Queue.underway`).
        """
        total = QueueChange(0, 0)
        async for batch in self._batches(asked.choice, "TRUE"):
            await self._run(_HOLD, batch)
            underway = self.queue.underway
            idle = [each for each in batch if each.id not in underway]
            await self._take_out(idle, bounce=asked.bounce)
            total = _sum(total, idle, len(batch) - len(idle))
        self.wake()
        return total

    def answers(self) -> Answers:
        """Return who answers which question."""
        return {
            ReadQueue: self.read_queue,
            ReadQueuedMail: self.read_mail,
            ReadQueuedOctets: self.read_octets,
            HoldMail: self.hold,
            ReleaseMail: self.release,
            RetryMail: self.try_now,
            DropMail: self.drop,
        }

    async def _change(
        self, choice: QueueChoice, condition: str, statement: str, event: str, *values: float
    ) -> QueueChange:
        total = QueueChange(0, 0)
        async for batch in self._batches(choice, condition):
            await self._run(statement, batch, *values)
            for each in batch:
                self.log.info(event, trace=each.trace, to=printable(each.forward_path))
            underway = self.queue.underway.intersection(each.id for each in batch)
            total = _sum(total, batch, len(underway))
        return total

    async def _batches(self, choice: QueueChoice, condition: str) -> AsyncIterator[list[_Chosen]]:
        """Yield what a choice means, in batches; what comes meanwhile, as notices do, is not among them."""
        chosen, values = where(choice)
        query, last = _BATCH.format(f"{chosen} AND {condition}"), 0
        newest = await self.queue.read(lambda sql: int(sql.execute(_NEWEST).fetchone()[0]))

        def look(sql: sqlite3.Connection) -> list[_Chosen]:
            return [_Chosen(*row) for row in sql.execute(query, (*values, last, newest, BATCH))]

        while batch := await self.queue.read(look):
            yield batch
            last = batch[-1].id

    async def _run(self, statement: str, batch: Sequence[_Chosen], *values: float) -> None:
        rows = [(each.id, *values) for each in batch]

        def work(sql: sqlite3.Connection) -> None:
            sql.executemany(statement, rows)

        await self.queue.write(work)

    async def _take_out(self, batch: Sequence[_Chosen], *, bounce: bool) -> None:
        ids = [each.id for each in batch]
        loads = await self.queue.read(lambda sql: loads_of(sql, ids))
        await asyncio.gather(*(self._drop_load(load, bounce=bounce) for load in loads))
        for each in batch:
            self.log.info("mail.dropped", trace=each.trace, to=printable(each.forward_path), bounced=bounce)

    async def _drop_load(self, load: Load, *, bounce: bool) -> None:
        settled = [Settled(each.id, "", failed=each.recipient) for each in load.recipients]
        async with self.room.holding(load.size_octets if bounce else 0):
            notice = await self._notice(load) if bounce else None
            await self.queue.settle(load, settled, (notice,) if notice else (), self.clock.unix())

    async def _notice(self, load: Load) -> Letter | None:
        reports = tuple(
            _report(each.recipient)
            for each in load.recipients
            if not each.recipient.notify or "FAILURE" in each.recipient.notify  # RFC 3461 §4.1: absent means FAILURE
        )
        return self.notices.letter(load, await self._octets(load.message), reports, self.clock.unix())

    async def _octets(self, message: int) -> bytes:
        try:
            return await self.queue.read(lambda sql: self.queue.octets(sql, message)) or b""
        except BodyLost:
            return b""


def _report(recipient: Recipient) -> RecipientReport:
    return RecipientReport(
        forward_path=recipient.forward_path,
        action=Action.FAILED,
        status="5.0.0",
        reason="The administrator of our mail system has taken the message out of the queue",
        original_recipient=recipient.original_recipient,
    )


def _sum(total: QueueChange, batch: Sequence[_Chosen], underway: int) -> QueueChange:
    """Add a batch; a mail whose recipients fall into two batches counts in both, as each is changed by itself."""
    mails = len({each.message for each in batch})
    return QueueChange(total.mails + mails, total.recipients + len(batch), total.underway + underway)
