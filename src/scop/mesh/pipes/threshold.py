"""Where a connection waits until the other end is known."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

from scop.mesh.identity import check_identity
from scop.net.faults import PermanentFailure

__all__ = ["HANDSHAKE_SECONDS", "Threshold", "Visitor", "judge"]

HANDSHAKE_SECONDS = 10.0  # a handshake takes 3 ms; a cell that was stopped or swapped out may take long
MAX_EARLY_OCTETS = 262_144  # one read of asyncio; more cannot come before the loop turns


class Threshold(asyncio.Protocol):
    """Keeps what is said before the real protocol is there; then stands aside.

    After `hand_over` it only passes on what the transport had already scheduled for it.
    """

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.lost = False
        self._early = bytearray()
        self._early_eof = False
        self._real: asyncio.Protocol | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; TLS is already between it and the wire."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Keep what came early; a flood ends the connection."""
        if self._real is not None:
            self._real.data_received(data)
        elif len(self._early) + len(data) > MAX_EARLY_OCTETS:
            self.lost = True
        else:
            self._early += data

    def eof_received(self) -> bool | None:
        """Note that the other end has said all."""
        if self._real is not None:
            return self._real.eof_received()
        self._early_eof = True
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the other end is gone."""
        self.lost = True
        if self._real is not None:
            self._real.connection_lost(exc)

    def hand_over(self, transport: asyncio.Transport, real: asyncio.Protocol) -> None:
        """Make `real` the protocol of the connection, and tell it what was kept."""
        self._real = real
        transport.set_protocol(real)
        real.connection_made(transport)
        if self._early:
            real.data_received(bytes(self._early))
            self._early.clear()
        if self._early_eof:
            real.eof_received()


@dataclass(frozen=True, slots=True)
class Visitor:
    """The other end of an open connection, known by name."""

    cell: str
    transport: asyncio.Transport


def judge(threshold: Threshold, *, domain: str, allowed: Collection[str]) -> Visitor:
    """Say who is at the other end of a connection whose handshake is over.

    Raises `PermanentFailure` where the name is refused, OSError where the other end is gone already;
    the connection is closed in each of these cases.
    """
    transport = threshold.transport
    assert transport is not None, "a handshake that is over has a transport"
    try:
        if threshold.lost:
            raise ConnectionAbortedError("closed before it began")
        certificate = transport.get_extra_info("peercert") or {}
        return Visitor(check_identity(certificate, domain=domain, allowed=allowed), transport)
    except (OSError, PermanentFailure):
        transport.abort()
        raise
