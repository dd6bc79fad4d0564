"""The supervisor with cells that only live: starting, healing, ending, and saying clearly what is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from scop.cells import CELL_NAMES
from scop.mesh.config import Ports
from scop.mesh.manifest import OPERATOR
from scop.supervisor.config_file import ConfigurationError, read_config
from scop.supervisor.door import Admission, Admit, MeshStatus, ReadStatus, knock
from scop.supervisor.founding import Founding, found
from scop.supervisor.layout import Layout
from scop.supervisor.process import CellProcess, CellState
from scop.supervisor.supervisor import Supervisor

STILL_CELL = Path(__file__).resolve().parents[1] / "fakes" / "still_cell.py"


def free_block(count: int) -> int:
    """Return the first of `count` neighbouring ports that were free a moment ago."""
    while True:
        with socket.socket() as probe, contextlib.ExitStack() as held:
            probe.bind(("127.0.0.1", 0))
            first: int = probe.getsockname()[1] + 1
            with contextlib.suppress(OSError, OverflowError):
                for port in range(first, first + count):
                    each = held.enter_context(socket.socket())
                    each.bind(("127.0.0.1", port))
                return first


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A founded mesh at free ports."""
    for parent in (tmp_path, *tmp_path.parents[:3]):
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o711)
    first = free_block(len(CELL_NAMES) + 5)
    ports = Ports(smtp=first, submission=first + 1, submissions=first + 2, dns=first + 3, dot=first + 4)
    return Layout(read_config(found(Founding(domain="harbor.test", ports=ports, pipes=first + 5), tmp_path)))


def still(cell: str) -> Sequence[str]:
    """Return the command of a cell that only lives."""
    return (sys.executable, str(STILL_CELL), cell)


class Watched:
    """A supervisor under watch: tests wait for a cell's state, never for time."""

    def __init__(self, layout: Layout, command: Callable[[str], Sequence[str]] = still) -> None:
        self._news = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self.supervisor = Supervisor(layout, changed=self._changed, command=command)

    def _changed(self, _cell: CellProcess) -> None:
        task = asyncio.ensure_future(self._tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    def cell(self, name: str) -> CellProcess:
        return next(cell for cell in self.supervisor.cells if cell.manifest.name == name)

    async def until(self, what: Callable[[], bool]) -> None:
        async with self._news:
            await asyncio.wait_for(self._news.wait_for(what), 60)

    def all_ready(self) -> bool:
        cells = self.supervisor.cells
        return bool(cells) and all(cell.state is CellState.READY for cell in cells)


@contextlib.asynccontextmanager
async def running(layout: Layout) -> AsyncIterator[Watched]:
    """Run a mesh of still cells."""
    watched = Watched(layout)
    task = asyncio.ensure_future(watched.supervisor.run())
    try:
        await watched.until(watched.all_ready)
        yield watched
    finally:
        watched.supervisor.stop()
        await task


async def test_supervisor_starts_every_cell_and_ends_them_all(layout: Layout) -> None:
    """Ready means that each cell said so; at the end no process is left."""
    async with running(layout) as watched:
        pids = [cell.pid for cell in watched.supervisor.cells]
        assert len(CELL_NAMES) == len(set(pids))
    assert [CellState.STOPPED] * len(pids) == [cell.state for cell in watched.supervisor.cells]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_supervisor_starts_a_killed_cell_again(layout: Layout) -> None:
    """A dead cell comes back as a new process, and only that one."""
    async with running(layout) as watched:
        before = {cell.manifest.name: cell.pid for cell in watched.supervisor.cells}
        os.kill(before["relay"], signal.SIGKILL)
        await watched.until(lambda: watched.cell("relay").restarts == 1 and watched.all_ready())
        after = {cell.manifest.name: cell.pid for cell in watched.supervisor.cells}
        assert {"relay"} == {name for name in before if before[name] != after[name]}


async def test_supervisor_door_tells_the_status_and_admits_the_operator(layout: Layout) -> None:
    """The door is a 0600 socket; the operator's leaf names the operator."""
    async with running(layout) as watched:
        assert 0o600 == layout.door.stat().st_mode & 0o777
        status = await asyncio.to_thread(knock, layout.door, ReadStatus())
        assert isinstance(status, MeshStatus)
        assert {cell.manifest.name: cell.pid for cell in watched.supervisor.cells} == {
            c.name: c.pid for c in status.cells
        }
        admission = await asyncio.to_thread(knock, layout.door, Admit())
        assert isinstance(admission, Admission)
        assert {pipe.peer for pipe in OPERATOR.reaches} == set(admission.places)
    assert not layout.door.exists()


async def test_supervisor_a_cell_that_cannot_start_ends_the_mesh_with_its_reason(layout: Layout) -> None:
    """One sentence, and nothing half-started stays behind."""

    def command(cell: str) -> Sequence[str]:
        return (*still(cell), "no zone here") if cell == "primary" else still(cell)

    watched = Watched(layout, command)
    with pytest.raises(ConfigurationError, match="primary cannot start: no zone here"):
        await watched.supervisor.run()
    assert [0] * len(CELL_NAMES) == [cell.pid for cell in watched.supervisor.cells]


async def test_supervisor_a_busy_port_is_named_before_anything_starts(layout: Layout) -> None:
    """The cell, the address, the port, and the fix."""
    port = layout.config.network.ports.smtp
    with socket.socket() as other:
        other.bind((layout.config.network.address, port))
        other.listen()
        supervisor = Supervisor(layout, command=still)
        with pytest.raises(
            ConfigurationError, match=rf"receiver: cannot listen on 127.0.0.1 port {port}: another program"
        ):
            await supervisor.run()
    assert () == supervisor.cells


async def test_supervisor_two_meshes_in_one_state_folder_are_refused(layout: Layout) -> None:
    """The second one says that the first is up."""
    async with running(layout):
        with pytest.raises(ConfigurationError, match="a mesh is already up"):
            await Supervisor(layout, command=still).run()


async def test_supervisor_an_unwritable_state_folder_is_named(layout: Layout) -> None:
    """Even root cannot make a folder where a file stands."""
    (layout.state / "relay").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        await Supervisor(layout, command=still).run()


async def test_supervisor_a_missing_certificate_is_named(layout: Layout) -> None:
    """With the command that makes one."""
    Path(layout.config.tls.certificate).unlink()
    with pytest.raises(ConfigurationError, match=r"public.pem is not there; `scop init harbor.test --folder NEW`"):
        await Supervisor(layout, command=still).run()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write every folder and read every file")
@pytest.mark.parametrize(("closed", "mode"), [("state", 0o500), ("state/mailbox", 0o500), ("tls/public.key", 0)])
async def test_supervisor_says_which_path_is_closed_to_it_before_anything_starts(
    layout: Layout, closed: str, mode: int
) -> None:
    """A folder or key of somebody else is named, not met again and again by a dying cell."""
    path = layout.state.parent / closed
    for name in ("log", *CELL_NAMES):
        layout.folder(name).mkdir(exist_ok=True)
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        with pytest.raises(ConfigurationError, match=f"{path} cannot be"):
            await Supervisor(layout, command=still).run()
    finally:
        path.chmod(before)
