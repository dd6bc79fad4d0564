"""The resolver on sockets: asked on pipes, asking real name servers on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fakes.loops import LOOPS, run_under
from fakes.mesh import KeptLog, identity_of, loopback_listener
from fakes.name_servers import WorldOfZones, serving, zones_of
from scop.cells.resolver.manifest import MANIFEST
from scop.cells.resolver.service import Belief, ResolverOptions, options_of, run
from scop.dns import MX, TXT, A, Question, Rcode, Security
from scop.dns.asking import Server
from scop.dns.dnssec.anchors import INTERNET_ANCHORS
from scop.dns.rdata import DS
from scop.dns.resolver.options import ResolverOptions as Settings
from scop.dns.resolver.options import Zone
from scop.dns.rrset import RRset
from scop.mesh.authority import Authority
from scop.mesh.cell import Cell, Life
from scop.mesh.config import Config, Network, Resolver, WorldPorts
from scop.mesh.inlet import Inlet, PlainInlet
from scop.mesh.pipes import PipeInlet, pipe_dialer
from scop.mesh.protocol import PipeProtocol
from scop.net.clock import SystemClock
from scop.net.dialer import tcp_dialer
from scop.net.dns_client import StreamNames
from scop.net.dns_server import AnswerQuery, DnsTransport
from scop.net.peer import Peer

SOA = "@ SOA ns hostmaster 1 3600 600 86400 60\n"
BIG = "".join(f'big TXT "{number:02d}{"x" * 200}"\n' for number in range(20))
ROOT, LAGOON = "127.0.30.1", "127.0.10.1"
ZONES = {
    ROOT: zones_of(_=SOA + "@ NS ns\nns A 127.0.30.1\nlagoon.test NS ns.lagoon.test.\nns.lagoon.test A 127.0.10.1\n"),
    LAGOON: zones_of(lagoon_test=SOA + "@ NS ns\nns A 127.0.10.1\n@ MX 10 mx\nmx A 127.0.10.1\n" + BIG),
}


@asynccontextmanager
async def resolving(inlet: Inlet, port: int, log: KeptLog) -> AsyncIterator[None]:
    """Run the service until the block ends."""
    life, ready = Life(), asyncio.Event()
    life.on_ready(ready.set)
    options = ResolverOptions(
        settings=Settings(roots=(Server(ROOT, port),), port=port, has_own_root=True, prime=False),
        inlet=inlet,
        log=log.log("resolver"),
        clock=SystemClock(),
        life=life,
    )
    serving_ = asyncio.create_task(run(options))
    await ready.wait()
    try:
        yield
    finally:
        life.stop()
        await serving_


@asynccontextmanager
async def asking(servers: Mapping[str, AnswerQuery], log: KeptLog | None = None) -> AsyncIterator[StreamNames]:
    """Give names as a cell has them, behind a resolver that runs alone in a world of these servers."""
    listener = loopback_listener()
    address, port = listener.getsockname()
    names = StreamNames(tcp_dialer(address, port))
    async with (
        serving(servers) as world_port,
        resolving(PlainInlet(listener, PipeProtocol.DOT), world_port, log or KeptLog()),
    ):
        try:
            yield names
        finally:
            await names.close()


@pytest.mark.parametrize("loop", LOOPS)
def test_resolver_service_answers_from_the_world_and_from_memory(loop: str) -> None:
    """Root, zone, answer; then nobody is asked; answers are insecure for now."""
    world = WorldOfZones(ZONES)
    question = Question("lagoon.test", "MX")

    async def main() -> None:
        async with asking({address: world.serve(address) for address in ZONES}) as names:
            for _ in range(2):
                answer = await names.lookup(question)
                assert ((MX(10, "mx.lagoon.test"),), Security.INSECURE) == (answer.records, answer.security)
            assert {ROOT, LAGOON} == {address for address, _ in world.asked}
            assert 1 == world.asked.count((LAGOON, question))
            gone = await names.lookup(Question("gone.lagoon.test", "A"))
            assert (Rcode.NXDOMAIN, 60) == (gone.rcode, gone.ttl_seconds)

    run_under(loop, main)


@pytest.mark.parametrize("loop", LOOPS)
def test_resolver_service_takes_by_stream_what_no_datagram_holds(loop: str) -> None:
    """TC, then TCP (RFC 7766 §5)."""
    world = WorldOfZones(ZONES)

    async def main() -> None:
        async with asking({address: world.serve(address) for address in ZONES}) as names:
            answer = await names.lookup(Question("big.lagoon.test", "TXT"))
            assert {TXT.of(f"{number:02d}{'x' * 200}".encode()) for number in range(20)} == {*answer.records}
            assert 2 == world.asked.count((LAGOON, Question("big.lagoon.test", "TXT")))

    run_under(loop, main)


async def test_resolver_service_says_servfail_where_the_world_is_down() -> None:
    """Nobody listens at the zone's server: an answer, not a wait."""
    world = WorldOfZones(ZONES)
    log = KeptLog()
    async with asking({ROOT: world.serve(ROOT)}, log) as names:
        answer = await names.lookup(Question("lagoon.test", "MX"))
    assert Rcode.SERVFAIL is answer.rcode
    assert [True] == ["lagoon.test" in reason for reason in log.reasons("dns.failed")]


