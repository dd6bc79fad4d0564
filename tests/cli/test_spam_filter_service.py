"""Who may speak with a stand-alone filter, how many at once, and what becomes of those who wait when it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.command_line import scop
from fakes.fixed_scales import empty_model
from scop.cli.spam.filter_service import Listening, listener_at, serving
from scop.net.connections import Connections
from scop.net.faults import PermanentFailure
from scop.net.log import Log

MOST = 2
GREETING = b"hello\r\n"


class Greeting(asyncio.Protocol):
    """Greets, and stays until it is told to go."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(self)
        transport.write(GREETING)

    def connection_lost(self, _fault: Exception | None) -> None:
        """Let go."""
        self._connections.discard(self)

    def retire(self) -> None:
        """Go."""
        self._transport.close()

    def abort(self) -> None:
        """Go at once."""
        self._transport.abort()


@dataclass
class Service:
    """A filter that greets once it is ready."""

    port: int
    lines: list[bytes] = field(default_factory=list)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    callers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def call(self) -> asyncio.StreamReader:
        """Connect."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.callers.append(writer)
        return reader

    @property
    def refusals(self) -> list[str]:
        """Why connections were refused."""
        return [said["reason"] for said in map(json.loads, self.lines) if said["event"] == "client.refused"]


@asynccontextmanager
async def service(*clients: str) -> AsyncIterator[Service]:
    """Run one for so many connections."""
    listening = Listening((listener_at("127.0.0.1:0"),), clients, max_connections=MOST)
    here = Service(listening.sockets[0].getsockname()[1])

    async def ready() -> None:
        here.waiting.set()
        await here.ready.wait()

    log = Log("filter", here.lines.append)
    async with serving(listening, lambda: Greeting(listening.connections), log, ready=ready):
        yield here
    for caller in here.callers:
        caller.close()


async def heard(reader: asyncio.StreamReader) -> bytes:
    """Return what is said first, nothing where the connection ends."""
    try:
        return await asyncio.wait_for(reader.read(100), 60)
    except ConnectionError:
        return b""


@pytest.mark.parametrize(("clients", "said"), [(("127.0.0.0/8",), GREETING), (("192.0.2.0/24", "::1/128"), b"")])
async def test_service_speaks_with_those_who_may(clients: tuple[str, ...], said: bytes) -> None:
    """A stranger hears nothing, and the log says who it was."""
    async with service(*clients) as here:
        here.ready.set()
        assert said == await heard(await here.call())
        assert ([] if said else ["not of --clients"]) == here.refusals


@pytest.mark.parametrize("is_ready", [True, False])
async def test_service_takes_so_many_at_once(is_ready: bool) -> None:
    """At the limit another one is refused, also while the first still wait for their greeting; then there is room."""
    async with service("127.0.0.0/8") as here:
        if is_ready:
            here.ready.set()
        callers = [await here.call() for _ in range(MOST)]
        if is_ready:
            assert [GREETING] * MOST == [await heard(each) for each in callers]
        assert b"" == await heard(await here.call())
        assert [f"{MOST} are connected"] == here.refusals
        here.ready.set()
        if not is_ready:
            assert [GREETING] * MOST == [await heard(each) for each in callers]


async def test_service_that_ends_leaves_nobody_waiting() -> None:
    """Who was not greeted yet hears the end."""
    async with service("127.0.0.0/8") as here:
        caller = await here.call()
        await here.waiting.wait()
    assert b"" == await heard(caller)


@pytest.mark.parametrize(
    ("place", "sentence"),
    [("192.0.2.1:25", "cannot listen on 192.0.2.1:25"), ("unix:/nowhere/socket", "cannot listen on unix:/nowhere")],
)
def test_service_says_where_it_cannot_listen(place: str, sentence: str) -> None:
    """One sentence names the place."""
    with pytest.raises(PermanentFailure, match=sentence):
        listener_at(place)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("milter", "--listen", "127.0.0.1:0", "--reject-above", "nan"), "name a score from 0 to 1"),
        (("milter", "--listen", "inet:8895@127.0.0.1"), "is not of the form HOST:PORT"),
        (("milter", "--listen", "127.0.0.1:0", "--clients", "all"), "--clients"),
        (("proxy", "--listen", "127.0.0.1:{port}", "--forward", "127.0.0.1:{port}"), "where it listens itself"),
    ],
)
def test_service_says_what_is_wrong(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    """One sentence, before it listens."""
    with listener_at("127.0.0.1:0") as free:
        port = free.getsockname()[1]
    path = str(empty_model(tmp_path))
    said = scop("spam", words[0], "--model", path, *(word.format(port=port) for word in words[1:]))
    assert (2, True) == (said.status, sentence in said.err)
