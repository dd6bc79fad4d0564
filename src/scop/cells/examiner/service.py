"""The examiner's process: calls from the filter, and a nursery beside it where mail is looked into."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from scop.base import Clock, printable
from scop.cells.examiner.arrivals import Arrivals
from scop.cells.examiner.desk import Desk, DeskOptions
from scop.cells.examiner.nurse import ErrandLimits, Nurse
from scop.mesh.calls import CallServer
from scop.mesh.cell import Cell, Life
from scop.mesh.inlet import Inlet
from scop.mesh.protocol import PipeProtocol
from scop.mesh.underway import Underway
from scop.mesh.vocabulary.examiner import Examined, ExamineMail
from scop.net.clamd import ClamdPlace
from scop.net.log import Log
from scop.net.peer import Peer

__all__ = ["ExaminerOptions", "nursery_command", "options_of", "run"]


@dataclass(frozen=True, slots=True)
class ExaminerOptions:
    """Everything the examiner needs."""

    inlet: Inlet
    nurse: Nurse
    underway: Underway
    processors: int
    clamd: ClamdPlace | None
    log: Log
    clock: Clock
    life: Life
    max_message_octets: int


def nursery_command(*words: str) -> Sequence[str]:
    """Return the command that runs the nursery."""
    return _command("nursery", *words)


def _command(module: str, *words: str) -> Sequence[str]:
    """Return what runs a module of ours, isolated from the environment as a cell is."""
    return (sys.executable, "-I", "-X", "no_debug_ranges", "-m", f"scop.cells.examiner.{module}", *words)


def _check_rules(yara_rules: str) -> None:
    """Raise `ValueError` where the operator's rules are none; a process of its own reads them, as later."""
    if yara_rules:
        done = subprocess.run(_command("reading", yara_rules), capture_output=True, text=True, check=False)  # noqa: S603 - the path is the operator's
        if done.returncode != 0:
            raise ValueError(f"[attachments] yara_rules: {printable(done.stdout.strip() or done.stderr[-500:])}")


def options_of(cell: Cell) -> ExaminerOptions:
    """Start the nursery, which needs rights that the cell gives up next; raises `ValueError` for wrong rules."""
    attachments = cell.config.attachments
    _check_rules(attachments.yara_rules)
    ids = cell.identifiers
    words = (str(ids.uid), str(ids.gid)) if ids is not None else ("", "")
    place = attachments.clamd
    return ExaminerOptions(
        inlet=cell.inlet,
        nurse=Nurse.start(nursery_command(*words, attachments.yara_rules), ErrandLimits(attachments.seconds)),
        underway=Underway(cell.state),
        processors=len(os.sched_getaffinity(0)),
        clamd=ClamdPlace(*place) if place is not None else None,
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        max_message_octets=cell.config.limits.inner_message_octets,
    )


async def run(options: ExaminerOptions) -> None:
    """Examine mail until asked to end, or until the nursery is lost, which only another start mends."""
    options.nurse.attend()
    options.underway.tell(options.log)
    arrivals = Arrivals(options.max_message_octets, options.clock)
    desk = Desk(
        DeskOptions(options.nurse, options.underway, options.processors, options.log, options.clock, options.clamd)
    )

    async def examine(piece: ExamineMail, _peer: Peer) -> Examined:
        mail = arrivals.take(piece)
        if mail is None:
            return Examined()
        try:
            return Examined(await desk.examine(mail))
        finally:
            arrivals.release(mail)

    def answer_calls(peer: Peer) -> CallServer:
        return CallServer(peer, {ExamineMail: examine}, options.log)

    await options.inlet.serve({PipeProtocol.CALL: answer_calls})
    options.life.ready()
    await _until_end(options)
    await options.inlet.close()
    options.nurse.close()
    options.underway.close()


async def _until_end(options: ExaminerOptions) -> None:
    ends = [asyncio.ensure_future(options.life.stopped()), asyncio.ensure_future(options.nurse.lost.wait())]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for end in ends:
        end.cancel()
    if options.nurse.lost.is_set():
        options.log.error("nursery.lost")
        options.life.stop()
