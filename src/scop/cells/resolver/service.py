"""The resolver's process: its options, its ways in and its life."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from scop.base import Clock
from scop.cells.resolver.anchors import read_trust_anchors
from scop.cells.resolver.answering import Answering
from scop.cells.resolver.calls import Desk
from scop.cells.resolver.guests import Guests
from scop.cells.resolver.hints import INTERNET_ROOTS, configured_zones, read_root_hints
from scop.cells.resolver.judging import Belief, judge_of
from scop.cells.resolver.recursion import Recursion, Surroundings
from scop.dns.asking import Server
from scop.dns.dnssec.anchors import INTERNET_ANCHORS
from scop.dns.dnssec.validation import Validator
from scop.dns.resolver.cache import Cache, CacheOptions
from scop.dns.resolver.options import ResolverOptions as Settings
from scop.dns.resolver.options import Way
from scop.dns.resolver.reply import Manners
from scop.mesh.calls import CallServer
from scop.mesh.cell import Cell, Life
from scop.mesh.config import Resolver, WorldPorts
from scop.mesh.inlet import Inlet
from scop.mesh.protocol import PipeProtocol
from scop.net.dns_public import PublicDns, PublicSockets, StreamBounds
from scop.net.dns_server import DnsStreamServer
from scop.net.dns_upstream import Upstream
from scop.net.log import Log

__all__ = ["Belief", "ResolverOptions", "options_of", "run", "what_it_is_told"]

BOUNDS = StreamBounds()
DRAIN_SECONDS = 3.0  # for answers that servers owe us; who asked asks again elsewhere after as much


@dataclass(frozen=True, slots=True)
class ResolverOptions:
    """Everything the resolver needs. Cells come in by `inlet`, everybody by `sockets`; either may be left out."""

    settings: Settings
    log: Log
    clock: Clock
    life: Life
    belief: Belief = field(default_factory=Belief)
    cache_octets: int = CacheOptions().max_octets
    serves_stale: bool = True
    inlet: Inlet | None = None
    sockets: PublicSockets = field(default_factory=PublicSockets)
    guests: Guests = field(default_factory=Guests)  # who of everybody may ask
    manners: Manners = field(default_factory=Manners)  # towards strangers


def options_of(cell: Cell) -> ResolverOptions:
    """Read the root hints and the trust anchors; raises `ValueError` that names file and line."""
    config = cell.config.resolver
    settings, belief = what_it_is_told(config, cell.config.world)
    return ResolverOptions(
        settings=settings,
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        belief=belief,
        cache_octets=config.cache_octets,
        serves_stale=config.serve_stale,
        inlet=cell.inlet,
    )


def what_it_is_told(config: Resolver, world: WorldPorts) -> tuple[Settings, Belief]:
    """Return where resolving begins and what is believed; raises `ValueError` that names file and line."""
    hints = read_root_hints(Path(world.root_hints)) if world.root_hints else INTERNET_ROOTS
    zones = configured_zones(config, world.dns_port)
    has_own_root = bool(world.root_hints) or any(not zone.name and zone.way is Way.STUB for zone in zones)
    settings = Settings(
        roots=tuple(Server(address, world.dns_port) for address in hints),
        port=world.dns_port,
        has_own_root=has_own_root,
        zones=zones,
        minimise=config.minimise,
        answer_special_names=config.special_names,
    )
    if world.trust_anchor:
        anchors = read_trust_anchors(Path(world.trust_anchor))
    else:
        anchors = () if has_own_root else INTERNET_ANCHORS
    return settings, Belief(anchors, config.negative_trust_anchors)


async def run(options: ResolverOptions) -> None:
    """Answer until asked to end; what is in flight then is waited for, briefly."""
    surroundings = Surroundings(Upstream().exchange, options.clock, options.log)
    judge = judge_of(options.belief, options.clock)
    recursion = _recursion(options, surroundings, judge)
    manners = replace(options.manners, idle_seconds=BOUNDS.idle_seconds)
    strangers = Answering(recursion, options.clock, manners, options.guests.may_ask)
    public = PublicDns(strangers.answer, quick=strangers.answer_quickly, bounds=BOUNDS)
    await public.open(options.sockets)
    if options.inlet is not None:
        neighbours = Answering(recursion, options.clock, Manners(explains=True))
        desk = Desk(recursion, judge, (options.settings, options.belief), surroundings)
        await options.inlet.serve(
            {
                PipeProtocol.DOT: lambda peer: DnsStreamServer(neighbours.answer, peer),
                PipeProtocol.CALL: lambda peer: CallServer(peer, desk.answers, options.log),
            }
        )
    options.life.ready()
    await options.life.stopped()
    if options.inlet is not None:
        await options.inlet.close()
    await public.drain(DRAIN_SECONDS)
    await recursion.drained(DRAIN_SECONDS)
    await recursion.close()


def _recursion(options: ResolverOptions, surroundings: Surroundings, judge: Validator | None) -> Recursion:
    apart = (*(zone.name for zone in options.settings.zones if zone.name), *options.belief.negative)
    cache = Cache(CacheOptions(max_octets=options.cache_octets, apart=apart))
    return Recursion(options.settings, cache, surroundings, judge, serves_stale=options.serves_stale)
