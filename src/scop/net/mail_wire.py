"""The wire of a mail server: octets of one connection, in the clear or under TLS, and how long they may take.

Theory of operation: a PROXY header, then TLS, then the conversation: each stage begins when the one
before has ended, and octets go to the stage that stands. The conversation is a coroutine of a subclass,
which waits in two places: for the bell, which rings when octets come, and in `_drain` for octets to leave. The bell
runs it on at once, so what can be answered without waiting leaves in the same turn of the loop. Each wait has a
deadline, one timer serves all of them. Reading is paused while the conversation is far behind, and as the entrance
asks.

Standards: RFC 5321 §4.5.3.2 (timeouts); RFC 3207 (STARTTLS); RFC 8314 §3 (implicit TLS); PROXY protocol §2.2.
"""

from __future__ import annotations

import asyncio
import math
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from scop.base import RemoteProtocolError
from scop.net.bell import Bell
from scop.net.peer import Peer, certificate_identity, peer_of, tls_facts
from scop.net.tls_layer import TlsLayer
from scop.smtp.proxy_protocol import read_proxy_header

if TYPE_CHECKING:
    from scop.net.entrance import Entrance, ServerTimeouts

__all__ = ["Gone", "MailWire"]

MAX_AHEAD_OCTETS = 65_536  # read ahead of the conversation; then the client has to wait
LINGER_SECONDS = 5.0  # for a client to read our last words and close


class Gone(Exception):
    """The client is not there any more."""


