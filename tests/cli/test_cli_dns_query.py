"""`scop dns query`: an answer, its steps, and why it is secure."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.command_line import Said, scop
from fakes.name_servers import WorldOfZones, serving
from fakes.proved_world import LAGOON, ROOT, ProvedWorld, proved_world

PATIENCE_SECONDS = 60.0


@pytest.fixture(scope="module")
def world() -> ProvedWorld:
    """One world for all: keys take their time."""
    return proved_world()


@dataclass(frozen=True, slots=True)
class Asking:
    """The command, in a world that is up."""

    port: int
    folder: Path

    async def query(self, *words: str, alone: bool = True) -> Said:
        """Run it to its end."""
        told = ["--root-hints", f"{self.folder}/hints", "--trust-anchor", f"{self.folder}/anchors"]
        told += ["--world-port", str(self.port)]
        return await asyncio.to_thread(scop, "dns", "query", *words, *(told if alone else []))


@asynccontextmanager
async def asking(world: ProvedWorld, folder: Path) -> AsyncIterator[Asking]:
    """Bring the world up until the block ends."""
    (folder / "hints").write_text(world.hints)
    (folder / "anchors").write_text(world.anchors)
    zones = WorldOfZones(world.servers)
    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        serving({address: zones.serve(address) for address in world.servers}) as port,
    ):
        yield Asking(port, folder)


@pytest.mark.parametrize(
    ("name", "type_", "status", "rcode", "security"),
    [
        ("www.lagoon.test", "A", 0, "NOERROR", "secure"),
        ("alias.lagoon.test", "a", 0, "NOERROR", "secure"),
        ("any.wild.lagoon.test", "A", 0, "NOERROR", "secure"),
        ("www.lagoon.test", "MX", 1, "NOERROR", "secure"),
        ("no.lagoon.test", "A", 1, "NXDOMAIN", "secure"),
        ("www.plain.test", "A", 0, "NOERROR", "insecure"),
        ("www.bogus.test", "A", 1, "SERVFAIL", "bogus"),
    ],
)
async def test_query_tells_how_sure_an_answer_is(
    world: ProvedWorld, tmp_path: Path, name: str, type_: str, status: int, rcode: str, security: str
) -> None:
    """RFC 4033 §5: secure, insecure or bogus; the exit status says whether there is an answer."""
    async with asking(world, tmp_path) as on:
        said = await on.query(name, type_, "--json")
    found = json.loads(said.out)
    assert (status, rcode, security) == (said.status, found["rcode"], found["security"])
    assert found["reason"]


async def test_query_tells_every_step_and_the_chain_of_trust(world: ProvedWorld, tmp_path: Path) -> None:
    """Who was asked what, what came of it, and the zones from the anchor down."""
    async with asking(world, tmp_path) as on:
        said = await on.query("alias.lagoon.test", "A", "--trace", "--json")
        shown = await on.query("alias.lagoon.test", "A", "--trace")
    found = json.loads(said.out)
    kinds = [step["kind"] for step in found["steps"]]
    assert {"referred", "asked", "judged", "alias"} == set(kinds)
    servers = {step["server"].partition(" ")[0] for step in found["steps"] if step["server"]}
    assert {ROOT, LAGOON} == servers
    assert [("", "secure"), ("lagoon.test", "secure")] == [(link["zone"], link["security"]) for link in found["chain"]]
    assert 0 == shown.status
    for words in ("leads to www.lagoon.test", "chain of trust", "└── lagoon.test.  secure", "192.0.2.1"):
        assert words in shown.out


async def test_query_asks_one_server(world: ProvedWorld, tmp_path: Path) -> None:
    """An authority says AA and no AD, so that its answer is not proved; what it refuses could not be found out."""
    async with asking(world, tmp_path) as on:
        said = await on.query("www.lagoon.test", "A", "--server", f"{LAGOON}:{on.port}", "--json", alone=False)
        refused = await on.query("www.else.test", "A", "--server", f"{LAGOON}@{on.port}", "--json", alone=False)
    found = json.loads(said.out)
    assert (0, "NOERROR", "insecure") == (said.status, found["rcode"], found["security"])
    assert "authoritative" in found["steps"][0]["text"]
    assert (2, "REFUSED") == (refused.status, json.loads(refused.out)["rcode"])


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("a..b",), "a label of 'a..b'"),
        (("a.test", "NONSENSE"), "'NONSENSE' is no DNS record type"),
        (("a.test", "--tls"), "--tls is for --server"),
        (("a.test", "--server", "127.0.0.1", "--trace"), "--server asks one server"),
        (("a.test", "--server", "ns.test"), "--server 'ns.test' is no address"),
        (("a.test", "--config", "/absent/scop.toml"), "/absent/scop.toml"),
        ((), "missing argument 'NAME'"),
    ],
)
def test_query_says_what_is_wrong(words: tuple[str, ...], reason: str) -> None:
    """One sentence and status 2."""
    said = scop("dns", "query", *words)
    assert 2 == said.status
    assert reason in said.err
