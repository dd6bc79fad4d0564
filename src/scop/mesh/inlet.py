"""Where a cell is spoken to from inside: a pipe in the mesh, a plain socket when it runs alone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias, cast

from scop.mesh.protocol import PipeProtocol
from scop.net.peer import Peer, peer_of

__all__ = ["Handlers", "Inlet", "PlainInlet"]

# What to speak with a peer, by the protocol of its edge.
Handlers: TypeAlias = Mapping[PipeProtocol, Callable[[Peer], asyncio.Protocol]]


class Inlet(Protocol):
    """Accepts neighbours and speaks with each what its edge grants."""

    async def serve(self, handlers: Handlers) -> None:
        """Start to accept; returns once listening."""

    async def close(self) -> None:
        """Stop accepting; what is open goes on."""


class _Introduction(asyncio.Protocol):
    """Learns who called, then hands the connection to the real protocol."""

    def __init__(self, new_protocol: Callable[[Peer], asyncio.Protocol]) -> None:
        self._new_protocol = new_protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's are none by class
        protocol = self._new_protocol(peer_of(transport))
        transport.set_protocol(protocol)
        protocol.connection_made(transport)


class PlainInlet:
    """A listener without TLS and without names: for a cell run alone, on loopback, and for tests."""

    def __init__(self, listener: socket.socket, protocol: PipeProtocol) -> None:
        self._listener = listener
        self._protocol = protocol
        self._server: asyncio.Server | None = None

    async def serve(self, handlers: Handlers) -> None:
        """Speak the one protocol with whoever calls."""
        new_protocol = handlers[self._protocol]
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Introduction(new_protocol), sock=self._listener)

    async def close(self) -> None:
        """Stop accepting."""
        if self._server is not None:
            self._server.close()