class MailWire(asyncio.Protocol):
    """One connection; a subclass says what `_opened`, `_receive`, `_secured` and `_timed_out` mean."""

    _peer: Peer
    _transport: asyncio.Transport
    _loop: asyncio.AbstractEventLoop
    _bell: Bell  # rings when there is something for the conversation to look at

    def __init__(
        self, entrance: Entrance, tls: ssl.SSLContext | None, timeouts: ServerTimeouts, known_peer: Peer | None
    ) -> None:
        self._entrance = entrance
        self._known_peer = known_peer
        self._context = tls
        self._timeouts = timeouts
        self._tls: TlsLayer | None = None
        self._proxy_header: bytes | None = None  # what came of it, while it is awaited
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf  # when it looks at the clock; uvloop's handles do not always tell
        self._deadline = math.inf  # of what is awaited from the client, if anything is
        self._drained: asyncio.Future[None] | None = None  # for octets to leave
        self._came = 0  # octets for the conversation
        self._ended = False  # nothing more comes
        self._closing = False  # our last words are said
        self._lost = False  # and nothing more leaves
        self._is_behind = False  # the conversation, so that reading is paused
        self._slowed_until = 0.0
        self._paused_seconds = 0.0  # that the entrance asked for so far
        self._slowed: asyncio.TimerHandle | None = None  # ends a pause that the entrance asked for

    # What a subclass says

    def _opened(self) -> None:
        """Begin the conversation: the peer is known, TLS stands where it is implicit."""

    def _receive(self, octets: bytes) -> int:
        """Take what the client says; return how much of what it said was not looked at yet."""
        raise NotImplementedError

    def _secured(self) -> None:
        """Note that what comes from now on comes under TLS."""

    def _timed_out(self) -> None:
        """Say so."""

    def _left(self) -> None:
        """Note that the connection is over."""

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with the first stage."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by class
        self._loop = asyncio.get_running_loop()
        self._bell = Bell(self._loop)
        self._peer = self._known_peer or peer_of(transport)
        self._expect_within(self._timeouts.handshake_seconds)
        if self._entrance.is_proxy(self._peer.address):
            self._proxy_header = b""
        else:
            self._enter()

    def data_received(self, octets: bytes) -> None:
        """Give octets to the stage that stands."""
        if self._closing:
            return
        if self._proxy_header is not None:
            octets = self._read_proxy_header(octets)
        if self._tls is not None:
            self._read_tls(self._tls, octets)
        elif octets:
            self._take(octets)

    def eof_received(self) -> bool:
        """Note that nothing more comes; who half-closes still gets its answers."""
        self._end()
        if self._closing:
            return False
        if self._deadline is not math.inf and not self._bell.is_awaited and self._drained is None:
            self._transport.abort()  # in the middle of a stage before the conversation
        # A transport with TLS of its own can't stay half open.
        return self._transport.get_extra_info("ssl_object") is None

    def connection_lost(self, _fault: Exception | None) -> None:
        """Note that the client has gone; what the session does at the moment is let finish."""
        self._ended = self._lost = True
        for timer in (self._timer, self._slowed):
            if timer is not None:
                timer.cancel()
        _wake(self._drained)
        self._bell.ring()
        self._left()

    def pause_writing(self) -> None:
        """Note that the client does not read."""
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        """Note that the client reads again."""
        _wake(self._drained)
        self._drained = None

    # Stages before the conversation

    def _read_proxy_header(self, octets: bytes) -> bytes:
        assert self._proxy_header is not None
        self._proxy_header += octets
        try:
            found = read_proxy_header(self._proxy_header)
        except RemoteProtocolError:
            self._proxy_header = b""
            self._transport.abort()  # whoever is there is no proxy, and hears nothing
            return b""
        if found is None:
            return b""
        header, rest = found
        self._proxy_header = None
        if header.address:
            self._peer = replace(self._peer, address=header.address, port=header.port)
        self._enter()
        return rest

    def _enter(self) -> None:
        if self._entrance.implicit_tls:
            self._begin_handshake()
        else:
            self._begin_conversation()

    def _begin_handshake(self) -> None:
        assert self._context is not None, "TLS is offered without a context"
        self._tls = TlsLayer(self._context)

    def _begin_conversation(self) -> None:
        self._deadline = math.inf
        self._opened()

    # Octets that come

    def _take(self, octets: bytes) -> None:
        self._came += len(octets)
        if self._receive(octets) > MAX_AHEAD_OCTETS and not self._is_behind:
            self._is_behind = True
            self._transport.pause_reading()
        if self._entrance.pause_seconds is not None:
            self._slow_down(self._entrance.pause_seconds(self._peer, len(octets)))
        self._bell.ring()

    def _read_tls(self, tls: TlsLayer, octets: bytes) -> None:
        was_open = tls.is_open
        try:
            tls.receive(octets)
            if tls.is_open and not was_open:
                self._note_handshake(tls)
            if tls.is_open:
                self._decrypt(tls)
        except ssl.SSLError:  # the client cannot do it, or somebody meddles
            self._transport.write(tls.outgoing())  # the alert
            self._transport.close()
            self._end()
        else:
            self._send_tls(tls)

    def _note_handshake(self, tls: TlsLayer) -> None:
        self._send_tls(tls)
        identity = certificate_identity(tls.facts)
        self._peer = replace(self._peer, tls=tls_facts(tls.facts), identity=identity)
        self._secured()
        if self._entrance.implicit_tls:
            self._begin_conversation()
        else:
            self._bell.ring()  # the time of the next command begins, not that of the first octet after the handshake

    def _decrypt(self, tls: TlsLayer) -> None:
        while not (self._is_paused or self._closing):
            piece = tls.read()
            if piece is None:
                self._end()
            if not piece:
                return
            self._take(piece)

    def _end(self) -> None:
        self._ended = True
        self._bell.ring()

    @property
    def _is_paused(self) -> bool:
        return self._is_behind or self._slowed is not None

    def _slow_down(self, seconds: float) -> None:
        if seconds <= 0 or self._lost:
            return
        if self._slowed is not None:
            self._slowed.cancel()
        elif not self._is_behind:
            self._transport.pause_reading()
        self._paused_seconds += seconds
        self._deadline += seconds
        self._slowed_until = self._loop.time() + seconds
        self._slowed = self._loop.call_later(seconds, self._speed_up)

    def _speed_up(self) -> None:
        self._slowed = None
        self._resume()

    def _resume(self) -> None:
        if self._is_paused or self._lost:
            return
        self._transport.resume_reading()
        if self._tls is not None and self._tls.is_open:
            self._read_tls(self._tls, b"")  # what lies there encrypted

    def _expects_more(self, deadline: float) -> bool:
        """Return whether to wait for the bell, until the monotonic time `deadline`; raises `Gone` where none can come.

        False is said where octets came just now, of those that were held back.
        """
        if self._is_behind:
            came = self._came
            self._is_behind = False
            self._resume()
            if self._came != came:
                return False
        if self._ended:
            raise Gone
        # What a pause costs is not the client's fault.
        self._expect_by(deadline if self._slowed is None else deadline + self._slowed_until - self._loop.time())
        return True

    async def _start_tls(self) -> None:
        """Wait for the client's handshake; raises `Gone` where it fails. Our assent has left already."""
        self._begin_handshake()
        tls = self._tls
        while tls is not None and not tls.is_open:
            if self._ended:
                raise Gone
            self._expect_within(self._timeouts.handshake_seconds)
            await self._bell
            self._deadline = math.inf

    # Octets that leave

    def _write(self, octets: bytes) -> None:
        if self._lost or self._closing or not octets:
            return
        if self._tls is None:
            self._transport.write(octets)
        elif self._tls.is_open:
            self._tls.write(octets)
            self._send_tls(self._tls)

    def _send_tls(self, tls: TlsLayer) -> None:
        octets = tls.outgoing()
        if octets and not self._lost:
            self._transport.write(octets)

    async def _drain(self) -> None:
        """Wait until the client has read most of what was written; raises `Gone` where it never will."""
        if self._drained is not None:
            self._expect_within(self._timeouts.block_seconds)
            await self._drained
            self._deadline = math.inf
        if self._lost:
            raise Gone

    def _close(self) -> None:
        """End the connection; the client has some seconds to read our last words."""
        if self._lost or self._closing:
            return
        self._closing = True
        if self._tls is not None and self._tls.is_open:
            self._tls.close()
            self._send_tls(self._tls)
        for timer in (self._timer, self._slowed):
            if timer is not None:
                timer.cancel()
        self._timer = self._loop.call_later(LINGER_SECONDS, self._transport.abort)
        if self._ended or not self._transport.can_write_eof():
            self._transport.close()
        else:
            # RFC 9293 §3.10.4: closing with octets unread resets, and takes our last words from the client.
            try:
                self._transport.write_eof()
                self._transport.resume_reading()
            except OSError:  # it was reset a moment ago, and we are yet to be told
                self._transport.abort()
        self._left()

    def abort(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    # Time

    def _expect_within(self, seconds: float) -> None:
        self._expect_by(self._loop.time() + seconds)

    def _expect_by(self, deadline: float) -> None:
        """Set the deadline of what is awaited. The timer is only moved where it would come too late."""
        self._deadline = deadline
        if self._timer is None or deadline < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._look_again_at(deadline)

    def _look_again_at(self, when: float) -> None:
        self._timer_at = when
        self._timer = self._loop.call_at(when, self._look_at_clock)

    def _look_at_clock(self) -> None:
        now = self._loop.time()
        if now < self._deadline:
            self._look_again_at(min(self._deadline, now + self._timeouts.idle_seconds))
        elif not self._bell.is_awaited or (self._tls is not None and not self._tls.is_open):
            self._transport.abort()  # a stage before the conversation, or a client that does not read
        else:
            self._timed_out()
            self._close()


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
