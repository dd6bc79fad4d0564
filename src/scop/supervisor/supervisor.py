"""The whole mesh: binds, starts, watches, renews, drains.

Theory of operation: every listener is bound before any process starts, so a mesh that cannot start
leaves nothing behind. All cells start at once; none waits for another, because pipes connect on
first use. At the end the cells that face the Internet stop first and each later one when nobody
dials it any more, so that what was taken in is carried to its owner.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from scop.mesh.authority import Authority
from scop.mesh.manifest import OPERATOR, Manifest
from scop.mesh.protocol import PipeProtocol
from scop.net.log import Log, write_to_descriptor
from scop.supervisor.config_file import ConfigurationError
from scop.supervisor.door import Admission, CellStatus, Door, MeshStatus
from scop.supervisor.layout import Layout, bind_sockets, checked_manifests, prepare_folders
from scop.supervisor.process import CellProcess, CellState, Surroundings, command_of

__all__ = ["Supervisor", "drain_order"]

LEAF_HOURS = 24.0
OPERATOR_LEAF_HOURS = 1.0
RENEW_SECONDS = 12 * 3600.0
DRAIN_SECONDS = 30.0
MAX_LOG_OCTETS = 64 << 20  # a log larger than this is set aside at the next renewal
KEPT_LOGS = 3


def drain_order(cells: Iterable[Manifest]) -> tuple[Manifest, ...]:
    """Return the order in which to stop: nobody still running dials a cell that stops, circles excepted.

    A circle ends where the public comes in: what is taken in keeps the others busy, and a call is no mail.
    """
    left = list(cells)
    order: list[Manifest] = []
    while left:
        dialled = {pipe.peer for manifest in left for pipe in manifest.reaches}
        free = [manifest for manifest in left if manifest.name not in dialled]
        handed = {p.peer for manifest in left for p in manifest.reaches if p.protocol is not PipeProtocol.CALL}
        doors = [manifest for manifest in left if manifest.listeners and manifest.name not in handed]
        order.extend(free or (doors or left)[:1])
        left = [manifest for manifest in left if manifest not in order]
    return tuple(order)


class Supervisor:
    """Runs the mesh of one configuration until it is told to stop."""

    def __init__(
        self,
        layout: Layout,
        *,
        changed: Callable[[CellProcess], None] = lambda _cell: None,
        command: Callable[[str], Sequence[str]] = command_of,
    ) -> None:
        self._layout = layout
        self._changed = changed
        self._command = command
        self._stop = asyncio.Event()
        self._settled = asyncio.Event()
        self._cells: dict[str, CellProcess] = {}
        self._authority = Authority(layout.config.domain)

    @property
    def cells(self) -> tuple[CellProcess, ...]:
        """Every cell, in the order of their ports."""
        return tuple(self._cells.values())

    def stop(self) -> None:
        """Ask the mesh to drain and end."""
        self._stop.set()

    async def run(self) -> None:
        """Run until stopped; raises `ConfigurationError` when the mesh cannot start, and then nothing runs."""
        manifests = checked_manifests()
        prepare_folders(self._layout, manifests)
        _found_list_key(self._layout)
        _check_tls(self._layout)
        lock = _lock(self._layout.state / "supervisor.lock")
        try:
            await self._run_locked(manifests)
        finally:
            os.close(lock)

    async def _run_locked(self, manifests: tuple[Manifest, ...]) -> None:
        sockets = bind_sockets(self._layout, manifests)
        door = Door(self._layout.door, self.status, self._admit)
        try:
            around = self._surroundings()
            self._cells = {m.name: CellProcess(m, sockets[m.name], around) for m in manifests}
            self._take_signals()
            for cell in self._cells.values():
                cell.start()
            await door.open()
            await self._until_settled()
            renewal = asyncio.get_running_loop().call_later(RENEW_SECONDS, self._renew_again)
            await self._stop.wait()
            renewal.cancel()
        finally:
            await door.close()
            await self._drain(manifests)
            for bound in sockets.values():
                bound.close()

    def _surroundings(self) -> Surroundings:
        path = self._layout.log("supervisor")
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        return Surroundings(
            layout=self._layout,
            new_leaf=lambda name: self._authority.leaf(name, LEAF_HOURS),
            command=self._command,
            changed=self._cell_changed,
            log=Log("supervisor", write_to_descriptor(log)),
        )

    def _take_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self.renew)

    def _cell_changed(self, cell: CellProcess) -> None:
        if cell.state is CellState.FAILED or all(c.state is CellState.READY for c in self.cells):
            self._settled.set()
        self._changed(cell)

    async def _until_settled(self) -> None:
        """Wait for every cell's first readiness; a cell that cannot start ends the mesh with its reason."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._settled, self._stop)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        for cell in self.cells:
            if cell.state is CellState.FAILED:
                raise ConfigurationError(f"{cell.manifest.name} cannot start: {cell.reason}")

    def _renew_again(self) -> None:
        self.renew()
        asyncio.get_running_loop().call_later(RENEW_SECONDS, self._renew_again)

    def renew(self) -> None:
        """Hand every cell a fresh leaf, and a fresh log where the old one grew large."""
        for cell in self.cells:
            _set_aside(self._layout.log(cell.manifest.name))
            cell.renew()

    async def _drain(self, manifests: tuple[Manifest, ...]) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        for manifest in drain_order(manifests):
            cell = self._cells.get(manifest.name)
            if cell is not None:
                await cell.stop(max(1.0, deadline - time.monotonic()))

    def status(self) -> MeshStatus:
        """Return how the mesh is."""
        config = self._layout.config
        return MeshStatus(
            domain=config.domain,
            hostname=config.mail_host,
            supervisor_pid=os.getpid(),
            cells=tuple(self._cell_status(cell) for cell in self.cells),
        )

    def _cell_status(self, cell: CellProcess) -> CellStatus:
        confined = cell.confined
        return CellStatus(
            name=cell.manifest.name,
            job=cell.manifest.job,
            state=cell.state.value,
            pid=cell.pid,
            port=self._layout.port(cell.manifest.name) if cell.manifest.serves else 0,
            restarts=cell.restarts,
            ready_after_seconds=cell.ready_after_seconds,
            up_seconds=time.monotonic() - cell.started if cell.pid else 0.0,
            landlock_abi=confined.landlock_abi if confined else 0,
            unconfined=confined.missing if confined else (),
            reason=cell.reason,
        )

    def _admit(self) -> Admission:
        return Admission(
            domain=self._layout.config.domain,
            leaf=self._authority.leaf(OPERATOR.name, OPERATOR_LEAF_HOURS),
            places=self._layout.places(OPERATOR),
        )


