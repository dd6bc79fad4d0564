"""Attachments looked into by a stand-alone service, as the examiner's cell does it, and what that leads to.

A nursery is started before the service gives up its rights, and has a sealed child for each mail. A child that breaks,
or takes too long, is a finding and never a pass; a mail that breaks two is not looked into again.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from scop.cells.examiner.arrivals import ArrivedMail
from scop.cells.examiner.desk import Desk, DeskOptions
from scop.cells.examiner.nurse import ErrandLimits, Nurse
from scop.cells.examiner.service import nursery_command
from scop.cells.filter.plain_text import is_plain_text
from scop.cli.spam.filter_policies import Judged, judged
from scop.cli.spam.filter_service import ids_of
from scop.mesh.config.attachments import Attachments
from scop.mesh.underway import Underway
from scop.mesh.vocabulary.examiner import unscannable
from scop.net.clock import SystemClock
from scop.net.faults import TemporaryFailure
from scop.net.log import Log
from scop.smtp import reply

__all__ = ["BUSY", "Examiner", "MailExaminer", "attended"]

BUSY = reply(451, "4.3.2", "Attachments cannot be looked into now, try again later")  # where `examine` fails
_CUT = unscannable("It was not examined wholly: it is longer than what is looked into.")


class MailExaminer(Protocol):
    """Has mails looked into."""

    async def examine(self, octets: bytes, client: str, /, *, is_whole: bool = True) -> Judged:
        """Return what is found in a mail; raises `TemporaryFailure` where that cannot be said now."""


class Examiner:
    """Satisfies `MailExaminer` by a nursery beside the service."""

    def __init__(self, nurse: Nurse, policies: Attachments, log: Log) -> None:
        self._policies = policies
        self.nurse = nurse
        with tempfile.TemporaryDirectory() as folder:  # what is underway is known for this life: nothing is kept
            underway = Underway(Path(folder))
        processors = len(os.sched_getaffinity(0))
        self._desk = Desk(DeskOptions(nurse, underway, processors, log, SystemClock()))

    @classmethod
    def start(cls, user: str, policies: Attachments, log: Log) -> Examiner:
        """Start the nursery, which needs rights that the service gives up next."""
        uid, gid = ids_of(user)
        words = (str(uid), str(gid)) if uid is not None else ("", "")
        return cls(Nurse.start(nursery_command(*words), ErrandLimits(policies.seconds)), policies, log)

    async def examine(self, octets: bytes, client: str, /, *, is_whole: bool = True) -> Judged:
        """Return what is found in a mail, of which not all may be here: that is a finding, too."""
        cut = () if is_whole else (_CUT,)
        if is_whole and is_plain_text(octets):
            return Judged()
        mail = ArrivedMail(client, len(octets))
        try:
            mail.append(octets)
            mail.finish()
            return judged((*cut, *await self._desk.examine(mail)), self._policies)
        finally:
            mail.close()


def attended(examiner: Examiner | None, stop: asyncio.Event, log: Log) -> Callable[[], None]:
    """Begin to listen to the nursery, whose end ends the service, as only another start mends that.

    Return what is done at the end; it raises `TemporaryFailure` where the nursery was lost.
    """
    if examiner is None:
        return lambda: None
    nurse = examiner.nurse
    nurse.attend()

    async def watch() -> None:
        await nurse.lost.wait()
        stop.set()

    watching = asyncio.ensure_future(watch())

    def end() -> None:
        is_lost = nurse.lost.is_set()
        watching.cancel()
        nurse.close()
        if is_lost:
            log.error("nursery.lost")
            raise TemporaryFailure("what looks into attachments has ended: start the filter again")

    return end