async def test_resolver_service_asks_once_for_many() -> None:
    """A hundred cells' questions are one to the world."""
    world = WorldOfZones(ZONES)
    async with asking({address: world.serve(address) for address in ZONES}) as names:
        answers = await asyncio.gather(*(names.lookup(Question("mx.lagoon.test", "A")) for _ in range(100)))
    assert {(A("127.0.10.1"),)} == {answer.records for answer in answers}
    assert 1 == world.asked.count((LAGOON, Question("mx.lagoon.test", "A")))


async def test_resolver_service_survives_servers_that_send_noise() -> None:
    """Octets that are no DNS are as good as none."""

    def noise(query: bytes, peer: Peer, transport: DnsTransport) -> bytes:
        return query[:2] + b"\x84\x00" + query[4:] + b"\xc0\xff\xee"

    async with asking({ROOT: noise}) as names:
        assert Rcode.SERVFAIL is (await names.lookup(Question("a.test", "A"))).rcode


async def test_resolver_service_speaks_dns_over_tls_with_its_neighbours() -> None:
    """On a pipe with certificates at both ends (RFC 7858)."""
    authority, listener = Authority("harbor.test"), loopback_listener()
    address, port = listener.getsockname()
    log = KeptLog()
    inlet = PipeInlet(listener, identity_of(authority, "resolver"), MANIFEST.granted(), log.log())
    names = StreamNames(pipe_dialer(identity_of(authority, "verifier"), "resolver", address, port))
    world = WorldOfZones(ZONES)
    async with serving({a: world.serve(a) for a in ZONES}) as world_port, resolving(inlet, world_port, log):
        assert (A("127.0.10.1"),) == (await names.lookup(Question("mx.lagoon.test", "A"))).records
        await names.close()


def cell_of(folder: Path, world: WorldPorts, resolver: Resolver) -> Cell:
    """Return the resolver's cell with this configuration."""
    authority = Authority("harbor.test")
    return Cell(
        manifest=MANIFEST,
        config=Config("harbor.test", Network("127.0.20.1"), world=world, resolver=resolver),
        state=folder,
        log=KeptLog().log(),
        inlet=PlainInlet(loopback_listener(), PipeProtocol.DOT),
        identity=identity_of(authority, "resolver"),
        places={},
    )


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the listener of a service that never runs
async def test_resolver_options_come_from_the_configuration(tmp_path: Path) -> None:
    """Own hints make a world of one's own, with its own anchors or none; else the Internet's roots and keys."""
    hints, anchors = tmp_path / "root.hints", tmp_path / "root.anchors"
    hints.write_text(". NS ns.\nns. A 127.0.30.1\n")
    anchors.write_text(". DS 1 13 2 00\n")
    world = WorldPorts(dns_port=5300, root_hints=str(hints), trust_anchor=str(anchors))
    told = Resolver(
        stub={"corp.test": ("127.0.0.1:5399",)}, negative_trust_anchors=("a.test",), minimise=False, serve_stale=False
    )
    own = options_of(cell_of(tmp_path, world, told))
    assert own.settings == Settings(
        roots=(Server("127.0.30.1", 5300),),
        port=5300,
        has_own_root=True,
        zones=(Zone("corp.test", (Server("127.0.0.1", 5399),)),),
        minimise=False,
    )
    assert own.belief == Belief((RRset("", "DS", 0, (DS(1, 13, 2, b"\0"),)),), ("a.test",))
    assert own.serves_stale is False
    internet = options_of(cell_of(tmp_path, WorldPorts(), Resolver()))
    assert (13, 53, False) == (len(internet.settings.roots), internet.settings.port, internet.settings.has_own_root)
    assert internet.belief == Belief(INTERNET_ANCHORS)
    unproved = options_of(cell_of(tmp_path, WorldPorts(root_hints=str(hints)), Resolver()))
    assert unproved.belief == Belief()
    stub_root = options_of(cell_of(tmp_path, WorldPorts(), Resolver(stub={".": ("127.0.30.1@5300",)})))
    assert (stub_root.settings.has_own_root, stub_root.belief) == (True, Belief())
    forwarded = options_of(cell_of(tmp_path, WorldPorts(), Resolver(forward={".": ("127.0.30.1",)})))
    assert (forwarded.settings.has_own_root, forwarded.belief) == (False, Belief(INTERNET_ANCHORS))
