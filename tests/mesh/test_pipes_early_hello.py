"""A pipe whose client has spoken before it was accepted, as cells in other processes do."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import TypeVar, cast

import pytest

from fakes.loops import LOOPS, run_under
from fakes.mesh import DOMAIN, KeptLog, identity_of, loopback_listener
from scop.mesh.authority import Authority
from scop.mesh.pipes import PipeInlet
from scop.mesh.protocol import PipeProtocol

_T = TypeVar("_T")


class Echo(asyncio.Protocol):
    """Says everything again."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Say it again."""
        self._transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        self.lost.set()


class EarlyClient:
    """A TLS client that is stepped by hand, so that its hello lies in the kernel before the server runs."""

    def __init__(self, context: ssl.SSLContext, place: tuple[str, int]) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing)
        self.socket = socket.create_connection(place, timeout=60)
        with pytest.raises(ssl.SSLWantReadError):
            self._tls.do_handshake()
        self._flush()

    def say(self, octets: bytes) -> bytes:
        """Finish the handshake, say something and return the answer; blocks."""
        self._until(self._tls.do_handshake)
        self._tls.write(octets)
        self._flush()
        return self._until(lambda: self._tls.read(100))

    def _until(self, step: Callable[[], _T]) -> _T:
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                self._flush()
                self._incoming.write(self.socket.recv(65536))
            else:
                self._flush()
                return done

    def _flush(self) -> None:
        self.socket.sendall(self._outgoing.read())


@pytest.mark.parametrize("loop", LOOPS)
def test_pipe_hello_before_accept_is_heard(loop: str) -> None:
    """A hello that was there before the connection was accepted opens the pipe like any other."""
    authority = Authority(DOMAIN)
    listener = loopback_listener()
    client = EarlyClient(identity_of(authority, "signer").client_context, listener.getsockname())

    async def main() -> None:
        echo = Echo()
        grants = {"signer": PipeProtocol.DOT}
        inlet = PipeInlet(listener, identity_of(authority, "primary"), grants, KeptLog().log())
        await inlet.serve({PipeProtocol.DOT: lambda _peer: echo})
        with client.socket:
            assert b"hello" == await asyncio.to_thread(client.say, b"hello")
        await echo.lost.wait()
        await inlet.close()

    with listener:
        run_under(loop, main)
