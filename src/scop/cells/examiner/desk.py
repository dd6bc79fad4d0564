"""What becomes of one mail: it waits for its turn, a child looks into it, a scanner may, and somebody is told.

A mail that could not be examined twice is not tried again: its digest says what it does.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace

from scop.base import Clock, printable
from scop.cells.examiner.arrivals import ArrivedMail
from scop.cells.examiner.lanes import Lanes, Work
from scop.cells.examiner.nurse import Nurse, Outcome
from scop.mesh.underway import STRIKES, Underway
from scop.mesh.vocabulary.examiner import FoundThing, unscannable
from scop.net.clamd import ClamdPlace, TooLongForScanner, scan
from scop.net.faults import TemporaryFailure
from scop.net.log import Log

__all__ = ["Desk", "DeskOptions"]

WAIT_SECONDS = 10.0  # for a turn; with the time of a child below what a caller waits
MAX_FAILED = 1000  # mails that could not be examined are remembered, the last ones

_SET_ASIDE = unscannable("Its attachments were not examined: this very mail has twice broken what looks into them.")

_TOO_LONG = unscannable("It was not examined wholly: the virus scanner takes no mail of this length.")


@dataclass(frozen=True, slots=True)
class DeskOptions:
    """What the desk works with."""

    nurse: Nurse
    underway: Underway
    processors: int
    log: Log
    clock: Clock
    clamd: ClamdPlace | None = None


@dataclass(frozen=True, slots=True)
class _Looked:
    """What became of an errand and how long it took, or why nothing did."""

    seconds: float
    outcome: Outcome | None = None
    fault: str = ""

    @property
    def is_trouble(self) -> bool:
        """Whether the mail is to blame."""
        return self.outcome is not None and bool(self.outcome.trouble) and not self.outcome.is_starved


class Desk:
    """Examines mails."""

    def __init__(self, options: DeskOptions) -> None:
        self._options = options
        self._lanes: Lanes[asyncio.Future[Work]] = Lanes(options.processors)
        self._failed: OrderedDict[bytes, int] = OrderedDict()

    async def examine(self, mail: ArrivedMail) -> tuple[FoundThing, ...]:
        """Return what is found in a mail; raises `TemporaryFailure` where that cannot be said now."""
        digest = mail.digest
        if self._options.underway.is_set_aside(digest) or self._failed.get(digest, 0) >= STRIKES:
            self._options.log.warning("mail.set_aside", digest=digest.hex(), client=printable(mail.client))
            return (_SET_ASIDE,)
        work = await self._turn(mail.client)
        looking = asyncio.ensure_future(self._looked_and_scanned(mail, work))
        looking.add_done_callback(_forget)
        with self._options.underway.at_work(digest):
            # A child runs on when nobody waits for it any more, and its turn with it.
            outcome = await asyncio.shield(looking)
        if outcome.is_starved:  # a mail that has no end without using the processor is set aside the third time
            raise TemporaryFailure("the machine is too busy to examine mail")
        return outcome.findings

    async def _turn(self, client: str) -> Work:
        """Wait for the turn of a client's mail; who is given it ends it by `_end`."""
        turn: asyncio.Future[Work] = asyncio.get_running_loop().create_future()
        if not self._lanes.put(client, turn, self._options.clock.monotonic()):
            raise TemporaryFailure("too many mails wait to be examined")
        self._call_next()
        try:
            await asyncio.wait({turn}, timeout=WAIT_SECONDS)
        except asyncio.CancelledError:
            if turn.done():
                self._end(turn.result(), 0.0, is_trouble=False)
            raise
        finally:
            if not turn.done():
                self._lanes.withdraw(client, turn)
        if not turn.done():
            raise TemporaryFailure(f"no turn within {WAIT_SECONDS} s")
        return turn.result()

    def _end(self, work: Work, seconds: float, *, is_trouble: bool) -> None:
        self._lanes.done(work, seconds, self._options.clock.monotonic(), is_trouble=is_trouble)
        self._call_next()

    def _call_next(self) -> None:
        while (called := self._lanes.take()) is not None:
            work, turn = called
            turn.set_result(work)

    async def _looked_and_scanned(self, mail: ArrivedMail, work: Work) -> Outcome:
        """Have a child look and the scanner scan, and end the turn when both have; raises `TemporaryFailure`."""
        looking = asyncio.ensure_future(self._look(mail, work.lane.nice))
        scanning = asyncio.ensure_future(self._scan(mail))
        looked = _Looked(0.0)
        try:
            await asyncio.wait({looking, scanning})
            looked = looking.result()
        finally:  # what the scanner costs is no fault of a client's
            self._end(work, looked.seconds, is_trouble=looked.is_trouble)
        scanned = scanning.result()
        if looked.outcome is None:
            raise TemporaryFailure(looked.fault)
        return replace(looked.outcome, findings=(*scanned, *looked.outcome.findings))

    async def _scan(self, mail: ArrivedMail) -> tuple[FoundThing, ...]:
        """Return what the virus scanner says, where there is one."""
        place = self._options.clamd
        if place is None:
            return ()
        try:
            virus = await scan(place, mail.descriptor, mail.octets)
        except TooLongForScanner:
            self._options.log.warning("scanner.refused", digest=mail.digest.hex(), octets=mail.octets)
            return (_TOO_LONG,)
        sentence = f"The virus scanner knows what it brings: {virus}."
        return (FoundThing("virus", "dangerous", "", sentence),) if virus else ()

    async def _look(self, mail: ArrivedMail, nice: int) -> _Looked:
        clock = self._options.clock
        started = clock.monotonic()
        try:
            outcome = await self._options.nurse.look(mail.descriptor, mail.octets, nice)
        except TemporaryFailure as failure:
            return _Looked(clock.monotonic() - started, fault=str(failure))
        looked = _Looked(clock.monotonic() - started, outcome)
        self._tell(mail, outcome, looked.seconds)
        return looked

    def _tell(self, mail: ArrivedMail, outcome: Outcome, seconds: float) -> None:
        found = [f"{one.severity} {one.kind} {printable(one.place)}" for one in outcome.findings]
        self._options.log.info(
            "mail.examined", digest=mail.digest.hex(), octets=mail.octets, seconds=round(seconds, 6), findings=found
        )
        if outcome.trouble:
            self._failed[mail.digest] = self._failed.pop(mail.digest, 0) + 1
            if len(self._failed) > MAX_FAILED:
                self._failed.popitem(last=False)
            self._options.log.warning(
                "mail.unscannable", digest=mail.digest.hex(), client=printable(mail.client), reason=outcome.trouble
            )


def _forget(looking: asyncio.Future[Outcome]) -> None:
    """Take the end of what nobody waits for any more."""
    if not looking.cancelled():
        looking.exception()
