"""The reporter's process: its options, its listeners and its life."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scop.base import Clock
from scop.mesh.calls import CallServer
from scop.mesh.cell import Cell, Life
from scop.mesh.inlet import Inlet
from scop.mesh.protocol import PipeProtocol
from scop.net.log import Log
from scop.net.peer import Peer

__all__ = ["ReporterOptions", "options_of", "run"]


@dataclass(frozen=True, slots=True)
class ReporterOptions:
    """Everything the reporter needs."""

    domain: str
    hostname: str
    state: Path
    inlet: Inlet
    log: Log
    clock: Clock
    life: Life


def options_of(cell: Cell) -> ReporterOptions:
    """Return the options of a reporter in the mesh."""
    return ReporterOptions(
        cell.config.domain, cell.config.mail_host, cell.state, cell.inlet, cell.log, cell.clock, cell.life
    )


async def run(options: ReporterOptions) -> None:
    """Count and report until asked to end."""

    def answer_calls(peer: Peer) -> CallServer:
        return CallServer(peer, {}, options.log)

    await options.inlet.serve({PipeProtocol.CALL: answer_calls})
    options.life.ready()
    await options.life.stopped()
    await options.inlet.close()
