"""The examiner's process: calls from the filter."""

from __future__ import annotations

from dataclasses import dataclass

from scop.mesh.calls import CallServer
from scop.mesh.cell import Cell, Life
from scop.mesh.inlet import Inlet
from scop.mesh.protocol import PipeProtocol
from scop.net.log import Log
from scop.net.peer import Peer

__all__ = ["ExaminerOptions", "options_of", "run"]


@dataclass(frozen=True, slots=True)
class ExaminerOptions:
    """Everything the examiner needs."""

    inlet: Inlet
    log: Log
    life: Life


def options_of(cell: Cell) -> ExaminerOptions:
    """Return the options of an examiner in the mesh."""
    return ExaminerOptions(cell.inlet, cell.log, cell.life)


async def run(options: ExaminerOptions) -> None:
    """Examine mail until asked to end."""

    def answer_calls(peer: Peer) -> CallServer:
        return CallServer(peer, {}, options.log)

    await options.inlet.serve({PipeProtocol.CALL: answer_calls})
    options.life.ready()
    await options.life.stopped()
    await options.inlet.close()
