"""The driver of `scop.smtp.ServerConnection`: one connection, one session that decides.

Commands are answered in order by one task for each connection. Replies to a pipelined group leave in
one write (RFC 2920 §3.2). The session holds all policy: this module knows none.

Standards: RFC 5321 §4.5.3.2 (timeouts); RFC 3207 (STARTTLS); RFC 2033 (LMTP).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from scop.net.peer import Peer, peer_of
from scop.smtp import (
    NEED_DATA,
    Authenticate,
    Challenge,
    DataBegin,
    DataChunk,
    DataEnd,
    DataRefused,
    Event,
    Forwarded,
    Hello,
    Help,
    Mail,
    Noop,
    Proof,
    Quit,
    Recipient,
    Refused,
    Reply,
    Reset,
    SaslStep,
    ServerConnection,
    ServerOptions,
    StartTls,
    State,
    Verify,
    reply,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

__all__ = ["MailServer", "MailSession", "ServerTimeouts"]

MAX_PENDING_OCTETS = 262_144  # read ahead of the commands; then the client has to wait
MAX_REFUSALS = 20  # commands that the machine itself rejects; who goes on speaks no SMTP

_OK = reply(250, "2.0.0", "Ok")
_SIMPLE: Mapping[type, Reply] = {
    DataBegin: reply(354, "", "End data with <CR><LF>.<CR><LF>"),
    Forwarded: _OK,
    Noop: _OK,
    Quit: reply(221, "2.0.0", "Bye"),
    Verify: reply(252, "2.5.0", "Send some mail, I will try"),  # RFC 5321 §7.3: tells nothing
    Help: reply(214, "2.0.0", "See RFC 5321"),
}
_IN_TRANSACTION = (State.MAIL, State.RECIPIENTS)


class MailSession(Protocol):
    """What one conversation means: every method decides and says the reply.

    After STARTTLS the session is closed and a new one is made and asked `connected` again: nothing
    of what was said in the clear is kept (RFC 3207 §4.2), only its refusal is sent.
    """

    async def connected(self) -> Reply:
        """Return the greeting, or a refusal that closes the connection."""

    async def hello(self, hello: Hello, /) -> None:
        """Note the client's name for itself."""

    async def authenticate(self, proof: Proof, /) -> Reply:
        """Decide who the client is."""

    async def mail(self, mail: Mail, /) -> Reply:
        """Decide on a reverse path."""

    async def recipient(self, recipient: Recipient, /) -> Reply:
        """Decide on one forward path."""

    async def message(self, octets: bytes, /) -> Reply:
        """Take the whole message; a positive reply takes responsibility for it. The transaction is over."""

    async def reset(self) -> None:
        """Abandon the transaction."""

    async def closed(self) -> None:
        """Let go of everything: nothing more is asked."""


@dataclass(frozen=True, slots=True)
class ServerTimeouts:
    """How long a client may be silent (RFC 5321 §4.5.3.2.7), and how long a handshake may take."""

    idle_seconds: float = 300.0
    handshake_seconds: float = 30.0


class _Gone(Exception):
    """The client is not there any more."""


