"""A web server on loopback that answers as it is told, in turn: late, broken, too much, or not at all."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from aiohttp import web

from fakes.loops import jump

__all__ = [
    "Answering",
    "Asked",
    "JumpingRest",
    "OddServer",
    "breaks_off",
    "floods",
    "leads_to",
    "odd_server",
    "outlasts",
    "says",
    "stays_silent",
]

Answering: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that came."""

    method: str
    target: str  # path and query, as they came
    headers: Mapping[str, str]
    body: bytes


class JumpingRest:
    """Waits by letting its time jump; satisfies `scop.net.matrix.repeating.Rest`."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Jump."""
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@dataclass
class OddServer:
    """Where it listens, what it still has to answer (the last again and again), and what it was asked."""

    answers: list[Answering]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer by the next answer."""
        self.asked.append(Asked(request.method, request.raw_path, request.headers, await request.read()))
        answering = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answering(request)


@asynccontextmanager
async def odd_server(*answers: Answering, tls: ssl.SSLContext | None = None) -> AsyncIterator[OddServer]:
    """Listen until the block ends."""
    server = OddServer(list(answers))
    # A connection that a test leaves open is not waited for.
    runner = web.ServerRunner(web.Server(server.answer, access_log=None), shutdown_timeout=0.05)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]
    server.url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()


def says(value: object, status: int = 200, **headers: str) -> Answering:
    """Answer with JSON (or these octets); `retry_after="1"` is a header."""

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        names = {name.replace("_", "-"): text for name, text in headers.items()}
        return web.Response(body=body, status=status, headers=names)

    return answer


def leads_to(url: str, status: int = 307) -> Answering:
    """Answer with a redirect."""
    return says({}, status, Location=url)


async def stays_silent(_request: web.BaseRequest) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


def outlasts(seconds: float, then: Answering = stays_silent) -> Answering:
    """Let so much time pass before the answer."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        jump(seconds)
        await asyncio.sleep(0)
        return await then(request)

    return answer


async def breaks_off(request: web.BaseRequest) -> web.StreamResponse:
    """Close the connection in the middle of an answer."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"half": ')
    assert request.transport is not None
    request.transport.close()
    return response


def floods(octets: int) -> Answering:
    """Answer with so many octets, in as many pieces as it takes, without saying how many come."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for start in range(0, octets, 65_536):
            await response.write(b" " * min(65_536, octets - start))
        await response.write_eof()
        return response

    return answer
