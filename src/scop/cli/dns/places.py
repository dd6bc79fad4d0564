"""Where DNS servers of the command line listen: HOST:PORT, one port for datagrams and streams."""

from __future__ import annotations

import socket
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

from scop.cli.gathering import gathered
from scop.mesh.manifest import Transport
from scop.net.dns_public import PublicSockets
from scop.net.places import place_of, written_place
from scop.supervisor.config_file import ConfigurationError
from scop.supervisor.layout import listen

__all__ = ["Listening", "listening_options", "shown_place"]

PORTS_TRIED = 20
RECEIVED_OCTETS = 4_194_304  # what the kernel keeps while we are busy: some thousand queries
_FILE = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a server was told to listen, and what it shows over TLS."""

    places: tuple[str, ...]
    tls_places: tuple[str, ...]
    certificate: Path | None
    key: Path | None

    def sockets(self, what: str) -> PublicSockets:
        """Bind UDP and TCP at each place, for TLS TCP alone; raises `ConfigurationError` where one cannot be had."""
        places, tls_places = [*map(_place_of, self.places)], [*map(_place_of, self.tls_places)]
        tls = _tls_context(self.certificate, self.key, tls_places[0][0]) if tls_places else None
        pairs = [_bound_pair(what, host, port) for host, port in places]
        under_tls = [listen(what, host, port, Transport.TCP, option="--dot") for host, port in tls_places]
        return PublicSockets(tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs), tuple(under_tls), tls)


listening_options = gathered(
    "listening",
    Listening,
    click.option(
        "--listen",
        "places",
        multiple=True,
        required=True,
        metavar="HOST:PORT",
        help="Where to listen, UDP and TCP; repeat for more. Port 0 lets the system choose.",
    ),
    click.option("--dot", "tls_places", multiple=True, metavar="HOST:PORT", help="Where to speak DNS over TLS."),
    click.option("--tls-cert", "certificate", type=_FILE, help="PEM, for --dot.  [default: one that is made now]"),
    click.option("--tls-key", "key", type=_FILE, help="PEM, for --dot."),
)


def _place_of(text: str) -> tuple[str, int]:
    try:
        host, port = place_of(text)
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None
    return ("127.0.0.1" if host == "localhost" else host), port


def shown_place(made: socket.socket) -> str:
    """Return where a socket is bound, as people write it."""
    return written_place(*made.getsockname()[:2])


def _tls_context(certificate: Path | None, key: Path | None, host: str) -> ssl.SSLContext:
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
        streams = listen(what, host, port, Transport.TCP, option="--listen")
        try:
            datagrams = listen(what, host, streams.getsockname()[1], Transport.UDP, option="--listen")
        except ConfigurationError:
            streams.close()
            if port:
                raise
            continue
        datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_OCTETS)
        return datagrams, streams
    raise ConfigurationError(f"{what}: no port is free on {host} for both UDP and TCP")
