"""Where DNS servers of the command line listen: HOST:PORT, one port for datagrams and streams."""

from __future__ import annotations

import socket
import ssl
import tempfile
from collections.abc import Iterable
from pathlib import Path

import click

from scop.mesh.manifest import Transport
from scop.net.dns_public import PublicSockets
from scop.supervisor.config_file import ConfigurationError
from scop.supervisor.layout import listen

__all__ = ["place_of", "public_sockets", "shown_place", "tls_context"]

PORTS_TRIED = 20
RECEIVED_OCTETS = 4_194_304  # what the kernel keeps while we are busy: some thousand queries


def place_of(text: str) -> tuple[str, int]:
    """Read HOST:PORT, an IPv6 address in brackets; raises `click.UsageError`."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not (port.isdecimal() and int(port) <= 65535):
        raise click.UsageError(f"{text!r} is not of the form HOST:PORT")
    return ("127.0.0.1" if host == "localhost" else host), int(port)


def shown_place(made: socket.socket) -> str:
    """Return where a socket is bound, as people write it."""
    host, port = made.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def public_sockets(
    what: str, places: Iterable[tuple[str, int]], tls_places: Iterable[tuple[str, int]], tls: ssl.SSLContext | None
) -> PublicSockets:
    """Bind UDP and TCP at each place, and TCP alone for TLS; raises `ConfigurationError` where one cannot be had."""
    pairs = [_bound_pair(what, host, port) for host, port in places]
    under_tls = [listen(what, host, port, Transport.TCP) for host, port in tls_places]
    return PublicSockets(tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs), tuple(under_tls), tls)


def tls_context(certificate: Path | None, key: Path | None, host: str) -> ssl.SSLContext:
    """Return the context of DNS over TLS; without files it has a certificate of its own making (RFC 7858 §4.1)."""
    from scop.net.dns_tls import dot_context

    if (certificate is None) is not (key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together")
    if certificate is None or key is None:
        return _self_signed_context(host)
    try:
        return dot_context(str(certificate), str(key))
    except (OSError, ssl.SSLError) as fault:
        raise click.UsageError(f"{certificate} and {key} are no certificate and its key: {fault}") from None


def _self_signed_context(host: str) -> ssl.SSLContext:
    """Return a context with a certificate that nobody vouches for: whoever listens learns nothing."""
    from scop.net.dns_tls import dot_context
    from scop.supervisor.founding import self_signed

    certificate, key = self_signed("localhost", host)
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        for path, octets in zip(paths, (certificate, key), strict=True):
            path.touch(mode=0o600)
            path.write_bytes(octets)
        return dot_context(*map(str, paths))


def _bound_pair(what: str, host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """Return a UDP and a TCP socket at one place; port 0 is one that is free for both."""
    for _ in range(PORTS_TRIED if not port else 1):
        streams = listen(what, host, port, Transport.TCP)
        try:
            datagrams = listen(what, host, streams.getsockname()[1], Transport.UDP)
        except ConfigurationError:
            streams.close()
            if port:
                raise
            continue
        datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_OCTETS)
        return datagrams, streams
    raise ConfigurationError(f"{what}: no port is free on {host} for both UDP and TCP")
