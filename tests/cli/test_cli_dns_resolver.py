"""`scop dns resolver`: a process that is asked by whoever comes."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fakes.command_line import scop
from fakes.name_servers import WorldOfZones, serving, zones_of
from fakes.real_mesh import unverified
from scop.dns import Question, Rcode
from scop.dns.asking import Server
from scop.dns.message import Message, build_query, parse_message
from scop.net.dialer import tcp_dialer
from scop.net.dns_exchange import exchange_datagram, exchange_stream
from scop.net.dns_server import AnswerQuery, DnsTransport, Response
from scop.net.peer import Peer

SOA = "@ SOA ns hostmaster 1 3600 600 86400 60\n"
ROOT, LAGOON, CORP = "127.0.30.1", "127.0.10.1", "127.0.10.2"
ZONES = {
    ROOT: zones_of(_=SOA + "@ NS ns\nns A 127.0.30.1\nlagoon.test NS ns.lagoon.test.\nns.lagoon.test A 127.0.10.1\n"),
    LAGOON: zones_of(lagoon_test=SOA + "@ NS ns\nns A 127.0.10.1\nwww A 192.0.2.1\n"),
    CORP: zones_of(corp_test=SOA + "@ NS ns\nns A 127.0.10.2\nwww A 192.0.2.2\n"),
}
PATIENCE_SECONDS = 60.0


class Running:
    """A resolver that runs, and where."""

    def __init__(self, process: asyncio.subprocess.Process, ready: dict[str, list[str]]) -> None:
        self.process = process
        (self.place,) = map(server_of, ready["listen"])
        self.dot = [*map(server_of, ready["dot"])]

    async def ask(self, name: str) -> Message:
        """Ask by datagram."""
        return parse_message(await exchange_datagram(self.place, query(name), timeout_seconds=PATIENCE_SECONDS))

    async def end(self) -> tuple[int | None, bytes]:
        """End it as a service manager does; return its status and what else it said."""
        self.process.send_signal(signal.SIGTERM)
        said, _ = await self.process.communicate()
        return self.process.returncode, said


def query(name: str) -> bytes:
    """Return a query for an address."""
    return build_query(Question(name, "A"), 7)


def server_of(place: str) -> Server:
    """Read HOST:PORT."""
    host, _, port = place.rpartition(":")
    return Server(host, int(port))


class HeldWorld(WorldOfZones):
    """Its servers answer when they are let."""

    def __init__(self) -> None:
        super().__init__(ZONES)
        self.was_asked, self.may_answer = asyncio.Event(), asyncio.Event()

    def serve(self, address: str) -> AnswerQuery:
        """Wait before each answer."""
        answer = super().serve(address)

        async def later(query: bytes, peer: Peer, transport: DnsTransport) -> Response:
            self.was_asked.set()
            await self.may_answer.wait()
            found = answer(query, peer, transport)
            assert not isinstance(found, Awaitable)
            return found

        return later


@asynccontextmanager
async def resolving(folder: Path, *words: str, world: WorldOfZones | None = None) -> AsyncIterator[Running]:
    """Run the command in a world of three servers until the block ends."""
    world = world or WorldOfZones(ZONES)
    hints = folder / "root.hints"
    hints.write_text(f". NS ns.\nns. A {ROOT}\n")
    async with asyncio.timeout(PATIENCE_SECONDS), serving({address: world.serve(address) for address in ZONES}) as port:
        command = [sys.executable, "-m", "scop.cli", "dns", "resolver", "--listen", "127.0.0.1:0", "--json"]
        command += ["--root-hints", str(hints), "--world-port", str(port), *(word.format(port) for word in words)]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            yield Running(process, json.loads(await process.stdout.readline()))
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()


async def test_resolver_command_answers_in_every_way(tmp_path: Path) -> None:
    """By datagram, stream and TLS; its first line says where; SIGTERM ends it with status 0 and no word more."""
    async with resolving(tmp_path, "--dot", "127.0.0.1:0") as running:
        datagram = await running.ask("www.lagoon.test")
        assert ["192.0.2.1"] == [str(getattr(record.rdata, "address", "")) for record in datagram.answers]
        place, (dot,) = running.place, running.dot
        by_stream = await exchange_stream(tcp_dialer(place.address, place.port), query("www.lagoon.test"))
        by_tls = await exchange_stream(tcp_dialer(dot.address, dot.port, tls=unverified()), query("www.lagoon.test"))
        assert datagram.answers == parse_message(by_stream).answers == parse_message(by_tls).answers
        assert (0, b"") == await running.end()


async def test_resolver_command_asks_configured_servers(tmp_path: Path) -> None:
    """A stub zone is asked at its servers, over which no special use wins; without, the root knows nothing of it."""
    async with resolving(tmp_path, "--stub", f"corp.test={CORP}@{{}}", "--minimise", "off") as running:
        assert 1 == len((await running.ask("www.corp.test")).answers)
        assert Rcode.NXDOMAIN is (await running.ask("www.other.test")).rcode
        assert (0, b"") == await running.end()


async def test_resolver_command_answers_at_its_end_what_it_was_asked_before(tmp_path: Path) -> None:
    """SIGTERM drains: the answer that a server still owes us is waited for."""
    world = HeldWorld()
    async with resolving(tmp_path, "--stub", f"corp.test={CORP}@{{}}", world=world) as running:
        asking = asyncio.create_task(running.ask("www.corp.test"))
        await world.was_asked.wait()
        running.process.send_signal(signal.SIGTERM)
        world.may_answer.set()
        assert 1 == len((await asking).answers)
        assert 0 == await running.process.wait()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--listen", "nowhere"), "'nowhere' is not of the form HOST:PORT"),
        (("--listen", "127.0.0.1:0", "--stub", "corp.test"), "--stub 'corp.test' is not of the form ZONE=ADDR"),
        (("--listen", "127.0.0.1:0", "--forward", ".=ns.test"), "'ns.test' is no address"),
        (("--listen", "127.0.0.1:0", "--root-hints", "/absent"), "/absent: the root hints cannot be read"),
        (("--listen", "127.0.0.1:0", "--trust-anchor", "/absent"), "/absent: the trust anchors cannot be read"),
        (("--listen", "127.0.0.1:0", "--dot", "127.0.0.1:0", "--tls-key", "/x"), "--tls-cert and --tls-key belong"),
        ((), "missing option '--listen'"),
    ],
)
def test_resolver_command_says_what_is_wrong(words: tuple[str, ...], reason: str) -> None:
    """One sentence and status 2."""
    said = scop("dns", "resolver", *words)
    assert 2 == said.status
    assert reason in said.err
