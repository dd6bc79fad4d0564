"""The submission cell's process: its options, its listeners and its life."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scop.base import RemoteProtocolError, printable
from scop.base.sources import Networks
from scop.cells.submission.devices import Devices
from scop.cells.submission.rates import Rates
from scop.cells.submission.session import MAX_HOLD_SECONDS, Counter, SubmissionSession
from scop.mime import load_charsets
from scop.net.connections import Connections
from scop.net.entrance import BACKLOG
from scop.net.mail_pool import MailPool
from scop.net.mail_server import Entrance, MailServer, ServerTimeouts
from scop.net.visitors import Visitors
from scop.smtp import Refused, ServerOptions
from scop.smtp.sasl import SCRAM_SHA_256, SCRAM_SHA_256_PLUS, tls_server_end_point

if TYPE_CHECKING:
    import socket

    from scop.base import Clock
    from scop.cells.submission.questions import Ask
    from scop.mesh.cell import Cell, Life
    from scop.mesh.config import Device, Limits, Submission
    from scop.net.log import Log
    from scop.net.peer import Peer

__all__ = ["SubmissionOptions", "ask_for_certificates", "channel_binding_of", "options_of", "run"]

DRAIN_SECONDS = 10.0  # for messages that are being handed over when the cell is asked to end
MIN_BY_SECONDS = 60  # DELIVERBY: our own queue looks at a mail again no sooner

# The strongest first. EXTERNAL is offered to who showed a certificate of ours only, -PLUS where ours can be bound to.
_MECHANISMS = ("EXTERNAL", SCRAM_SHA_256_PLUS, SCRAM_SHA_256, "PLAIN", "LOGIN")


@dataclass(frozen=True, slots=True)
class SubmissionOptions:
    """Everything the cell needs; the sockets listen already."""

    hostname: str
    domain: str
    starttls: socket.socket  # 587
    implicit_tls: socket.socket  # 465
    tls: ssl.SSLContext
    channel_binding: bytes  # of the certificate in `tls`
    ask: Ask  # the keeper
    signer: MailPool
    limits: Limits
    submission: Submission
    devices: dict[str, Device]
    own_networks: tuple[str, ...]
    proxies: tuple[str, ...]  # networks that begin with a PROXY header
    log: Log
    clock: Clock
    life: Life


def options_of(cell: Cell) -> SubmissionOptions:
    """Read the certificates and take the listeners; raises `OSError` that names the missing file."""
    load_charsets()
    config = cell.config
    tls = cell.public_tls()
    if config.submission.client_authorities:
        ask_for_certificates(tls, Path(config.submission.client_authorities))
    return SubmissionOptions(
        hostname=config.mail_host,
        domain=config.domain,
        starttls=cell.listeners["submission/tcp"],
        implicit_tls=cell.listeners["submissions/tcp"],
        tls=tls,
        channel_binding=channel_binding_of(Path(config.tls.certificate)),
        ask=cell.caller("keeper").call,
        signer=cell.mail_pool("signer"),
        limits=config.limits,
        submission=config.submission,
        devices=config.devices,
        own_networks=config.network.own_networks,
        proxies=config.network.proxies,
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
    )


def channel_binding_of(certificate: Path) -> bytes:
    """Return what SCRAM is bound to by a file of PEM whose first certificate clients are shown; b'' for nothing."""
    pem = certificate.read_text(encoding="ascii", errors="replace")
    begin, end = ssl.PEM_HEADER, ssl.PEM_FOOTER
    first = pem[pem.index(begin) : pem.index(end) + len(end)] if begin in pem and end in pem else ""
    try:
        return tls_server_end_point(ssl.PEM_cert_to_DER_cert(first)) if first else b""
    except RemoteProtocolError:  # such as Ed25519, for which RFC 5929 names no hash
        return b""


def ask_for_certificates(tls: ssl.SSLContext, authorities: Path) -> None:
    """Have clients asked for a certificate, which they need not have; one of somebody else ends the handshake."""
    try:
        tls.load_verify_locations(cadata=authorities.read_text(encoding="ascii"))
    except (ssl.SSLError, ValueError):  # of PEM, and of ASCII
        raise ValueError(f"[submission] client_authorities {authorities}: it is no PEM") from None
    except OSError as fault:
        raise ValueError(f"[submission] client_authorities {authorities}: {fault.strerror}") from None
    tls.verify_mode = ssl.CERT_OPTIONAL


async def run(options: SubmissionOptions) -> None:
    """Take mail until asked to end; what is being handed over then is finished first."""
    counter = Counter(
        options.hostname,
        options.domain,
        options.ask,
        options.channel_binding,
        Devices(options.devices),
        Rates(options.submission, options.clock, options.own_networks),
        options.signer,
        Visitors(options.limits.connections, options.limits.connections_per_address),
        options.log,
        options.clock,
    )
    connections = Connections()
    servers = await _listen(options, counter, connections)
    options.life.ready()
    await options.life.stopped()
    for server in servers:
        server.close()
    await connections.drain(DRAIN_SECONDS)
    await options.signer.close()


async def _listen(options: SubmissionOptions, counter: Counter, connections: Connections) -> tuple[asyncio.Server, ...]:
    timeouts = ServerTimeouts(idle_seconds=options.limits.idle_seconds)

    def note_refused(peer: Peer, refused: Refused) -> None:
        told, reason = printable(str(refused.reply)), printable(refused.reason)
        options.log.warning("command.refused", address=peer.address, reply=told, reason=reason)

    def new_session(peer: Peer) -> SubmissionSession:
        return SubmissionSession(counter, peer)

    def converse(entrance: Entrance) -> MailServer:
        base = _server_options(options, tls_active=entrance.implicit_tls)

        def offered_to(peer: Peer) -> ServerOptions:
            # A device needs no login; to everybody else the machine itself says 530.
            is_device = bool(counter.devices.at(peer.address))
            return replace(base, auth_required=not is_device, external_identity=peer.identity)

        return MailServer(
            offered_to,
            new_session,
            tls=options.tls,
            timeouts=timeouts,
            entrance=entrance,
            on_fault=options.log.fault,
            on_refused=note_refused,
        )

    loop = asyncio.get_running_loop()
    is_proxy = Networks(options.proxies)
    clear, secure = (
        Entrance(implicit_tls=implicit, is_proxy=is_proxy, connections=connections) for implicit in (False, True)
    )
    return (
        await loop.create_server(lambda: converse(clear), sock=options.starttls, backlog=BACKLOG),
        await loop.create_server(lambda: converse(secure), sock=options.implicit_tls, backlog=BACKLOG),
    )


def _mechanisms(options: SubmissionOptions) -> tuple[str, ...]:
    left_out = () if options.submission.scram else (SCRAM_SHA_256, SCRAM_SHA_256_PLUS)
    bound = () if options.channel_binding else (SCRAM_SHA_256_PLUS,)
    return tuple(each for each in _MECHANISMS if each not in (*left_out, *bound))


def _server_options(options: SubmissionOptions, *, tls_active: bool) -> ServerOptions:
    return ServerOptions(
        options.hostname,
        tls_available=True,
        tls_active=tls_active,
        auth_mechanisms=_mechanisms(options),  # under TLS only
        auth_required=True,
        min_by_seconds=MIN_BY_SECONDS,
        max_hold_seconds=MAX_HOLD_SECONDS,
        priorities=True,
        max_message_octets=options.limits.message_octets,
        max_recipients=options.limits.recipients,
    )
