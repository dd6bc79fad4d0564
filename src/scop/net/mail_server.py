"""The driver of `scop.smtp.ServerConnection`: one connection, one session that decides.

Commands are answered in order by one task for each connection. Replies to a pipelined group leave in
one write (RFC 2920 §3.2). The session holds all policy: this module knows none.

Standards: RFC 5321 §3.8, §4.5.3.2 (421 and timeouts); RFC 3207 (STARTTLS); RFC 2033 (LMTP).
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from scop.net.entrance import Entrance, ServerTimeouts
from scop.net.mail_wire import Gone, MailWire
from scop.net.message_pieces import MessagePieces
from scop.smtp import (
    NEED_DATA,
    Authenticate,
    Challenge,
    ChunkEnd,
    DataBegin,
    DataChunk,
    DataEnd,
    DataRefused,
    Event,
    Extended,
    Forwarded,
    Hello,
    Help,
    Impersonated,
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
from scop.smtp.server import EARLY_TALK

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from scop.net.peer import Peer

__all__ = ["Entrance", "MailServer", "MailSession", "ServerTimeouts"]

MAX_REPLIES_AT_ONCE = 64  # then they leave, and others are served: 64 KB of commands earn megabytes of replies

_OK = reply(250, "2.0.0", "Ok")
_GO_ON = reply(354, "", "End data with <CR><LF>.<CR><LF>")
_SIMPLE: Mapping[type, Reply] = {
    Forwarded: _OK,
    Noop: _OK,
    Quit: reply(221, "2.0.0", "Bye"),
    Verify: reply(252, "2.5.0", "Send some mail, I will try"),  # RFC 5321 §7.3: tells nothing
    Help: reply(214, "2.0.0", "See RFC 5321"),
}
_PATIENT = ServerTimeouts()
_PLAIN = Entrance()
_CLOSED = State.CLOSED
_IN_TRANSACTION = (State.MAIL, State.RECIPIENTS, State.CHUNKED)
_AT_REST = (State.GREETED, State.IDLE)  # nothing is in the middle of being done


class MailSession(Protocol):
    """What one conversation means: every method decides and says the reply.

    After STARTTLS the session is closed and a new one is made and asked `connected` again: nothing
    of what was said in the clear is kept (RFC 3207 §4.2), only its refusal is sent. The same is done
    where a trusted proxy says that it speaks for somebody else (XCLIENT): that one is greeted anew.
    """

    async def connected(self) -> Reply:
        """Return the greeting, or a refusal that closes the connection; may take its time over a suspicious client."""

    async def hello(self, hello: Hello, /) -> None:
        """Note the client's name for itself."""

    async def authenticate(self, proof: Proof, /) -> Reply:
        """Decide who the client is."""

    async def mail(self, mail: Mail, /) -> Reply:
        """Decide on a reverse path."""

    async def recipient(self, recipient: Recipient, /) -> Reply:
        """Decide on one forward path."""

    async def message(self, octets: bytes, /) -> Reply | tuple[Reply, ...]:
        """Take the whole message; a positive reply takes responsibility for it. The transaction is over.

        In LMTP there may be a reply for each recipient that was accepted; one alone holds for all.
        """

    async def reset(self) -> None:
        """Abandon the transaction."""

    async def closed(self) -> None:
        """Let go of everything: nothing more is asked."""


