"""The receiver's process: its options, its listener and its life."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scop.base import printable
from scop.base.sources import Networks
from scop.cells.receiver.desk import WallDesk
from scop.cells.receiver.door import Door, DoorLimits, wall_options
from scop.cells.receiver.hearsay import Lists
from scop.cells.receiver.misdeeds import Misdeed
from scop.cells.receiver.published_list import ListRegistry, PublishedList
from scop.cells.receiver.session import Gate, ReceiverSession
from scop.cells.receiver.wall import Wall, WallOptions
from scop.mesh.calls import CallServer
from scop.mesh.protocol import PipeProtocol
from scop.mesh.tsig_file import read_tsig_key
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
    from scop.mesh.inlet import Inlet
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
    wall: WallOptions
    log: Log
    clock: Clock
    life: Life
    proxies: tuple[str, ...] = ()  # networks that begin with a PROXY header
    name_seconds: float = 2.0  # how long a mail may wait for the client's name
    lists: tuple[str, ...] = ()  # zones of other people's lists
    inlet: Inlet | None = None  # without one nobody tells of deeds, and nobody gives orders
    registry: ListRegistry | None = None  # without one the list is not published


def options_of(cell: Cell) -> ReceiverOptions:
    """Read the public certificate and take the listener; raises `OSError` that names the missing file."""
    config = cell.config
    limits = DoorLimits(config.limits, config.receiver, config.network.own_networks)
    return ReceiverOptions(
        hostname=cell.config.mail_host,
        domain=cell.config.domain,
        listener=cell.listeners["smtp/tcp"],
        tls=cell.public_tls(),
        filter=cell.mail_pool("filter"),
        names=StreamNames(cell.dial("resolver")),
        limits=limits,
        wall=wall_options(limits, config.firewall, cell.state),
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        proxies=config.network.proxies,
        lists=config.firewall.lists,
        inlet=cell.inlet,
        registry=_registry(cell),
    )


def _registry(cell: Cell) -> ListRegistry | None:
    zone = cell.config.list_zone
    return ListRegistry(zone, cell.dial("primary"), read_tsig_key(cell.state)) if zone else None


async def run(options: ReceiverOptions) -> None:
    """Take mail until asked to end; what is being passed on then is finished first."""
    wall = Wall(options.wall, options.log, options.clock)
    lists = Lists(options.lists, options.names, options.log)
    door = Door(options.limits, wall, options.clock)
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
        lists,
    )
    async with asyncio.TaskGroup() as tasks:  # a bug in one of them ends the cell, which is started anew
        works = [tasks.create_task(work) for work in _works(options, wall)]
        await _serve(options, gate, lists)
        for work in works:
            work.cancel()
    await wall.save()


def _works(options: ReceiverOptions, wall: Wall) -> Iterator[Coroutine[object, object, None]]:
    """Yield what goes on beside the mail."""
    yield wall.keep()
    if options.registry is not None:
        published = PublishedList(lambda: wall.firewall.entries, options.registry, options.log, options.clock)
        wall.watch(published.notice)
        yield published.keep()


async def _serve(options: ReceiverOptions, gate: Gate, lists: Lists) -> None:
    connections, inlet = Connections(), options.inlet
    if inlet is not None:
        published = options.registry.zone if options.registry is not None else ""
        desk = WallDesk(gate.door.wall, lists, published, options.clock)
        await inlet.serve({PipeProtocol.CALL: lambda peer: CallServer(peer, desk.answers_to(peer.cell), options.log)})
    server = await _listen(options, gate, connections)
    options.life.ready()
    await options.life.stopped()
    server.close()
    await connections.drain(DRAIN_SECONDS)
    if inlet is not None:  # after the mail: refusals that it meets are told of here
        await inlet.close()
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
            gate.door.visit(peer).note(Misdeed.BROKEN_COMMAND)

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
