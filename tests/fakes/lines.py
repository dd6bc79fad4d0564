"""A connection without sockets: what one end writes, the other hears when the loop turns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from scop.net.faults import TemporaryFailure

__all__ = ["Line", "PairedDialer"]

_P = TypeVar("_P", bound=asyncio.BaseProtocol)


class Line(asyncio.Transport):
    """One end of a pair; `written` keeps all that was said on it."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.protocol = protocol
        self.other: Line | None = None
        self.written = b""
        self.wrote = asyncio.Event()
        self.reading = True
        self._closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Say it to the other end."""
        self.written += bytes(data)
        self.wrote.set()
        if self.other is not None:
            asyncio.get_running_loop().call_soon(self.other.hear, bytes(data))

    def hear(self, octets: bytes) -> None:
        """Give octets to the protocol of this end."""
        if not self._closed:
            self.protocol.data_received(octets)

    def is_closing(self) -> bool:
        """Say whether this end is closed."""
        return self._closed

    def pause_reading(self) -> None:
        """Note it."""
        self.reading = False

    def resume_reading(self) -> None:
        """Note it."""
        self.reading = True

    def abort(self) -> None:
        """Close both ends."""
        for end in (self, self.other):
            if end is not None and not end._closed:
                end._closed = True
                asyncio.get_running_loop().call_soon(end.protocol.connection_lost, None)


class PairedDialer:
    """Dials protocols made by `answer`; fails as often as it is told, and remembers its lines."""

    def __init__(self, answer: Callable[[], asyncio.Protocol], failures: int = 0) -> None:
        self._answer = answer
        self.failures = failures
        self.lines: list[Line] = []

    async def __call__(self, new_protocol: Callable[[], _P], /) -> tuple[asyncio.Transport, _P]:
        """Connect a pair."""
        if self.failures:
            self.failures -= 1
            raise TemporaryFailure("nobody listens")
        protocol = new_protocol()
        assert isinstance(protocol, asyncio.Protocol)
        near, far = Line(protocol), Line(self._answer())
        near.other, far.other = far, near
        self.lines.append(near)
        protocol.connection_made(near)
        far.protocol.connection_made(far)
        return near, protocol
