"""How a cell reaches a neighbour, and makes sure that it is that neighbour."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar, cast

from scop.mesh.pipes.identity import PipeIdentity
from scop.mesh.pipes.threshold import HANDSHAKE_SECONDS, Threshold, judge
from scop.net.dialer import Dialer
from scop.net.faults import PermanentFailure, TemporaryFailure

__all__ = ["pipe_dialer"]

CONNECT_SECONDS = 5.0  # on one machine a connection opens at once or the other end's backlog is full

_P = TypeVar("_P", bound=asyncio.BaseProtocol)


def pipe_dialer(identity: PipeIdentity, peer_name: str, address: str, port: int) -> Dialer:
    """Return how to open a pipe to the cell `peer_name`; a wrong cell there is a `TemporaryFailure` too.

    Temporary, because mail must wait and not bounce while somebody else sits on a neighbour's port.
    """

    async def dial(new_protocol: Callable[[], _P], /) -> tuple[asyncio.Transport, _P]:
        try:
            threshold = await _connect(identity, address, port)
            visitor = judge(threshold, domain=identity.domain, allowed=(peer_name,))
        except (TimeoutError, OSError, PermanentFailure) as fault:
            reason = str(fault) or type(fault).__name__
            raise TemporaryFailure(f"no pipe to {peer_name} at {address} port {port}: {reason}") from fault
        protocol = new_protocol()
        # The face of a dialer allows every kind of protocol; all that run on pipes are stream protocols.
        threshold.hand_over(visitor.transport, cast(asyncio.Protocol, protocol))
        return visitor.transport, protocol

    return dial


async def _connect(identity: PipeIdentity, address: str, port: int) -> Threshold:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_SECONDS + HANDSHAKE_SECONDS):
        _, threshold = await loop.create_connection(
            Threshold, address, port, ssl=identity.client_context, ssl_handshake_timeout=HANDSHAKE_SECONDS
        )
    return threshold
