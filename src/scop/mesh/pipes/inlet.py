"""The door of a cell: neighbours are let in by name, each to the one protocol that its edge grants."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from scop.mesh.inlet import Handlers
from scop.mesh.pipes.identity import PipeIdentity
from scop.mesh.pipes.threshold import HANDSHAKE_SECONDS, Threshold, Visitor, handshake
from scop.mesh.protocol import PipeProtocol
from scop.net.faults import PermanentFailure
from scop.net.log import Log
from scop.net.peer import peer_of

__all__ = ["PipeInlet", "PipeLimits"]


@dataclass(frozen=True, slots=True)
class PipeLimits:
    """How many may stand at the door and inside; far above need, far below what a process can hold."""

    max_strangers: int = 64  # connections whose handshake is not over
    max_pipes_per_cell: int = 256  # so that one neighbour cannot shut out the others
    handshake_seconds: float = HANDSHAKE_SECONDS


class PipeInlet:
    """Listens for neighbours; satisfies `scop.mesh.inlet.Inlet`.

    `grants` says which cell may come in and what is spoken with it. Whoever is refused is told nothing;
    the log has the reason.
    """

    def __init__(
        self,
        listener: socket.socket,
        identity: PipeIdentity,
        grants: Mapping[str, PipeProtocol],
        log: Log,
        limits: PipeLimits | None = None,
    ) -> None:
        self._listener = listener
        self._identity = identity
        self._grants = dict(grants)
        self._log = log
        self._limits = limits or PipeLimits()
        self._greetings: set[asyncio.Task[None]] = set()
        self._pipes: dict[str, set[asyncio.Transport]] = {}
        self._server: asyncio.Server | None = None

    async def serve(self, handlers: Handlers) -> None:
        """Start to accept; returns once listening."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Door(self, handlers), sock=self._listener)

    async def close(self) -> None:
        """Stop accepting, and send away who is still at the door; open pipes go on."""
        if self._server is not None:
            self._server.close()
        for greeting in tuple(self._greetings):
            greeting.cancel()

    def knock(self, door: Threshold, handlers: Handlers) -> None:
        """Begin to find out who is there."""
        if len(self._greetings) >= self._limits.max_strangers:
            self._refuse(door, f"more than {self._limits.max_strangers} handshakes at once")
            return
        greeting = asyncio.get_running_loop().create_task(self._greet(door, handlers))
        self._greetings.add(greeting)
        greeting.add_done_callback(self._greetings.discard)

    async def _greet(self, door: Threshold, handlers: Handlers) -> None:
        try:
            visitor = await handshake(
                door,
                self._identity.server_context,
                domain=self._identity.domain,
                allowed=self._grants,
                seconds=self._limits.handshake_seconds,
            )
            self._let_in(door, visitor, handlers)
        except (OSError, PermanentFailure) as fault:
            self._refuse(door, str(fault) or type(fault).__name__)

    def _let_in(self, door: Threshold, visitor: Visitor, handlers: Handlers) -> None:
        new_protocol = handlers.get(self._grants[visitor.cell])
        if new_protocol is None:
            raise PermanentFailure(f"nobody here speaks {self._grants[visitor.cell]} with {visitor.cell}")
        open_pipes = {pipe for pipe in self._pipes.get(visitor.cell, ()) if not pipe.is_closing()}
        if len(open_pipes) >= self._limits.max_pipes_per_cell:
            raise PermanentFailure(f"{visitor.cell} has {len(open_pipes)} pipes open")
        self._pipes[visitor.cell] = open_pipes | {visitor.transport}
        door.hand_over(visitor.transport, new_protocol(peer_of(visitor.transport, cell=visitor.cell)))

    def _refuse(self, door: Threshold, reason: str) -> None:
        assert door.transport is not None, "nobody is refused who did not come"
        peer = peer_of(door.transport)
        self._log.warning("pipe.refused", address=peer.address, port=peer.port, reason=reason)
        door.transport.abort()


class _Door(Threshold):
    """A threshold that knocks as soon as somebody stands on it."""

    def __init__(self, inlet: PipeInlet, handlers: Handlers) -> None:
        super().__init__()
        self._inlet = inlet
        self._handlers = handlers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Knock; called once, by the plain connection."""
        super().connection_made(transport)
        self._inlet.knock(self, self._handlers)