def _lock(path: Path) -> int:
    """Return a descriptor that holds the mesh's lock; it goes with the process, however that ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise ConfigurationError(f"a mesh is already up in {path.parent}; `scop status` shows it") from None
    return descriptor


def _found_list_key(layout: Layout) -> None:
    if layout.config.firewall.publish:
        from scop.supervisor.founding import found_list_key  # here: what founds a mesh is not held while it runs

        found_list_key(layout.config, layout.state)


def _check_tls(layout: Layout) -> None:
    for name in (layout.config.tls.certificate, layout.config.tls.key):
        if not Path(name).is_file():
            raise ConfigurationError(
                f"[tls]: {name} is not there; `scop init {layout.config.domain} --folder NEW` makes a self-signed pair"
            )
        if not os.access(name, os.R_OK):
            raise ConfigurationError(f"[tls]: {name} cannot be read by the user who runs the mesh")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(layout.config.tls.certificate, layout.config.tls.key)
    except ssl.SSLError as error:
        raise ConfigurationError(
            f"[tls]: {layout.config.tls.certificate} and {layout.config.tls.key} are no certificate and its key, "
            f"both as PEM ({error.reason or 'not PEM'})"
        ) from None


def _set_aside(log: Path) -> None:
    """Rename a log that grew large; the oldest of those set aside goes."""
    if not log.exists() or log.stat().st_size < MAX_LOG_OCTETS:
        return
    for number in range(KEPT_LOGS - 1, 0, -1):
        older = log.with_suffix(f".{number}.jsonl")
        if older.exists():
            older.rename(log.with_suffix(f".{number + 1}.jsonl"))
    log.rename(log.with_suffix(".1.jsonl"))