class _UnderTls(asyncio.Protocol):
    """The side of a `MailServer` that only ever hears what was said under TLS."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    def data_received(self, octets: bytes, /) -> None:
        self._server.tls_data_received(octets)

    def connection_lost(self, fault: Exception | None, /) -> None:
        self._server.connection_lost(fault)

    def pause_writing(self) -> None:
        self._server.pause_writing()

    def resume_writing(self) -> None:
        self._server.resume_writing()


class MailServer(asyncio.Protocol):
    """One connection of a mail client to us.

    `peer` is given where a pipe has proven who it is. With `tls` STARTTLS can be answered. A fault
    out of a session is a bug: it goes to `on_fault`, the client reads 451, the connection ends. What the
    machine itself refuses goes to `on_refused`.
    """

    def __init__(
        self,
        options: ServerOptions,
        new_session: Callable[[Peer], MailSession],
        *,
        peer: Peer | None = None,
        tls: ssl.SSLContext | None = None,
        timeouts: ServerTimeouts = ServerTimeouts(),
        on_fault: Callable[[Exception], None] | None = None,
        on_refused: Callable[[Peer, Refused], None] | None = None,
    ) -> None:
        self._connection = ServerConnection(options)
        self._new_session = new_session
        self._peer = peer
        self._tls = tls
        self._timeouts = timeouts
        self._on_fault = on_fault or _report
        self._on_refused = on_refused
        self._out: list[bytes] = []
        self._chunks: list[bytes] = []
        self._refusals = 0
        self._waiter: asyncio.Future[None] | None = None  # for octets to come
        self._drained: asyncio.Future[None] | None = None  # for octets to leave
        self._early = bytearray()  # under TLS, before the handshake was told to us
        self._lost = False
        self._reading_paused = False

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the conversation."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by class
        self._loop = asyncio.get_running_loop()
        self._peer = self._peer or peer_of(transport)
        self._session = self._new_session(self._peer)
        self._deadline = self._loop.time() + self._timeouts.idle_seconds
        self._timer = self._loop.call_at(self._deadline, self._look_at_clock)
        self._task = self._loop.create_task(self._converse())

    def data_received(self, octets: bytes) -> None:
        """Take what came; the client has to wait when it is far ahead."""
        self._connection.receive_data(octets)
        if self._connection.pending_octets > MAX_PENDING_OCTETS and not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()
        _wake(self._waiter)

    def tls_data_received(self, octets: bytes) -> None:
        """Take what came under TLS; a client may speak before we know that the handshake is done."""
        if self._connection.state is State.HANDSHAKE:
            self._early += octets
        else:
            self.data_received(octets)

    def connection_lost(self, _fault: Exception | None) -> None:
        """Note that the client has gone; what the session does at the moment is let finish."""
        self._lost = True
        self._timer.cancel()
        _wake(self._waiter)
        _wake(self._drained)

    def pause_writing(self) -> None:
        """Note that the client does not read."""
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        """Note that the client reads again."""
        _wake(self._drained)
        self._drained = None

    def _look_at_clock(self) -> None:
        """End a silent conversation. One timer serves all waits: it is set anew only when it fires."""
        now = self._loop.time()
        waiting = self._waiter is not None or self._drained is not None
        if waiting and now >= self._deadline:
            self._out.append(reply(421, "4.4.2", "Timeout").to_octets())
            self._write()
            self._transport.abort() if self._drained else self._transport.close()
            return
        self._timer = self._loop.call_at(
            self._deadline if waiting else now + self._timeouts.idle_seconds, self._look_at_clock
        )

    # The conversation

    async def _converse(self) -> None:
        try:
            self._out.append(self._connection.send(await self._session.connected()))
            while self._connection.state is not State.CLOSED:
                await self._next()
            await self._flush()
        except _Gone:
            pass
        except Exception as fault:  # a bug, whatever it is: the client must hear something
            self._on_fault(fault)
            self._apologize()
        finally:
            self._timer.cancel()
            self._transport.close()
            await self._close_session()

    async def _next(self) -> None:
        event = self._connection.next_event()
        if event is NEED_DATA and self._out:
            await self._flush()  # octets may come in the meantime: look again before waiting for some
        elif event is NEED_DATA:
            await self._more()
        elif isinstance(event, DataChunk):
            self._chunks.append(event.octets)
        elif isinstance(event, StartTls):
            await self._start_tls()
        else:
            answer = await self._reply_to(event)
            self._out.append(self._connection.send(answer))

    async def _reply_to(self, event: Event) -> Reply:
        match event:
            case Mail():
                return await self._session.mail(event)
            case Recipient():
                return await self._session.recipient(event)
            case DataEnd():
                return await self._session.message(self._take_message())
            case DataRefused():
                self._take_message()
                await self._session.reset()
                return event.reply
            case Authenticate() | SaslStep():
                return await self._session.authenticate(event)
            case Challenge():
                return event.reply
            case Refused():
                return self._refused(event)
            case _:
                return await self._reply_to_simple(event)

    async def _reply_to_simple(self, event: Event) -> Reply:
        if isinstance(event, Hello | Reset) and self._connection.state in _IN_TRANSACTION:
            await self._session.reset()
        if isinstance(event, Hello):
            await self._session.hello(event)
            return self._connection.hello_reply()
        return _SIMPLE.get(type(event), _OK)

    def _take_message(self) -> bytes:
        chunks, self._chunks = self._chunks, []
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _refused(self, event: Refused) -> Reply:
        self._refusals += 1
        if self._on_refused is not None and self._peer is not None:
            self._on_refused(self._peer, event)
        if self._refusals < MAX_REFUSALS:
            return event.reply
        return reply(421, "4.7.0", "Too many errors")

    # Octets

    async def _more(self) -> None:
        if self._lost:
            raise _Gone
        if self._reading_paused:
            self._reading_paused = False
            self._transport.resume_reading()
        self._deadline = self._loop.time() + self._timeouts.idle_seconds
        self._waiter = self._loop.create_future()
        await self._waiter
        self._waiter = None

    def _write(self) -> None:
        octets = b"".join(self._out)
        self._out.clear()
        if octets and not self._lost:
            self._transport.write(octets)

    async def _flush(self) -> None:
        self._write()
        if self._drained is not None:
            self._deadline = self._loop.time() + self._timeouts.idle_seconds
            await self._drained

    async def _start_tls(self) -> None:
        answer = reply(220, "2.0.0", "Ready to start TLS")
        assert self._tls is not None, "STARTTLS is offered without a context"
        # From here on nothing is read in the clear: what comes belongs to the handshake.
        self._transport.pause_reading()
        self._out.append(self._connection.send(answer))
        await self._flush()
        try:
            transport = await self._loop.start_tls(
                self._transport,
                _UnderTls(self),
                self._tls,
                server_side=True,
                ssl_handshake_timeout=self._timeouts.handshake_seconds,
            )
        except OSError as fault:  # ssl.SSLError and TimeoutError too: the client cannot do it
            raise _Gone from fault
        if transport is None or self._lost:
            raise _Gone
        self._transport = transport
        self._reading_paused = False
        self._connection.start_tls_done()
        self._connection.receive_data(bytes(self._early))
        await self._begin_anew(peer_of(transport))

    async def _begin_anew(self, peer: Peer) -> None:
        await self._session.closed()
        self._session = self._new_session(peer)
        welcome = await self._session.connected()
        if not welcome.is_positive:
            self._out.append(welcome.to_octets())
            await self._flush()
            raise _Gone

    # The end

    def _apologize(self) -> None:
        self._out.append(reply(451, "4.3.0", "Local error, try again later").to_octets())
        self._write()

    async def _close_session(self) -> None:
        try:
            await self._session.closed()
        except Exception as fault:  # a bug, as above
            self._on_fault(fault)


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


def _report(fault: Exception) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": "a mail session failed", "exception": fault})
