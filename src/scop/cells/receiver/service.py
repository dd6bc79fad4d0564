"""The receiver's process: its options, its listener and its life."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scop.base import printable
from scop.base.sources import Networks
from scop.cells.receiver.bans import Misdeed
from scop.cells.receiver.door import Door, DoorLimits
from scop.cells.receiver.session import Gate, ReceiverSession
from scop.net.connections import Connections
from scop.net.dns_client import Names, StreamNames
from scop.net.entrance import BACKLOG
from scop.net.mail_pool import MailPool
from scop.net.mail_server import Entrance, MailServer, ServerTimeouts
from scop.smtp import Refused, ServerOptions

if TYPE_CHECKING:
    import socket
    import ssl

    from scop.base import Clock
    from scop.mesh.cell import Cell, Life
    from scop.net.log import Log
    from scop.net.peer import Peer

__all__ = ["ReceiverOptions", "options_of", "run"]

BAD_SEQUENCE = 503
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
    limits: DoorLimits
    log: Log
    clock: Clock
    life: Life
    proxies: tuple[str, ...] = ()  # networks that begin with a PROXY header
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
        limits=DoorLimits(cell.config.limits, cell.config.receiver, cell.config.network.own_networks),
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        proxies=cell.config.network.proxies,
    )


async def run(options: ReceiverOptions) -> None:
    """Take mail until asked to end; what is being passed on then is finished first."""
    door = Door(options.limits, options.clock)
    gate = Gate(
        options.hostname,
        options.domain,
        options.filter,
        options.names,
        door,
        options.log,
        options.clock,
        options.name_seconds,
        options.limits.receiver.greeting_delay_seconds,
    )
    connections = Connections()
    server = await _listen(options, gate, connections)
    options.life.ready()
    await options.life.stopped()
    server.close()
    await connections.drain(DRAIN_SECONDS)
    await options.filter.close()


async def _listen(options: ReceiverOptions, gate: Gate, connections: Connections) -> asyncio.Server:
    limits = options.limits.general
    timeouts = ServerTimeouts(idle_seconds=limits.idle_seconds)
    server_options = ServerOptions(
        options.hostname,
        tls_available=True,
        max_message_octets=limits.message_octets,
        max_recipients=limits.recipients,
    )

    def note_refused(peer: Peer, refused: Refused) -> None:
        told, reason = printable(str(refused.reply)), printable(refused.reason)
        options.log.warning("command.refused", address=peer.address, reply=told, reason=reason)
        # 452 for one recipient too many is no misdeed, nor 503 for what was pipelined behind a refusal of ours.
        if refused.reply.is_permanent and refused.reply.code != BAD_SEQUENCE:
            gate.note(gate.door.visit(peer), peer.address, Misdeed.BROKEN_COMMAND)

    def pause_seconds(peer: Peer, octets: int) -> float:
        return gate.door.visit(peer).pause_seconds(octets)

    def new_session(peer: Peer) -> ReceiverSession:
        return ReceiverSession(gate, peer)

    is_proxy = Networks(options.proxies)
    entrance = Entrance(is_proxy=is_proxy, pause_seconds=pause_seconds, connections=connections)

    def converse() -> MailServer:
        return MailServer(
            server_options,
            new_session,
            tls=options.tls,
            timeouts=timeouts,
            entrance=entrance,
            on_fault=options.log.fault,
            on_refused=note_refused,
        )

    return await asyncio.get_running_loop().create_server(converse, sock=options.listener, backlog=BACKLOG)
