"""The submission cell's process: its options, its listeners and its life."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scop.cells.submission.session import CheckPassword, Counter, MaySendAs, SubmissionSession
from scop.mesh.vocabulary import keeper
from scop.mime import load_charsets
from scop.net.mail_pool import MailPool
from scop.net.mail_server import MailServer, ServerTimeouts
from scop.net.visitors import Visitors
from scop.smtp import ServerOptions

if TYPE_CHECKING:
    import socket
    import ssl

    from scop.base import Clock
    from scop.mesh.cell import Cell, Life
    from scop.mesh.config import Limits
    from scop.net.log import Log
    from scop.net.peer import Peer

__all__ = ["SubmissionOptions", "options_of", "run"]

DRAIN_SECONDS = 10.0  # for messages that are being handed over when the cell is asked to end


@dataclass(frozen=True, slots=True)
class SubmissionOptions:
    """Everything the cell needs; the sockets listen already."""

    hostname: str
    domain: str
    starttls: socket.socket  # 587
    implicit_tls: socket.socket  # 465
    tls: ssl.SSLContext
    check_password: CheckPassword
    may_send_as: MaySendAs
    signer: MailPool
    limits: Limits
    log: Log
    clock: Clock
    life: Life


def options_of(cell: Cell) -> SubmissionOptions:
    """Read the public certificate and take the listeners; raises `OSError` that names the missing file."""
    load_charsets()
    caller = cell.caller("keeper")

    async def check_password(login: str, password: str) -> keeper.Authentication:
        return await caller.call(keeper.Authenticate(login, password))

    async def may_send_as(account: str, addresses: tuple[str, ...]) -> keeper.SendPermission:
        return await caller.call(keeper.MaySendAs(account, addresses))

    return SubmissionOptions(
        hostname=cell.config.mail_host,
        domain=cell.config.domain,
        starttls=cell.listeners["submission/tcp"],
        implicit_tls=cell.listeners["submissions/tcp"],
        tls=cell.public_tls(),
        check_password=check_password,
        may_send_as=may_send_as,
        signer=cell.mail_pool("signer"),
        limits=cell.config.limits,
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
    )


async def run(options: SubmissionOptions) -> None:
    """Take mail until asked to end; what is being handed over then is finished first."""
    visitors = Visitors(options.limits.connections, options.limits.connections_per_address)
    counter = Counter(
        options.hostname,
        options.domain,
        options.check_password,
        options.may_send_as,
        options.signer,
        visitors,
        options.log,
        options.clock,
    )
    servers = await _listen(options, counter)
    options.life.ready()
    await options.life.stopped()
    for server in servers:
        server.close()
    await visitors.quiet(DRAIN_SECONDS)
    await options.signer.close()


async def _listen(options: SubmissionOptions, counter: Counter) -> tuple[asyncio.Server, ...]:
    timeouts = ServerTimeouts(idle_seconds=options.limits.idle_seconds)

    def new_session(peer: Peer) -> SubmissionSession:
        return SubmissionSession(counter, peer)

    def converse(server_options: ServerOptions) -> MailServer:
        return MailServer(server_options, new_session, tls=options.tls, timeouts=timeouts, on_fault=options.log.fault)

    loop = asyncio.get_running_loop()
    clear, secure = _server_options(options, tls_active=False), _server_options(options, tls_active=True)
    return (
        await loop.create_server(lambda: converse(clear), sock=options.starttls),
        await loop.create_server(
            lambda: converse(secure),
            sock=options.implicit_tls,
            ssl=options.tls,
            ssl_handshake_timeout=timeouts.handshake_seconds,
        ),
    )


def _server_options(options: SubmissionOptions, *, tls_active: bool) -> ServerOptions:
    return ServerOptions(
        options.hostname,
        tls_available=True,
        tls_active=tls_active,
        auth_mechanisms=("PLAIN", "LOGIN"),  # under TLS only
        auth_required=True,
        max_message_octets=options.limits.message_octets,
        max_recipients=options.limits.recipients,
    )
