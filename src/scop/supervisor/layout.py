"""Where everything of one mesh lies: inner ports, folders, ids and the listening sockets, from the configuration."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scop.cells import CELL_NAMES, manifests
from scop.mesh.config import Config
from scop.mesh.control import Identifiers
from scop.mesh.manifest import OPERATOR, Listener, Manifest, Transport, check_mesh
from scop.net.entrance import BACKLOG
from scop.net.places import family_of
from scop.supervisor.config_file import ConfigurationError

__all__ = ["Layout", "Sockets", "bind_sockets", "listen", "prepare_folders"]

# Ids without an entry in /etc/passwd, out of the way of people and packages.
FIRST_ID = 61700


@dataclass(frozen=True, slots=True)
class Layout:
    """The mesh of one configuration."""

    config: Config

    @property
    def state(self) -> Path:
        """The folder that holds all state."""
        return Path(self.config.state)

    @property
    def log_folder(self) -> Path:
        """Where the cells' logs are."""
        return self.state / "log"

    @property
    def door(self) -> Path:
        """The unix socket of the command line."""
        return self.state / "supervisor.sock"

    def folder(self, cell: str) -> Path:
        """Return a cell's own folder."""
        return self.state / cell

    def log(self, cell: str) -> Path:
        """Return a cell's log."""
        return self.log_folder / f"{cell}.jsonl"

    def port(self, cell: str) -> int:
        """Return a cell's inner port."""
        return self.config.network.pipes + CELL_NAMES.index(cell)

    def places(self, manifest: Manifest) -> dict[str, tuple[str, int]]:
        """Return where each pipe that a cell may dial listens."""
        address = self.config.network.pipe_address
        return {pipe.peer: (address, self.port(pipe.peer)) for pipe in manifest.reaches}

    def identifiers(self, cell: str) -> Identifiers | None:
        """Return the ids that a cell takes when started as root; None for an ordinary user."""
        number = FIRST_ID + CELL_NAMES.index(cell)
        return Identifiers(uid=number, gid=number) if os.geteuid() == 0 else None

    def public_port(self, listener: Listener) -> int:
        """Return the configured port of a public listener."""
        port = getattr(self.config.network.ports, listener.port)
        assert isinstance(port, int)
        return port


def checked_manifests() -> tuple[Manifest, ...]:
    """Return all manifests after checking that they agree with each other."""
    cells = manifests()
    check_mesh((*cells, OPERATOR))
    return cells


@contextlib.contextmanager
def _naming(what: str, address: str, port: int, option: str) -> Iterator[None]:
    """Turn what the kernel says of a listener into a sentence with the fix."""
    try:
        yield
    except OSError as error:
        other_port = f"choose another port {f'by {option}' if option else 'in scop.toml'}"
        own_address = f"name one of its own by {option}" if option else "set [network] address in scop.toml"
        reasons = {
            errno.EADDRINUSE: f"another program listens there; stop it or {other_port}",
            errno.EACCES: f"ports below 1024 need root; start as root or {other_port}",
            errno.EADDRNOTAVAIL: f"this machine does not have that address; {own_address}",
        }
        reason = reasons.get(error.errno or 0, str(error))
        raise ConfigurationError(f"{what}: cannot listen on {address} port {port}: {reason}") from None


def listen(what: str, address: str, port: int, transport: Transport, *, option: str = "") -> socket.socket:
    """Return a socket that listens for `what`; raises `ConfigurationError` with the reason and the fix.

    The place was chosen by an option of the command line, or (empty) in scop.toml.
    """
    kind = socket.SOCK_STREAM if transport is Transport.TCP else socket.SOCK_DGRAM
    made = socket.socket(family_of(address), kind)
    try:
        with _naming(what, address, port, option):
            if transport is Transport.TCP:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((address, port))
            if transport is Transport.TCP:
                made.listen(BACKLOG)
    except BaseException:
        made.close()
        raise
    made.setblocking(False)
    return made


@dataclass(frozen=True, slots=True)
class Sockets:
    """One cell's listening sockets; the supervisor keeps them, so callers only wait while a cell restarts."""

    inlet: socket.socket | None
    public: Mapping[str, socket.socket]

    def descriptors(self) -> tuple[int, ...]:
        """Return them in the order in which a cell is handed them."""
        inlet = (self.inlet.fileno(),) if self.inlet else ()
        return (*inlet, *(made.fileno() for made in self.public.values()))

    def close(self) -> None:
        """Close them all."""
        for made in (*((self.inlet,) if self.inlet else ()), *self.public.values()):
            made.close()


def bind_sockets(layout: Layout, cells: tuple[Manifest, ...]) -> dict[str, Sockets]:
    """Bind every listener of the mesh, or none: raises `ConfigurationError` for the first that cannot be had."""
    bound: dict[str, Sockets] = {}
    network = layout.config.network
    with contextlib.ExitStack() as undo:
        for manifest in cells:
            public: dict[str, socket.socket] = {}
            for listener in manifest.listeners:
                made = listen(manifest.name, network.address, layout.public_port(listener), listener.transport)
                undo.callback(made.close)
                public[listener.name] = made
            inlet = None
            if manifest.serves:
                inlet = listen(
                    f"{manifest.name}'s pipe", network.pipe_address, layout.port(manifest.name), Transport.TCP
                )
                undo.callback(inlet.close)
            bound[manifest.name] = Sockets(inlet, public)
        undo.pop_all()
    return bound


def _check_reachable(state: Path) -> None:
    """As root each cell becomes somebody else, who must be able to walk to the state folder."""
    closed = [str(parent) for parent in state.resolve().parents if not parent.stat().st_mode & stat.S_IXOTH]
    if os.geteuid() == 0 and closed:
        raise ConfigurationError(
            f"the cells' own users cannot get to {state}: {closed[0]} is closed to others; "
            f"set `state` in scop.toml to a folder such as /var/lib/scop, or chmod o+x {closed[0]}"
        )


def prepare_folders(layout: Layout, cells: tuple[Manifest, ...]) -> None:
    """Make the state folders, each cell's readable by that cell alone."""
    _check_reachable(layout.state)
    try:
        layout.state.mkdir(mode=0o711, parents=True, exist_ok=True)
        layout.log_folder.mkdir(mode=0o700, exist_ok=True)
        for manifest in cells:
            folder = layout.folder(manifest.name)
            folder.mkdir(mode=0o700, exist_ok=True)
            identifiers = layout.identifiers(manifest.name)
            if identifiers is not None:
                os.chown(folder, identifiers.uid, identifiers.gid)
    except OSError as error:
        raise _not_writable(layout.state, error.strerror or str(error)) from None
    for folder in (layout.state, layout.log_folder, *(layout.folder(manifest.name) for manifest in cells)):
        if not os.access(folder, os.W_OK | os.X_OK):  # it was there before, of another user or closed
            raise _not_writable(folder, os.strerror(errno.EACCES))


def _not_writable(folder: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"the state folder {folder} cannot be written ({reason}); set `state` in scop.toml to a folder of yours"
    )