class MailServer(MailWire):
    """One connection of a mail client to us.

    `options` may depend on the peer, which is given where a pipe has proven who it is. With `tls` STARTTLS
    can be answered, or what `entrance` says. A fault out of a session is a bug: it goes to `on_fault`,
    the client reads 451, the connection ends. What the machine itself refuses goes to `on_refused`.
    """

    def __init__(
        self,
        options: ServerOptions | Callable[[Peer], ServerOptions],
        new_session: Callable[[Peer], MailSession],
        *,
        peer: Peer | None = None,
        tls: ssl.SSLContext | None = None,
        timeouts: ServerTimeouts = _PATIENT,
        entrance: Entrance = _PLAIN,
        on_fault: Callable[[Exception], None] | None = None,
        on_refused: Callable[[Peer, Refused], None] | None = None,
    ) -> None:
        super().__init__(entrance, tls, timeouts, peer)
        self._options = options
        self._new_session = new_session
        self._on_fault = on_fault or _report
        self._on_refused = on_refused
        self._out: list[bytes] = []
        self._pieces = MessagePieces()
        self._refusals = 0
        self._retired = False

    # What the wire tells

    def _opened(self) -> None:
        options = self._options if isinstance(self._options, ServerOptions) else self._options(self._peer)
        self._connection = ServerConnection(options)
        self._session = self._new_session(self._peer)
        self._answered = self._bore_fruit = self._loop.time()
        self._message_began: float | None = None
        self._message_octets = 0
        if self._entrance.connections is not None:
            self._entrance.connections.add(self)
        self._task = self._loop.create_task(self._converse())

    def _receive(self, octets: bytes) -> int:
        self._connection.receive_data(octets)
        self._message_octets += len(octets)
        return self._connection.pending_octets

    def _secured(self) -> None:
        if not self._entrance.implicit_tls:
            self._connection.start_tls_done(external_identity=self._peer.identity)

    def _timed_out(self) -> None:
        self._say(reply(421, "4.4.2", "Timeout"))

    def _left(self) -> None:
        if self._entrance.connections is not None:
            self._entrance.connections.discard(self)

    def retire(self) -> None:
        """Say goodbye at once where nothing is being done, else after the transaction."""
        self._retired = True
        if self._bell.is_awaited and self._connection.state in _AT_REST:
            self._take_leave()

    def _take_leave(self) -> None:
        self._say(reply(421, "4.3.2", "Server is going down, try again"))  # RFC 5321 §3.8
        self._close()

    # The conversation

    async def _converse(self) -> None:
        try:
            await self._greet()
            await self._talk()
            if not self._flush():
                await self._drain()
        except Gone:
            pass
        except Exception as fault:  # a bug, whatever it is: the client must hear something
            self._on_fault(fault)
            self._say(reply(451, "4.3.0", "Local error, try again later"))
        finally:
            self._close()
            await self._close_session()

    async def _greet(self) -> None:
        welcome = await self._session.connected()
        if self._connection.early_talker:
            self._note_refused(Refused(EARLY_TALK, "it spoke before it was greeted"))
        self._out.append(self._connection.send(welcome))

    async def _talk(self) -> None:
        while self._connection.state is not _CLOSED:
            event = self._connection.next_event()
            if event is NEED_DATA:
                if not self._flush():
                    await self._drain()  # octets may come in the meantime: look again before waiting for some
                elif self._is_to_wait():
                    await self._bell
                    self._deadline = math.inf
            elif isinstance(event, DataChunk):
                self._pieces.add(event.octets)
            elif isinstance(event, StartTls):
                await self._change_to_tls()
            else:
                self._answer(event, await self._reply_to(event))
                if len(self._out) >= MAX_REPLIES_AT_ONCE:
                    await self._give_way()

    def _answer(self, event: Event, answer: Reply | tuple[Reply, ...]) -> None:
        answers = answer if isinstance(answer, tuple) else (answer,)
        self._out.append(self._connection.send(*answers))
        self._answered = self._loop.time()
        if not isinstance(event, ChunkEnd):
            self._message_began = None
        if isinstance(event, DataEnd) and any(each.is_positive for each in answers):
            self._bore_fruit = self._answered

    async def _reply_to(self, event: Event) -> Reply | tuple[Reply, ...]:
        match event:
            case Mail():
                return await self._session.mail(event)
            case Recipient():
                return await self._session.recipient(event)
            case DataBegin():
                return _GO_ON
            case DataEnd():
                return await self._session.message(self._pieces.take())
            case DataRefused():
                self._pieces.clear()
                await self._session.reset()
                return event.reply
            case Authenticate() | SaslStep():
                return await self._session.authenticate(event)
            case Challenge() | ChunkEnd() | Extended():
                return event.reply
            case Refused():
                return self._refused(event)
            case Impersonated():
                return await self._impersonated(event)
            case _:
                return await self._reply_to_simple(event)

    async def _reply_to_simple(self, event: Event) -> Reply:
        if isinstance(event, Hello | Reset) and self._connection.state in _IN_TRANSACTION:
            self._pieces.clear()
            await self._session.reset()
        if isinstance(event, Hello):
            await self._session.hello(event)
            return self._connection.hello_reply()
        return _SIMPLE.get(type(event), _OK)

    def _refused(self, event: Refused) -> Reply:
        self._refusals += 1
        self._note_refused(event)
        if self._refusals < self._entrance.max_refusals:
            return event.reply
        return reply(421, "4.7.0", "Too many errors")

    def _note_refused(self, event: Refused) -> None:
        if self._on_refused is not None:
            self._on_refused(self._peer, event)

    # Beginning anew

    async def _impersonated(self, event: Impersonated) -> Reply:
        origin = event.origin
        self._peer = replace(
            self._peer,
            address=origin.address or self._peer.address,
            port=origin.port or self._peer.port,
            identity="",  # the certificate was the proxy's
            name=origin.name,
        )
        return await self._begin_anew()

    async def _change_to_tls(self) -> None:
        # What lies there in the clear is dropped with this reply; what comes from now on belongs to the handshake.
        self._out.append(self._connection.send(reply(220, "2.0.0", "Ready to start TLS")))
        if not self._flush():
            await self._drain()
        await self._start_tls()
        await self._begin_anew()

    async def _begin_anew(self) -> Reply:
        """Greet the client that is there now; raises `Gone` where it is not let in."""
        await self._session.closed()
        self._session = self._new_session(self._peer)
        self._answered = self._loop.time()
        welcome = await self._session.connected()
        if not welcome.is_positive:
            self._say(welcome)
            raise Gone
        return welcome

    # Octets

    def _is_to_wait(self) -> bool:
        """Return whether to wait for octets, for as long as this client may still take."""
        if self._retired and self._connection.state in _AT_REST:
            self._take_leave()
            raise Gone
        if self._connection.is_in_message:
            return self._expects_more(self._message_deadline())
        # Octets that trickle in win no time: the whole command is awaited.
        limits = self._timeouts
        idle, fruitless = self._answered + limits.idle_seconds, self._bore_fruit + limits.fruitless_seconds
        return self._expects_more(idle if idle < fruitless else fruitless)

    def _message_deadline(self) -> float:
        now, limits = self._loop.time(), self._timeouts
        if self._message_began is None:
            self._message_began, self._message_octets = now - self._paused_seconds, 0
        paid = self._message_octets / limits.min_octets_per_second
        return min(now, self._message_began + self._paused_seconds + paid) + limits.block_seconds

    def _flush(self) -> bool:
        """Send what was said; return whether the client takes it as fast as we speak."""
        if self._out:
            octets = self._out[0] if len(self._out) == 1 else b"".join(self._out)
            self._out.clear()
            self._write(octets)
        return self._drained is None

    async def _give_way(self) -> None:
        """Let a client that says much at once take its replies, and others have their turn."""
        if self._flush():
            await asyncio.sleep(0)
        else:
            await self._drain()

    def _say(self, words: Reply) -> None:
        """Send last words, after all that was said before."""
        self._out.append(words.to_octets())
        self._flush()

    async def _close_session(self) -> None:
        try:
            await self._session.closed()
        except Exception as fault:  # a bug, as above
            self._on_fault(fault)


def _report(fault: Exception) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": "a mail session failed", "exception": fault})
