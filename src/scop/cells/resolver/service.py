"""The resolver's process: its options, its pipes and its life."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scop.base import Clock
from scop.cells.resolver.answering import response_to
from scop.cells.resolver.hints import INTERNET_ROOTS, read_root_hints, stub_places
from scop.cells.resolver.recursion import Recursion
from scop.dns.resolver.asking import Server
from scop.dns.resolver.memory import Delegation, Memory
from scop.dns.resolver.old_iteration import World
from scop.mesh.cell import Cell, Life
from scop.mesh.inlet import Inlet
from scop.mesh.protocol import PipeProtocol
from scop.net.dns_server import DnsStreamServer, DnsTransport
from scop.net.log import Log
from scop.net.peer import Peer

__all__ = ["ResolverOptions", "options_of", "run"]


@dataclass(frozen=True, slots=True)
class ResolverOptions:
    """Everything the resolver needs."""

    inlet: Inlet
    roots: tuple[Server, ...]
    world: World
    log: Log
    clock: Clock
    life: Life
    stubs: Mapping[str, tuple[Server, ...]] = field(default_factory=dict)


def options_of(cell: Cell) -> ResolverOptions:
    """Read the root hints; raises `ValueError` that names file and line."""
    world = cell.config.world
    hints = read_root_hints(Path(world.root_hints)) if world.root_hints else INTERNET_ROOTS
    return ResolverOptions(
        inlet=cell.inlet,
        roots=tuple(Server(address, world.dns_port) for address in hints),
        world=World(world.dns_port, has_own_root=bool(world.root_hints)),
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        stubs=stub_places(cell.config.resolver.stub, world.dns_port),
    )


async def run(options: ResolverOptions) -> None:
    """Answer on the pipes until asked to end."""
    stubs = [Delegation(zone, places) for zone, places in options.stubs.items()]
    memory = Memory(Delegation("", options.roots), stubs)
    recursion = Recursion(memory, options.world, options.clock, options.log)

    def answer(query: bytes, peer: Peer, transport: DnsTransport) -> bytes | Awaitable[bytes | None] | None:
        return response_to(query, recursion)

    await options.inlet.serve({PipeProtocol.DOT: lambda peer: DnsStreamServer(answer, peer)})
    options.life.ready()
    await options.life.stopped()
    await options.inlet.close()
    await recursion.close()
