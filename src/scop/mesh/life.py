"""One cell's life: import everything, read secrets, take listeners, confine, and only then a loop and threads.

The order matters. What is read before confinement needs no right afterwards; Landlock holds the
thread that asks for it, so no other may exist yet; and uvloop aborts when a filter falls on it.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import traceback
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar, cast

import uvloop

from scop.mesh.cell import Cell, Place
from scop.mesh.confine import confine
from scop.mesh.control import Boot, Confined, Control, Failed, Identifiers, Ready, Renew
from scop.mesh.inlet import Handlers, Inlet
from scop.mesh.manifest import Manifest
from scop.mesh.pipes import PipeIdentity, PipeInlet
from scop.mesh.rules import rules_of
from scop.net.log import Log, write_to_descriptor

__all__ = ["CellService", "live"]

_Options = TypeVar("_Options")
_Work: TypeAlias = Coroutine[object, object, None]

WATCH_SECONDS = 5.0  # between two signs of life; each wakes a process that rests
HANG_SECONDS = 15.0  # of processor time without one: below the 25 s that who asked us waits
DRAIN_SECONDS = 25  # below the 30 s after which a neighbour gives up on us


class CellService(Protocol[_Options]):
    """What `service.py` of each cell offers; each has options of its own type."""

    def options_of(self, cell: Cell, /) -> _Options:
        """Build the service's options; runs before confinement, so secrets and keys are read here."""

    def run(self, options: _Options, /) -> _Work:
        """Serve until `options.life.stopped()`; runs confined."""


class _NoInlet:
    """The inlet of a cell that nobody calls."""

    async def serve(self, handlers: Handlers) -> None:
        """Nothing to serve."""

    async def close(self) -> None:
        """Nothing to close."""


def _cell_of(boot: Boot, manifest: Manifest, descriptors: tuple[int, ...]) -> Cell:
    log_descriptor, *sockets = descriptors
    log = Log(boot.cell, write_to_descriptor(log_descriptor))
    listening = [socket.socket(fileno=descriptor) for descriptor in sockets]
    state = Path(boot.state)
    identity = PipeIdentity(boot.config.domain, boot.cell, boot.leaf)
    inlet: Inlet = PipeInlet(listening.pop(0), identity, manifest.granted(), log) if boot.has_inlet else _NoInlet()
    return Cell(
        manifest=manifest,
        config=boot.config,
        state=state,
        log=log,
        inlet=inlet,
        identity=identity,
        places={peer: Place(*place) for peer, place in boot.places.items()},
        listeners=dict(zip(boot.listeners, listening, strict=True)),
        identifiers=boot.identifiers,
    )


def _hand_over(state: Path, identifiers: Identifiers) -> None:
    """Give all that was made as root in the cell's folder to the ids that it takes next."""
    for folder, _, names in os.walk(state):
        for place in (folder, *(os.path.join(folder, name) for name in names)):  # noqa: PTH118 - os.walk speaks str
            os.chown(place, identifiers.uid, identifiers.gid, follow_symlinks=False)


def _confine(cell: Cell, boot: Boot) -> Confined:
    if boot.identifiers is not None:
        _hand_over(cell.state, boot.identifiers)
    report = confine(rules_of(cell.manifest, cell.config, cell.state, cell.places, boot.identifiers))
    if report.missing and boot.config.require_confinement:
        raise PermissionError("require_confinement = true, but this kernel lacks: " + "; ".join(report.missing))
    return Confined(landlock_abi=report.landlock_abi, missing=report.missing)


def _listen_to_supervisor(control: Control, cell: Cell, log_descriptor: int) -> None:
    """Take fresh leaves and logs; end with the supervisor."""
    received = control.receive_in_cell()
    if received is None:
        asyncio.get_running_loop().remove_reader(control.socket)
        cell.life.stop()
        return
    message, descriptors = received
    if isinstance(message, Renew):
        cell.identity.rotate(message.leaf)
        os.dup2(descriptors[0], log_descriptor)
        os.close(descriptors[0])


async def _serve(cell: Cell, work: _Work, control: Control, log_descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    control.socket.setblocking(False)
    loop.add_reader(control.socket, _listen_to_supervisor, control, cell, log_descriptor)
    loop.add_signal_handler(signal.SIGTERM, cell.life.stop)
    if cell.manifest.watched:
        _show_life(loop)
    loop.set_exception_handler(lambda _loop, context: _log_fault(cell.log, context))
    serving = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(cell.life.stopped())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    await asyncio.wait_for(serving, DRAIN_SECONDS)


def _show_life(loop: asyncio.AbstractEventLoop) -> None:
    """Have the kernel end this process where the loop hangs, whatever code it hangs in.

    Time of the processor, because one that was stopped, or waits for it on a busy machine, does not hang. Nobody
    takes the signal, so it ends us; the supervisor starts us again.
    """
    signal.setitimer(signal.ITIMER_PROF, HANG_SECONDS)
    loop.call_later(WATCH_SECONDS, _show_life, loop)


def _log_fault(log: Log, context: Mapping[str, object]) -> None:
    error = context.get("exception")
    shown = "".join(traceback.format_exception(error)) if isinstance(error, BaseException) else ""
    log.error("cell.fault", reason=str(context.get("message", "")), traceback=shown)


def live(manifest: Manifest, service: CellService[_Options], *, beside: Callable[[Cell], _Work] | None = None) -> int:
    """Live the whole life of one cell and return its exit status: 0 ended as asked, 1 a fault, 2 cannot start.

    `beside` runs confined and beside the service, once that is ready: tests attack from there.
    """
    control = Control.inherited()
    received = control.receive_in_cell()
    assert received is not None, "the supervisor ended before it said who we are"
    boot, descriptors = received
    assert isinstance(boot, Boot)
    try:
        cell = _cell_of(boot, manifest, descriptors)
        options = service.options_of(cell)
        gc.collect()
        gc.freeze()
        confined = _confine(cell, boot)
    except (OSError, ValueError) as error:
        control.send(Failed(_reason_of(error)))
        return 2
    return _live_confined(cell, service.run(options), control, confined, descriptors[0], beside)


def _reason_of(error: OSError | ValueError) -> str:
    """Return the sentence for who reads why a cell cannot start."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _live_confined(
    cell: Cell,
    work: _Work,
    control: Control,
    confined: Confined,
    log_descriptor: int,
    beside: Callable[[Cell], _Work] | None,
) -> int:
    running: list[asyncio.Future[None]] = []

    def say_ready() -> None:
        control.send(Ready(confined))
        if beside is not None:
            running.append(asyncio.ensure_future(beside(cell)))

    cell.life.on_ready(say_ready)
    try:
        uvloop.run(_serve(cell, work, control, log_descriptor))
    except Exception as error:
        _log_fault(cell.log, {"message": f"{cell.manifest.name} ends by a fault", "exception": error})
        return 1
    return 0


def service_of(module: object) -> CellService[object]:
    """Return a cell's service module as what it is."""
    return cast("CellService[object]", module)
