"""Who is at the other end of a connection, as far as sockets and certificates say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    import ssl

__all__ = ["Peer", "peer_of", "tls_facts"]


@dataclass(frozen=True, slots=True)
class Peer:
    """One end of a connection.

    `cell` is the name proven by a mesh certificate, '' for the public; `tls` names protocol and
    cipher suite, '' for a connection in the clear. `name` and `login` are what a trusted proxy says.
    """

    address: str
    port: int
    cell: str = ""
    tls: str = ""
    name: str = ""
    login: str = ""


def peer_of(transport: asyncio.BaseTransport, *, cell: str = "") -> Peer:
    """Return the other end of `transport`; address '' and port 0 where it has none (a unix socket)."""
    place = transport.get_extra_info("peername")
    address, port = (str(place[0]), int(place[1])) if isinstance(place, tuple) else ("", 0)
    # An IPv4 client of a dual-stack socket shows as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2).
    return Peer(address.removeprefix("::ffff:"), port, cell, tls_facts(transport.get_extra_info("ssl_object")))


def tls_facts(tls: ssl.SSLObject | None) -> str:
    """Return protocol and cipher suite as the trace fields bear them, '' for none."""
    if tls is None:
        return ""
    suite = tls.cipher()
    return f"{tls.version()} {suite[0] if suite else ''}".replace("TLSv", "TLS", 1).strip()
