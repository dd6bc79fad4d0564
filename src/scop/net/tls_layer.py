"""TLS of one connection as a machine: octets of the wire in, octets of the client out, and back.

The event loops' own TLS hold up to 256 KB for every connection, and switch over in steps between which
a client may speak. This one holds what OpenSSL holds, and knows at each octet on which side of the handshake it came.

Standards: RFC 8446; RFC 3207 §4.2 (nothing in the clear is taken for something under TLS).
"""

from __future__ import annotations

import contextlib
import ssl

__all__ = ["TlsLayer", "server_context"]

MAX_PIECE_OCTETS = 65_536  # decrypted at once: four records of RFC 8446 §5.1


def server_context(certificate: str, key: str) -> ssl.SSLContext:
    """Return the context of a server that everybody may reach, from two PEM files; raises `OSError`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8997: nothing older for mail
    context.load_cert_chain(certificate, key)
    return context


class TlsLayer:
    """The server's end. What `outgoing` returns is to be sent after every other call."""

    __slots__ = ("_from_wire", "_object", "_to_wire", "is_open")

    def __init__(self, context: ssl.SSLContext) -> None:
        self._from_wire = ssl.MemoryBIO()
        self._to_wire = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._from_wire, self._to_wire, server_side=True)
        self.is_open = False  # the handshake is done

    @property
    def facts(self) -> ssl.SSLObject:
        """Whom to ask for protocol, cipher suite and certificates."""
        return self._object

    def receive(self, octets: bytes) -> None:
        """Take what came over the wire; goes on with the handshake, raises `ssl.SSLError` where that fails."""
        self._from_wire.write(octets)
        if not self.is_open:
            with contextlib.suppress(ssl.SSLWantReadError):
                self._object.do_handshake()
                self.is_open = True

    def read(self) -> bytes | None:
        """Return what the client says, b'' where more octets are needed, None at its end; raises `ssl.SSLError`."""
        if not (self._from_wire.pending or self._object.pending()):
            return b""  # the usual case after a piece, without an exception
        try:
            return self._object.read(MAX_PIECE_OCTETS) or None
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLZeroReturnError:  # close_notify
            return None

    def write(self, octets: bytes) -> None:
        """Say something to the client."""
        self._object.write(octets)

    def outgoing(self) -> bytes:
        """Return what is to be sent over the wire now."""
        return self._to_wire.read()

    def close(self) -> None:
        """Say that nothing more is said (close_notify)."""
        with contextlib.suppress(ssl.SSLError):  # it has ended already, or waits for the client's word
            self._object.unwrap()
