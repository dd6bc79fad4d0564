"""The primary's process: its options, its listeners and its life."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

import dns.rdata

from scop.base import Clock
from scop.cells.primary.calls import ZoneDesk
from scop.cells.primary.history import GitHistory
from scop.cells.primary.holdings import History, Holdings, Signing, Unsigned
from scop.cells.primary.listeners import neighbour_stream, public_face
from scop.cells.primary.name_server import NameServer, Rights
from scop.dns.zone.answer import Zones
from scop.dns.zone.grants import Grant
from scop.dns.zone.rates import RateOptions
from scop.mesh.calls import CallServer
from scop.mesh.cell import Cell, Life
from scop.mesh.inlet import Handlers, Inlet
from scop.mesh.protocol import PipeProtocol
from scop.mesh.tsig_file import read_tsig_key
from scop.net.dns_public import PublicSockets, StreamBounds
from scop.net.log import Log
from scop.net.peer import Peer

__all__ = ["PrimaryOptions", "options_of", "run"]

DRAIN_SECONDS = 5.0  # for answers that wait, an UPDATE's for the disk


@dataclass(frozen=True, slots=True)
class PrimaryOptions:
    """Everything the primary needs; without an inlet nobody can change its zones."""

    zones: Zones  # as they are written, without signatures of ours
    history: History  # where changed zones are stored
    datagrams: socket.socket  # bound
    streams: socket.socket  # listening
    log: Log
    clock: Clock
    life: Life
    inlet: Inlet | None = None
    rights: Rights = field(default_factory=Rights)
    signing: Signing = field(default_factory=Unsigned)
    bounds: StreamBounds = field(default_factory=StreamBounds)  # of public streams
    rates: RateOptions = field(default_factory=RateOptions)  # of public datagrams


def options_of(cell: Cell) -> PrimaryOptions:
    """Read zones and key; raises `ValueError` that names the file which is missing or wrong."""
    # dnspython imports a record type at its first sight; once confined, nothing shall be imported any more.
    dns.rdata.load_all_types()  # type: ignore[no-untyped-call]  # dnspython has forgotten to annotate it
    key = read_tsig_key(cell.state)
    grant = Grant(key.name, f"*._domainkey.{cell.config.domain}", frozenset({"TXT"}))
    history = GitHistory(cell.state)
    return PrimaryOptions(
        zones=Zones.of(history.take_in_folder(cell.state, wanted=cell.config.domain)),
        history=history,
        datagrams=cell.listeners["dns/udp"],
        streams=cell.listeners["dns/tcp"],
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        inlet=cell.inlet,
        rights=Rights(grants=(grant,), pipe_keys=(key,)),
        bounds=StreamBounds(max_streams=cell.config.limits.connections),
    )


async def run(options: PrimaryOptions) -> None:
    """Answer until asked to end; an UPDATE that is being written is finished first."""
    holdings = Holdings(options.zones.by_origin.values(), options.history, options.signing, options.clock.unix)
    server = NameServer(holdings, options.rights, options.log, options.clock)
    public = public_face(server, options.bounds, options.rates)
    await public.open(PublicSockets([options.datagrams], [options.streams]))
    if options.inlet is not None:
        await options.inlet.serve(_handlers(options, holdings, server))
    options.life.ready()
    await options.life.stopped()
    if options.inlet is not None:
        await options.inlet.close()
    await public.drain(DRAIN_SECONDS)
    await server.drained()


def _handlers(options: PrimaryOptions, holdings: Holdings, server: NameServer) -> Handlers:
    """Return what is spoken on pipes: DNS, and where zones have a history, calls of the operator."""
    handlers: dict[PipeProtocol, Callable[[Peer], asyncio.Protocol]] = {
        PipeProtocol.DOT: lambda peer: neighbour_stream(server, peer)
    }
    if isinstance(options.history, GitHistory):
        desk = ZoneDesk(holdings, options.history, server.answer_neighbour, options.log)
        handlers[PipeProtocol.CALL] = lambda peer: CallServer(peer, desk.answers(), options.log)
    return handlers
