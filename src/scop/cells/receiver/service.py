"""The receiver's process: its options, its listener and its life."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scop.cells.receiver.bans import BanLimits, Bans, Misdeed
from scop.cells.receiver.session import Gate, ReceiverSession
from scop.net.dns_client import Names, StreamNames
from scop.net.mail_pool import MailPool
from scop.net.mail_server import MailServer, ServerTimeouts
from scop.net.visitors import Visitors
from scop.smtp import Refused, ServerOptions

if TYPE_CHECKING:
    import socket
    import ssl

    from scop.base import Clock
    from scop.mesh.cell import Cell, Life
    from scop.mesh.config import Limits
    from scop.net.log import Log
    from scop.net.peer import Peer

__all__ = ["ReceiverOptions", "options_of", "run"]

DRAIN_SECONDS = 10.0  # for messages that are being passed on when the cell is asked to end


@dataclass(frozen=True, slots=True)
class ReceiverOptions:
    """Everything the receiver needs; the socket listens already."""

    hostname: str
    domain: str
    listener: socket.socket
    tls: ssl.SSLContext
    filter: MailPool
    names: Names
    limits: Limits
    log: Log
    clock: Clock
    life: Life
    own_networks: tuple[str, ...] = ()  # never banned
    name_seconds: float = 2.0  # how long a mail may wait for the client's name


def options_of(cell: Cell) -> ReceiverOptions:
    """Read the public certificate and take the listener; raises `OSError` that names the missing file."""
    return ReceiverOptions(
        hostname=cell.config.mail_host,
        domain=cell.config.domain,
        listener=cell.listeners["smtp/tcp"],
        tls=cell.public_tls(),
        filter=cell.mail_pool("filter"),
        names=StreamNames(cell.dial("resolver")),
        limits=cell.config.limits,
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        own_networks=cell.config.network.own_networks,
    )


async def run(options: ReceiverOptions) -> None:
    """Take mail until asked to end; what is being passed on then is finished first."""
    visitors = Visitors(options.limits.connections, options.limits.connections_per_address)
    gate = Gate(
        options.hostname,
        options.domain,
        options.filter,
        options.names,
        visitors,
        Bans(BanLimits(options.limits.ban_seconds), options.clock, options.own_networks),
        options.log,
        options.clock,
        options.name_seconds,
    )
    server = await _listen(options, gate)
    options.life.ready()
    await options.life.stopped()
    server.close()
    await visitors.quiet(DRAIN_SECONDS)
    await options.filter.close()


async def _listen(options: ReceiverOptions, gate: Gate) -> asyncio.Server:
    timeouts = ServerTimeouts(idle_seconds=options.limits.idle_seconds)
    server_options = ServerOptions(
        options.hostname,
        tls_available=True,
        max_message_octets=options.limits.message_octets,
        max_recipients=options.limits.recipients,
    )

    def note_refused(peer: Peer, refused: Refused) -> None:
        if refused.reply.is_permanent:  # 452 for one recipient too many is no misdeed
            gate.note(peer.address, Misdeed.BROKEN_COMMAND)

    def new_session(peer: Peer) -> ReceiverSession:
        return ReceiverSession(gate, peer)

    def converse() -> MailServer:
        return MailServer(
            server_options,
            new_session,
            tls=options.tls,
            timeouts=timeouts,
            on_fault=options.log.fault,
            on_refused=note_refused,
        )

    return await asyncio.get_running_loop().create_server(converse, sock=options.listener)
