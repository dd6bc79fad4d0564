"""DNS over TLS for everybody: the server's end of a connection whose octets are encrypted.

Standards: RFC 7858 §3 (port 853, TLS from the first octet), RFC 8310 (profiles; what to prove is the asker's).
"""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

from scop.net.dns_server import DnsStreamServer
from scop.net.tls_layer import TlsLayer, server_context

__all__ = ["TlsEnd", "dot_context"]

HANDSHAKE_SECONDS = 10.0  # two round trips; who needs more is holding a place
ALPN = ("dot",)  # RFC 7858's name in the registry of RFC 7301; who offers none is served too


def dot_context(certificate: str, key: str) -> ssl.SSLContext:
    """Return the context of a public DoT server, from two PEM files; raises `OSError`."""
    context = server_context(certificate, key)
    context.set_alpn_protocols(ALPN)
    return context


class TlsEnd(asyncio.Protocol):
    """One connection: TLS outside, `inner` within, which sees a transport like any other."""

    def __init__(
        self, context: ssl.SSLContext, inner: DnsStreamServer, *, handshake_seconds: float = HANDSHAKE_SECONDS
    ) -> None:
        self._tls = TlsLayer(context)
        self._inner = inner
        self._handshake_seconds = handshake_seconds
        self._is_up = False
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the client's hello."""
        self._transport = cast(asyncio.Transport, transport)
        loop = asyncio.get_running_loop()
        self._since = loop.time()
        self._timer = loop.call_later(self._handshake_seconds, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Go on with the handshake, and hand over what was encrypted."""
        try:
            self._tls.receive(data)
            self._flush()
            if self._tls.is_open:
                self._hand_over()
                self._flush()  # TLS may have words of its own, as after a key update
        except ssl.SSLError:  # an alert that says why may have to go out
            self._flush()
            self._transport.close()

    def eof_received(self) -> bool:
        """Answer what was asked before the asker closed its half, then close the other."""
        self.retire()
        return True

    def pause_writing(self) -> None:
        """Tell who writes."""
        if self._is_up:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Tell who writes."""
        if self._is_up:
            self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who was served."""
        self._end_handshake()
        if self._is_up:
            self._inner.connection_lost(exc)

    def retire(self) -> None:
        """Close once everything that was asked so far is answered."""
        if self._is_up:
            self._inner.retire()
        else:
            self._transport.close()

    def abort(self) -> None:
        """Close now."""
        self._transport.abort()

    def quiet_since(self) -> float | None:
        """Return since when, by the loop's clock, nobody is served here; None while somebody is."""
        return self._inner.quiet_since() if self._is_up else self._since

    def _hand_over(self) -> None:
        if not self._is_up:
            self._is_up = True
            self._end_handshake()
            self._inner.connection_made(_Encrypted(self._transport, self._tls))
        while octets := self._tls.read():
            self._inner.data_received(octets)
        if octets is None:
            self._inner.retire()

    def _end_handshake(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _flush(self) -> None:
        if octets := self._tls.outgoing():
            self._transport.write(octets)


class _Encrypted(asyncio.Transport):
    """The transport as the inner protocol sees it: what is written goes out encrypted."""

    def __init__(self, transport: asyncio.Transport, tls: TlsLayer) -> None:
        super().__init__()
        self._transport = transport
        self._tls = tls

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self._tls.facts if name == "ssl_object" else self._transport.get_extra_info(name, default)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._tls.write(bytes(data))
        self._transport.write(self._tls.outgoing())

    def close(self) -> None:
        if not self._transport.is_closing():
            self._tls.close()
            self._transport.write(self._tls.outgoing())
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()
