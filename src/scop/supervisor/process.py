"""One cell as the supervisor sees it: a process, its control socket, its state, and when to start it again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scop.mesh.control import Boot, Confined, Control, Failed, Ready, Renew
from scop.mesh.identity import Leaf
from scop.mesh.manifest import Manifest
from scop.net.log import Log
from scop.supervisor.layout import Layout, Sockets

__all__ = ["CellProcess", "CellState", "command_of"]

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 10.0
STEADY_SECONDS = 60.0  # after so long a life the next death is met without a pause

# Few malloc arenas: a cell has one busy thread. No other variable of ours reaches a cell. numpy's OpenBLAS
# would start a thread for each core when it is loaded, and a cell must have but one when it gives up its rights.
CELL_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",
    "OPENBLAS_NUM_THREADS": "1",
    "PATH": "/usr/bin:/bin",
}


class CellState(StrEnum):
    """Where a cell is in its life."""

    STARTING = "starting"
    READY = "ready"
    WAITING = "waiting"  # died, and is started again after a pause
    FAILED = "failed"  # cannot start; the reason says why
    STOPPED = "stopped"


def command_of(cell: str) -> Sequence[str]:
    """Return the command that runs one cell: isolated from the environment and the user's site.

    Tracebacks in its log name lines, not columns: the tables of columns would stay in memory.
    """
    return (sys.executable, "-I", "-X", "no_debug_ranges", "-m", "scop.cells", cell)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a cell process needs of its supervisor."""

    layout: Layout
    new_leaf: Callable[[str], Leaf]
    command: Callable[[str], Sequence[str]]
    changed: Callable[[CellProcess], None]
    log: Log


class CellProcess:
    """Starts one cell, watches it, and starts it again when it dies."""

    def __init__(self, manifest: Manifest, sockets: Sockets, surroundings: Surroundings) -> None:
        self.manifest = manifest
        self.state = CellState.STOPPED
        self.reason = ""
        self.restarts = 0
        self.confined: Confined | None = None
        self.started = 0.0  # monotonic
        self.ready_after_seconds = 0.0
        self._sockets = sockets
        self._around = surroundings
        self._process: subprocess.Popen[bytes] | None = None
        self._control: Control | None = None
        self._pause_seconds = 0.0
        self._restart: asyncio.TimerHandle | None = None
        self._ended = asyncio.Event()
        self._stopping = False

    @property
    def pid(self) -> int:
        """The process id, 0 while there is none."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start the process and tell it who it is."""
        self._restart = None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        log = self._open_log()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours, no text from outside is in it
                list(self._around.command(self.manifest.name)),
                stdin=theirs.fileno(),
                stdout=log,
                stderr=log,
                env=CELL_ENVIRONMENT,
                cwd="/",
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which drains
            )
            self._control = Control(ours)
            self._control.send(self._boot(), (log, *self._sockets.descriptors()))
        finally:
            theirs.close()
            os.close(log)
        self.started = time.monotonic()
        self._ended.clear()
        self._watch(ours)
        self._become(CellState.STARTING)

    def _open_log(self) -> int:
        path = self._around.layout.log(self.manifest.name)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _boot(self) -> Boot:
        layout = self._around.layout
        name = self.manifest.name
        return Boot(
            cell=name,
            config=layout.config,
            state=str(layout.folder(name)),
            leaf=self._around.new_leaf(name),
            places=layout.places(self.manifest),
            has_inlet=self._sockets.inlet is not None,
            listeners=tuple(self._sockets.public),
            identifiers=layout.identifiers(name),
        )

    def _watch(self, control: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        control.setblocking(False)
        loop.add_reader(control, self._read_control, control)
        descriptor = os.pidfd_open(self.pid)
        loop.add_reader(descriptor, self._died, descriptor)

    def _read_control(self, control: socket.socket) -> None:
        assert self._control is not None
        try:
            message = self._control.receive_in_supervisor()
        except ConnectionError:
            message = None
        if message is None:
            asyncio.get_running_loop().remove_reader(control)
        elif isinstance(message, Ready):
            self.confined = message.confined
            self.ready_after_seconds = time.monotonic() - self.started
            self._become(CellState.READY)
        elif isinstance(message, Failed):
            self.reason = message.reason

    def _died(self, descriptor: int) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(descriptor)
        os.close(descriptor)
        assert self._process is not None
        assert self._control is not None
        status = self._process.wait()
        self._read_last_words()
        loop.remove_reader(self._control.socket)
        self._control.socket.close()
        self._process = self._control = None
        self._ended.set()
        if self._stopping:
            self._become(CellState.STOPPED)
        else:
            self._plan_restart(status)

    def _read_last_words(self) -> None:
        """Read what a cell that cannot start said before it ended."""
        assert self._control is not None
        with contextlib.suppress(BlockingIOError, ConnectionError):
            message = self._control.receive_in_supervisor()
            if isinstance(message, Failed):
                self.reason = message.reason

    def _plan_restart(self, status: int) -> None:
        lived = time.monotonic() - self.started
        self._pause_seconds = (
            FIRST_PAUSE_SECONDS
            if lived > STEADY_SECONDS
            else min(max(2 * self._pause_seconds, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
        )
        self._around.log.warning(
            "cell.died", died=self.manifest.name, status=status, reason=self.reason, pause_seconds=self._pause_seconds
        )
        self.restarts += 1
        self._restart = asyncio.get_running_loop().call_later(self._pause_seconds, self.start)
        self._become(CellState.FAILED if self.reason else CellState.WAITING)

    def _become(self, state: CellState) -> None:
        self.state = state
        if state is CellState.READY:
            self.reason = ""
        self._around.changed(self)

    def renew(self) -> None:
        """Hand a running cell a fresh leaf and a fresh log."""
        if self._control is not None:
            log = self._open_log()
            self._control.send(Renew(self._around.new_leaf(self.manifest.name)), (log,))
            os.close(log)

    async def stop(self, patience_seconds: float) -> None:
        """End the cell: ask it to drain, and kill it when it does not."""
        self._stopping = True
        if self._restart is not None:
            self._restart.cancel()
        if self._process is None:
            self._become(CellState.STOPPED)
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._ended.wait(), patience_seconds)
        except TimeoutError:
            self._around.log.error("cell.killed", killed=self.manifest.name, patience_seconds=patience_seconds)
            self._process.kill()
            await self._ended.wait()
