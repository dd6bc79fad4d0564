"""A mail session that takes everything and writes down what it was asked, and servers on loopback for it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scop.net.dialer import Dialer, tcp_dialer
from scop.net.mail_server import MailServer, MailSession
from scop.smtp import Authenticate, Hello, Mail, Mailbox, Proof, Recipient, Reply, ServerOptions, reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from scop.net.peer import Peer

__all__ = ["OK", "Listening", "RecordingSession", "Records", "listen", "serve"]

OK = reply(250, "2.0.0", "Ok")
_GREETING = reply(220, "", "mx.harbor.test ESMTP")


@dataclass
class Records:
    """What all sessions of one server were asked; `replies` overrules their answers by local part."""

    asked: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    recipients: list[Recipient] = field(default_factory=list)
    peers: list[Peer] = field(default_factory=list)
    replies: dict[str, Reply] = field(default_factory=dict)
    message_reply: Reply = OK
    greeting: Reply = _GREETING
    silent: bool = False  # takes the message and never answers
    taken: asyncio.Event = field(default_factory=asyncio.Event)  # a message came whole
    gate: asyncio.Event | None = None  # the answer to a message waits for it
    fault: Exception | None = None
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def session(self, peer: Peer) -> RecordingSession:
        """Return a session that writes into these records."""
        self.peers.append(peer)
        return RecordingSession(self)


class RecordingSession:
    """Satisfies `MailSession`."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def connected(self) -> Reply:
        self._records.asked.append("connected")
        return self._records.greeting

    async def hello(self, hello: Hello, /) -> None:
        self._records.asked.append(f"hello {hello.verb} {hello.name}")

    async def authenticate(self, proof: Proof, /) -> Reply:
        assert isinstance(proof, Authenticate)
        self._records.asked.append(f"authenticate {proof.login}")
        return reply(235, "2.7.0", "Welcome") if proof.password == "secret" else reply(535, "5.7.8", "No")

    async def mail(self, mail: Mail, /) -> Reply:
        self._records.asked.append(f"mail {mail.reverse_path}")
        self._records.mails.append(mail)
        return self._reply_for(mail.reverse_path.mailbox)

    async def recipient(self, recipient: Recipient, /) -> Reply:
        self._records.asked.append(f"recipient {recipient.forward_path}")
        self._records.recipients.append(recipient)
        return self._reply_for(recipient.forward_path.mailbox)

    async def message(self, octets: bytes, /) -> Reply:
        self._records.asked.append("message")
        self._records.taken.set()
        if self._records.gate is not None:
            await self._records.gate.wait()
        if self._records.fault is not None:
            raise self._records.fault
        if self._records.silent:
            await asyncio.get_running_loop().create_future()
        self._records.messages.append(octets)
        return self._records.message_reply

    async def reset(self) -> None:
        self._records.asked.append("reset")

    async def closed(self) -> None:
        self._records.asked.append("closed")
        self._records.closed.set()

    def _reply_for(self, mailbox: Mailbox | None) -> Reply:
        return self._records.replies.get(mailbox.local_part if mailbox else "", OK)


@dataclass
class Listening:
    """A server on a port of its own, and the connections that it has."""

    port: int
    server: asyncio.Server
    transports: list[asyncio.BaseTransport]

    def dialer(self) -> Dialer:
        """Return how to reach it."""
        return tcp_dialer("127.0.0.1", self.port)

    def kill(self) -> None:
        """Let it die as a process does: nothing listens, every connection is gone."""
        self.server.close()
        for transport in self.transports:
            if isinstance(transport, asyncio.Transport):
                transport.abort()


@asynccontextmanager
async def listen(new_protocol: Callable[[], asyncio.Protocol], port: int = 0) -> AsyncIterator[Listening]:
    """Listen on loopback, on a free port unless one is named."""
    transports: list[asyncio.BaseTransport] = []

    def accept() -> asyncio.Protocol:
        protocol = new_protocol()
        made = protocol.connection_made

        def connection_made(transport: asyncio.BaseTransport) -> None:
            transports.append(transport)
            made(transport)

        protocol.connection_made = connection_made  # type: ignore[method-assign]  # only to know the transport
        return protocol

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", port)
    listening = Listening(server.sockets[0].getsockname()[1], server, transports)
    try:
        yield listening
    finally:
        listening.kill()
        await server.wait_closed()


@asynccontextmanager
async def serve(
    new_session: Callable[[Peer], MailSession], options: ServerOptions, port: int = 0
) -> AsyncIterator[Listening]:
    """Serve mail on loopback."""
    async with listen(lambda: MailServer(options, new_session), port) as listening:
        yield listening
