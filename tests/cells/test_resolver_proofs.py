"""The resolver in a signed world: what cells hear of an answer's security, and what the operator is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fakes.mesh import KeptLog, identity_of, loopback_listener
from fakes.name_servers import WorldOfZones, serving
from fakes.proved_world import BOGUS, LAGOON, ROOT, ProvedWorld, proved_world
from scop.cells.resolver.manifest import MANIFEST
from scop.cells.resolver.service import ResolverOptions, run, what_it_is_told
from scop.dns import Question, Rcode, Security
from scop.mesh.authority import Authority
from scop.mesh.calls import Caller
from scop.mesh.cell import Life
from scop.mesh.config import Resolver, WorldPorts
from scop.mesh.pipes import PipeInlet, pipe_dialer
from scop.mesh.vocabulary.resolver import ResolveName
from scop.net.clock import SystemClock
from scop.net.dialer import Dialer
from scop.net.dns_client import StreamNames
from scop.net.faults import PermanentFailure


@pytest.fixture(scope="module")
def world() -> ProvedWorld:
    """One world for all: keys take their time."""
    return proved_world()


class Mesh:
    """A resolver with pipes, and how its neighbours reach it."""

    def __init__(self) -> None:
        self.authority, self.listener = Authority("harbor.test"), loopback_listener()
        self.log = KeptLog()

    def dial(self, cell: str) -> Dialer:
        """Return how a neighbour calls."""
        address, port = self.listener.getsockname()
        return pipe_dialer(identity_of(self.authority, cell), "resolver", address, port)


@asynccontextmanager
async def resolving(world: ProvedWorld, folder: Path, **keys: object) -> AsyncIterator[Mesh]:
    """Run the cell's service in this world until the block ends."""
    (folder / "hints").write_text(world.hints)
    (folder / "anchors").write_text(world.anchors)
    zones, mesh, life, ready = WorldOfZones(world.servers), Mesh(), Life(), asyncio.Event()
    life.on_ready(ready.set)
    async with serving({address: zones.serve(address) for address in world.servers}) as port:
        ports = WorldPorts(dns_port=port, root_hints=str(folder / "hints"), trust_anchor=str(folder / "anchors"))
        settings, belief = what_it_is_told(Resolver(**keys), ports)  # type: ignore[arg-type]  # by name, as in a file
        inlet = PipeInlet(mesh.listener, identity_of(mesh.authority, "resolver"), MANIFEST.granted(), mesh.log.log())
        options = ResolverOptions(settings, mesh.log.log(), SystemClock(), life, belief, inlet=inlet)
        running = asyncio.create_task(run(options))
        await ready.wait()
        try:
            yield mesh
        finally:
            life.stop()
            await running


@pytest.mark.parametrize(
    ("name", "rcode", "security"),
    [
        ("www.lagoon.test", Rcode.NOERROR, Security.SECURE),
        ("any.wild.lagoon.test", Rcode.NOERROR, Security.SECURE),
        ("no.lagoon.test", Rcode.NXDOMAIN, Security.SECURE),
        ("www.plain.test", Rcode.NOERROR, Security.INSECURE),
        ("www.bogus.test", Rcode.SERVFAIL, Security.BOGUS),
    ],
)
async def test_resolver_tells_cells_how_sure_an_answer_is(
    world: ProvedWorld, tmp_path: Path, name: str, rcode: Rcode, security: Security
) -> None:
    """RFC 4033 §5, RFC 6840 §5.7: over the pipe AD means secure, and a bogus answer is told apart from a failure."""
    async with resolving(world, tmp_path) as mesh:
        names = StreamNames(mesh.dial("verifier"))
        for _ in range(2):  # found out, then remembered
            answer = await names.lookup(Question(name, "A"))
            assert (rcode, security) == (answer.rcode, answer.security)
        await names.close()


async def test_resolver_believes_a_zone_without_proof_where_it_is_told_to(world: ProvedWorld, tmp_path: Path) -> None:
    """RFC 7646 §2: below a negative trust anchor nothing is proved, so nothing is bogus."""
    async with resolving(world, tmp_path, negative_trust_anchors=("bogus.test",)) as mesh:
        names = StreamNames(mesh.dial("verifier"))
        answer = await names.lookup(Question("www.bogus.test", "A"))
        await names.close()
    assert (Rcode.NOERROR, Security.INSECURE) == (answer.rcode, answer.security)


async def test_resolver_tells_the_operator_each_step_and_who_vouches(world: ProvedWorld, tmp_path: Path) -> None:
    """A trace asks anew, from the root down; without one the cell's memory answers."""
    async with resolving(world, tmp_path) as mesh:
        caller = Caller(mesh.dial("operator"))
        for _ in range(2):
            traced = await caller.call(ResolveName("www.lagoon.test", "A", trace=True))
            assert {ROOT, LAGOON} == {step.server.partition(" ")[0] for step in traced.steps if step.server}
            assert ["", "lagoon.test"] == [link.zone for link in traced.chain]
        bogus = await caller.call(ResolveName("www.bogus.test", "A", trace=True))
        assert ("SERVFAIL", "bogus", 6) == (bogus.rcode, bogus.security, bogus.error_code)
        assert BOGUS in " ".join(step.server for step in bogus.steps)
        for has_steps in (True, False):
            plain = await caller.call(ResolveName("www.plain.test", "A"))
            assert ("NOERROR", "insecure", has_steps) == (plain.rcode, plain.security, bool(plain.steps))
        with pytest.raises(PermanentFailure, match="'NONSENSE' is no DNS record type"):
            await caller.call(ResolveName("a.test", "NONSENSE"))
        await caller.close()
