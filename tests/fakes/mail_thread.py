"""A mail server on loopback in a thread of its own, for tests of commands that run loops of theirs."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fakes.mail_sessions import RecordingSession, Records
from scop.net.mail_server import Entrance, MailServer
from scop.net.peer import Peer
from scop.smtp import Proof, Reply, SaslStep, ServerOptions, reply
from scop.smtp.extensions.auth import challenge
from scop.smtp.sasl import ScramVerifier, ServerExchange

__all__ = ["ScramSession", "serving"]


@dataclass(frozen=True, slots=True)
class ScramSession:
    """Makes sessions that let `alice` with the password `secret` in by SCRAM, too."""

    records: Records
    channel_binding: bytes

    def __call__(self, peer: Peer) -> _ScramSession:
        """Return one more."""
        self.records.peers.append(peer)
        return _ScramSession(self.records, self.channel_binding)


class _ScramSession(RecordingSession):
    def __init__(self, records: Records, channel_binding: bytes) -> None:
        super().__init__(records)
        self._binding = channel_binding
        self._exchange: ServerExchange | None = None
        self._is_proven = False

    async def authenticate(self, proof: Proof, /) -> Reply:
        if not isinstance(proof, SaslStep):
            return await super().authenticate(proof)
        if self._is_proven:
            self._records.asked.append(f"authenticated by {proof.mechanism}")
            return reply(235, "2.7.0", "Welcome")
        if self._exchange is None:
            self._exchange = ServerExchange(proof.mechanism, nonce="the+server", channel_binding=self._binding)
            self._exchange.read_first(proof.octets)
            return challenge(self._exchange.challenge(ScramVerifier.of("secret", b"salt", 4096)))
        final = self._exchange.finish(proof.octets)
        self._exchange = None
        self._is_proven = final is not None
        return reply(535, "5.7.8", "Authentication failed") if final is None else challenge(final)


@contextmanager
def serving(
    new_session: Callable[[Peer], RecordingSession],
    options: ServerOptions,
    *,
    tls: ssl.SSLContext | None = None,
    implicit: bool = False,
) -> Iterator[int]:
    """Serve until the block ends; yields the port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def begin() -> asyncio.Server:
        def accept() -> MailServer:
            return MailServer(options, new_session, tls=tls, entrance=Entrance(implicit_tls=implicit))

        return await loop.create_server(accept, "127.0.0.1", 0)

    async def end(server: asyncio.Server) -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait(others, timeout=5) if others else None

    try:
        server = asyncio.run_coroutine_threadsafe(begin(), loop).result()
        yield server.sockets[0].getsockname()[1]
        asyncio.run_coroutine_threadsafe(end(server), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
