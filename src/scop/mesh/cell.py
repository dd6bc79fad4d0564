"""A cell's place in the mesh: all that its service is handed, before confinement, to build its options from."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scop.base import Clock
from scop.mesh.calls import Caller
from scop.mesh.config import Config
from scop.mesh.control import Identifiers
from scop.mesh.inlet import Inlet
from scop.mesh.manifest import Manifest
from scop.mesh.pipes import PipeIdentity, pipe_dialer
from scop.mesh.protocol import PipeProtocol
from scop.net.clock import SystemClock
from scop.net.dialer import Dialer
from scop.net.log import Log

if TYPE_CHECKING:
    from scop.net.mail_pool import MailPool

__all__ = ["Cell", "Life", "Place"]

RESTART_SECONDS = 5.0  # within which a killed cell is back; no mail is put off for so short a time


@dataclass(frozen=True, slots=True)
class Place:
    """Where a neighbour's pipe listens."""

    address: str
    port: int


class Life:
    """When a cell is ready, and when it has to end."""

    def __init__(self) -> None:
        self._on_ready: Callable[[], None] = lambda: None
        self._stopping = asyncio.Event()

    def on_ready(self, act: Callable[[], None]) -> None:
        """Have `act` called once the service is ready."""
        self._on_ready = act

    def ready(self) -> None:
        """Say that every listener accepts; called once by the service's `run`."""
        self._on_ready()

    def stop(self) -> None:
        """Ask the service to drain and return."""
        self._stopping.set()

    async def stopped(self) -> None:
        """Wait until the cell is asked to end."""
        await self._stopping.wait()


@dataclass(frozen=True, slots=True)
class Cell:
    """One process of the mesh, as its own service sees it."""

    manifest: Manifest
    config: Config
    state: Path  # its own folder, the only one it may write
    log: Log
    inlet: Inlet
    identity: PipeIdentity
    places: Mapping[str, Place]  # by peer: only those that the manifest reaches
    listeners: Mapping[str, socket.socket] = field(default_factory=dict)  # by Listener.name, bound and listening
    life: Life = field(default_factory=Life)
    clock: Clock = field(default_factory=SystemClock)
    identifiers: Identifiers | None = None  # which it takes where it was started as root

    def dial(self, peer: str) -> Dialer:
        """Return how to open a pipe to `peer`; raises `MeshError` where the manifest names none."""
        self.manifest.protocol_with(peer)
        place = self.places[peer]
        return pipe_dialer(self.identity, peer, place.address, place.port)

    def mail_pool(self, peer: str) -> MailPool:
        """Return connections on which mail is passed to `peer`; they wait for a peer that restarts."""
        from scop.net.mail_pool import MailPool  # here, so that a cell that passes no mail on loads no SMTP

        return MailPool(
            self.dial(peer),
            name=self.config.mail_host,
            lmtp=self.manifest.protocol_with(peer) is PipeProtocol.LMTP,
            patience_seconds=RESTART_SECONDS,
        )

    def caller(self, peer: str) -> Caller:
        """Return typed calls to `peer`."""
        assert self.manifest.protocol_with(peer) is PipeProtocol.CALL
        return Caller(self.dial(peer))

    def public_tls(self) -> ssl.SSLContext:
        """Return the context of public listeners, from the configured certificate; read before confinement."""
        from scop.net.tls_layer import server_context  # here, so that a cell without a public listener loads none of it

        return server_context(self.config.tls.certificate, self.config.tls.key)
