"""The door of a cell: neighbours are let in by name, each to the one protocol that its edge grants."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from scop.mesh.inlet import Handlers
from scop.mesh.pipes.identity import PipeIdentity
from scop.mesh.pipes.threshold import HANDSHAKE_SECONDS, Threshold, Visitor, judge
from scop.mesh.protocol import PipeProtocol
from scop.net.faults import PermanentFailure
from scop.net.log import Log
from scop.net.peer import peer_of

__all__ = ["PipeInlet", "PipeLimits"]

MAX_ACCEPTED_AT_ONCE = 64  # in one turn of the loop


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

    async def serve(self, handlers: Handlers) -> None:
        """Start to accept; returns once listening."""
        self._listener.setblocking(False)
        asyncio.get_running_loop().add_reader(self._listener, self._accept, handlers)

    async def close(self) -> None:
        """Stop accepting, and send away who is still at the door; open pipes go on."""
        asyncio.get_running_loop().remove_reader(self._listener)
        self._listener.close()
        for greeting in tuple(self._greetings):
            greeting.cancel()

    def _accept(self, handlers: Handlers) -> None:
        """Take everybody who waits outside.

        Accepted by hand, because only `connect_accepted_socket` tells why a handshake failed; a server
        with TLS of its own drops the reason.
        """
        for _ in range(MAX_ACCEPTED_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except OSError:  # nobody waits any more, or they are gone again
                return
            connection.setblocking(False)
            if len(self._greetings) >= self._limits.max_strangers:
                self._refuse(_address_of(connection), f"more than {self._limits.max_strangers} handshakes at once")
                connection.close()
                continue
            greeting = asyncio.get_running_loop().create_task(self._greet(connection, handlers))
            self._greetings.add(greeting)
            greeting.add_done_callback(self._greetings.discard)

    async def _greet(self, connection: socket.socket, handlers: Handlers) -> None:
        """Find out who is there; the first words of a visitor wait in the threshold meanwhile."""
        address = _address_of(connection)
        door = Threshold()  # made here: uvloop returns another object than the protocol it was given
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: door,
                connection,
                ssl=self._identity.server_context,
                ssl_handshake_timeout=self._limits.handshake_seconds,
            )
            visitor = judge(door, domain=self._identity.domain, allowed=self._grants)
            self._let_in(door, visitor, handlers)
        except (OSError, PermanentFailure) as fault:
            self._refuse(address, str(fault) or type(fault).__name__)

    def _let_in(self, door: Threshold, visitor: Visitor, handlers: Handlers) -> None:
        new_protocol = handlers.get(self._grants[visitor.cell])
        if new_protocol is None:
            visitor.transport.abort()
            raise PermanentFailure(f"nobody here speaks {self._grants[visitor.cell]} with {visitor.cell}")
        open_pipes = {pipe for pipe in self._pipes.get(visitor.cell, ()) if not pipe.is_closing()}
        if len(open_pipes) >= self._limits.max_pipes_per_cell:
            visitor.transport.abort()
            raise PermanentFailure(f"{visitor.cell} has {len(open_pipes)} pipes open")
        self._pipes[visitor.cell] = open_pipes | {visitor.transport}
        door.hand_over(visitor.transport, new_protocol(peer_of(visitor.transport, cell=visitor.cell)))

    def _refuse(self, address: tuple[str, int], reason: str) -> None:
        self._log.warning("pipe.refused", address=address[0], port=address[1], reason=reason)


def _address_of(connection: socket.socket) -> tuple[str, int]:
    """Return who called; nothing where they are gone already."""
    try:
        host, port = connection.getpeername()[:2]
    except OSError:
        return "", 0
    return str(host), int(port)
