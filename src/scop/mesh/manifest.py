"""Manifests: what a cell is for, whom it may talk to and what of the machine it may touch, as constants.

A manifest names roles, never addresses: those come from the configuration. A pipe exists only if
the manifests of both its ends name it with the same protocol; `check_mesh` refuses anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from scop.mesh.protocol import PipeProtocol

__all__ = ["OPERATOR", "Listener", "Manifest", "MeshError", "Pipe", "Transport", "World", "check_mesh"]


class MeshError(Exception):
    """The manifests of two cells contradict each other."""


class Transport(StrEnum):
    """How a public listener is reached."""

    TCP = "tcp"
    UDP = "udp"


class World(StrEnum):
    """What a cell may dial outside of the mesh."""

    SMTP = "smtp"
    DNS = "dns"
    HTTPS = "https"
    GIT = "git"  # one repository, where the configuration names it
    SCANNER = "scanner"  # one virus scanner, where the configuration names it
    ZONES = "zones"  # the primaries whose zones the configuration says to fetch


@dataclass(frozen=True, slots=True)
class Pipe:
    """One end of an edge of the mesh, as the cell at this end sees it."""

    peer: str
    protocol: PipeProtocol
    why: str


@dataclass(frozen=True, slots=True)
class Listener:
    """A public listener; `port` is its key in `[network] ports`."""

    port: str
    transport: Transport

    @property
    def name(self) -> str:
        """The key of its socket: `smtp/tcp`."""
        return f"{self.port}/{self.transport}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that one cell may do."""

    name: str
    job: str
    serves: tuple[Pipe, ...] = ()  # who may come in
    reaches: tuple[Pipe, ...] = ()  # whom it may dial
    listeners: tuple[Listener, ...] = ()
    world: tuple[World, ...] = ()
    datagrams: bool = False  # UDP; only the two DNS cells
    public_tls: bool = False  # reads the public certificate and key
    watched: bool = False  # ends where its loop hangs: it reads what strangers wrote

    def granted(self) -> Mapping[str, PipeProtocol]:
        """Return who may come in, and what is spoken with it."""
        return {pipe.peer: pipe.protocol for pipe in self.serves}

    def protocol_with(self, peer: str) -> PipeProtocol:
        """Return what is spoken on the pipe to `peer`; raises `MeshError` if there is none."""
        for pipe in self.reaches:
            if pipe.peer == peer:
                return pipe.protocol
        raise MeshError(f"{self.name} has no pipe to {peer}")


# The command line: a named peer like any other, with a short-lived leaf and no process of its own.
OPERATOR = Manifest(
    name="operator",
    job="manage the mesh from the command line",
    reaches=(
        Pipe("keeper", PipeProtocol.CALL, "accounts"),
        Pipe("mailbox", PipeProtocol.CALL, "list and show mail"),
        Pipe("relay", PipeProtocol.CALL, "look at the queue"),
        Pipe("signer", PipeProtocol.CALL, "see keys, and rotate them"),
        Pipe("filter", PipeProtocol.CALL, "install a trained model"),
        Pipe("primary", PipeProtocol.CALL, "look at zones and their history, change them"),
        Pipe("resolver", PipeProtocol.CALL, "resolve a name and see why it is secure"),
        Pipe("receiver", PipeProtocol.CALL, "see and change who is let in"),
        Pipe("reporter", PipeProtocol.CALL, "see reports, and send them now"),
    ),
)


def _edges(manifests: Iterable[Manifest], *, dialling: bool) -> set[tuple[str, str, PipeProtocol]]:
    if dialling:
        return {(m.name, pipe.peer, pipe.protocol) for m in manifests for pipe in m.reaches}
    return {(pipe.peer, m.name, pipe.protocol) for m in manifests for pipe in m.serves}


def check_mesh(manifests: Iterable[Manifest]) -> tuple[tuple[str, str, PipeProtocol], ...]:
    """Return every edge (from, to, protocol) in order; raises `MeshError` where only one end names it."""
    cells = tuple(manifests)
    dialled = _edges(cells, dialling=True)
    served = _edges(cells, dialling=False)
    for source, target, protocol in sorted(dialled ^ served):
        missing = target if (source, target, protocol) in dialled else source
        raise MeshError(f"the pipe {source} → {target} ({protocol}) is not in the manifest of {missing}")
    return tuple(sorted(dialled))
