"""How a connection is opened: one shape for plain sockets, TLS and the pipes of the mesh."""

from __future__ import annotations

import asyncio
from itertools import zip_longest
from typing import TYPE_CHECKING, Protocol, TypeVar

from scop.net.faults import TemporaryFailure, reason_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

__all__ = ["Dialer", "in_turn", "tcp_dialer"]

_P = TypeVar("_P", bound=asyncio.BaseProtocol)


class Dialer(Protocol):
    """Opens a connection for a protocol made by `new_protocol`; raises `TemporaryFailure` where it cannot."""

    async def __call__(self, new_protocol: Callable[[], _P], /) -> tuple[asyncio.Transport, _P]:
        """Return the open transport and its protocol."""


def in_turn(families: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return addresses of both families in turn, so that a broken one costs one try and not all of them."""
    return tuple(address for turn in zip_longest(*families) for address in turn if address is not None)


def tcp_dialer(
    address: str,
    port: int,
    *,
    source: str = "",
    tls: ssl.SSLContext | None = None,
    server_name: str = "",
    connect_seconds: float | None = None,
) -> Dialer:
    """Return how to reach `address`:`port`, from the local address `source` where one is named.

    With `tls` the connection starts with a handshake; `server_name` is what the certificate must bear. Without
    `connect_seconds` the system says how long all of it may take, which is minutes.
    """

    async def dial(new_protocol: Callable[[], _P], /) -> tuple[asyncio.Transport, _P]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(connect_seconds):
                return await loop.create_connection(
                    new_protocol,
                    address,
                    port,
                    ssl=tls,
                    server_hostname=(server_name or address) if tls else None,
                    local_addr=(source, 0) if source else None,
                )
        except OSError as fault:  # refusals, ssl.SSLError and TimeoutError are OSErrors
            reason = reason_of(fault) or f"no answer within {connect_seconds} s"
            raise TemporaryFailure(f"no connection to {address} port {port}: {reason}") from fault

    return dial
