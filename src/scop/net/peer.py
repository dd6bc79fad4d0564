"""Who is at the other end of a connection, as far as sockets and certificates say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    import ssl

__all__ = ["Peer", "certificate_identity", "peer_of", "tls_facts"]


@dataclass(frozen=True, slots=True)
class Peer:
    """One end of a connection.

    `cell` is the name proven by a mesh certificate, '' for the public; `tls` names protocol and
    cipher suite, '' for a connection in the clear; `identity` is whom a public client's certificate proved, where
    one is asked for. `name` is what a trusted proxy says.
    """

    address: str
    port: int
    cell: str = ""
    tls: str = ""
    identity: str = ""
    name: str = ""


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


def certificate_identity(tls: ssl.SSLObject | None) -> str:
    """Return whom a verified certificate of the other end names: its mail address, else its common name.

    '' stands for no certificate, and for one that does not say clearly whose it is.
    """
    certificate = tls.getpeercert() if tls is not None else None
    if not certificate:
        return ""
    # RFC 5280 §4.2.1.6: an rfc822Name is what identifies a mail user; RFC 4422 Appendix A leaves the choice to us.
    addresses = [value for kind, value in _pairs(certificate.get("subjectAltName")) if kind == "email"]
    names = [
        value for part in _tuple(certificate.get("subject")) for kind, value in _pairs(part) if kind == "commonName"
    ]
    found = addresses or names
    return found[0] if len(found) == 1 else ""


def _tuple(found: object) -> tuple[object, ...]:
    return found if isinstance(found, tuple) else ()


def _pairs(found: object) -> list[tuple[str, str]]:
    return [(str(pair[0]), str(pair[1])) for pair in _tuple(found) if isinstance(pair, tuple) and len(pair) == 2]
