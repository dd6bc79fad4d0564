"""An inlet on loopback whose callers are believed to be a given cell: pipes without certificates."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import cast

from scop.mesh.inlet import Handlers
from scop.mesh.protocol import PipeProtocol
from scop.net.dialer import Dialer, tcp_dialer
from scop.net.peer import Peer, peer_of

__all__ = ["NamedInlet"]


class NamedInlet:
    """One listener per granted cell; `dial(cell)` reaches the service as that cell."""

    def __init__(self, grants: dict[str, PipeProtocol]) -> None:
        self._grants = grants
        self._servers: dict[str, asyncio.Server] = {}
        self._open: list[asyncio.Transport] = []

    async def serve(self, handlers: Handlers) -> None:
        """Listen for each cell on a port of its own."""
        loop = asyncio.get_running_loop()
        for cell, protocol in self._grants.items():
            self._servers[cell] = await loop.create_server(
                partial(_Named, handlers[protocol], cell, self._open), "127.0.0.1", 0
            )

    async def close(self) -> None:
        """Stop listening."""
        for server in self._servers.values():
            server.close()

    async def end(self) -> None:
        """Cut whatever is still open."""
        await self.close()
        for transport in self._open:
            transport.abort()
        await asyncio.sleep(0)  # the loop closes them on its next turn

    def dial(self, cell: str) -> Dialer:
        """Return how to reach the service as `cell`."""
        address, port = self._servers[cell].sockets[0].getsockname()
        return tcp_dialer(address, port)


class _Named(asyncio.Protocol):
    def __init__(
        self, new_protocol: Callable[[Peer], asyncio.Protocol], cell: str, accepted: list[asyncio.Transport]
    ) -> None:
        self._new_protocol = new_protocol
        self._cell = cell
        self._accepted = accepted

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        opened = cast(asyncio.Transport, transport)
        self._accepted.append(opened)
        protocol = self._new_protocol(peer_of(opened, cell=self._cell))
        opened.set_protocol(protocol)
        protocol.connection_made(opened)
