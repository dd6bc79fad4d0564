"""The homeserver in memory behind a socket on loopback, on a thread of its own: for programs that speak HTTP."""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import msgspec
from aiohttp import web

from fakes.homeserver import FakeHomeserver
from scop.matrix.api.client_server.sync import Sync
from scop.matrix.api.errors import MatrixError
from scop.matrix.api.http import HttpRequest, HttpResponse
from scop.matrix.api.request import Request, Response

__all__ = ["served_homeserver"]

_LOOK_SECONDS = 0.01


@contextmanager
def served_homeserver(server: FakeHomeserver, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve until the block ends, under TLS as `localhost` where a context is given; give the URL where clients ask."""
    served = _Served(server, tls)
    thread = threading.Thread(target=served.run, name="homeserver", daemon=True)
    thread.start()
    assert served.is_up.wait(30)
    try:
        yield served.url
    finally:
        served.loop.call_soon_threadsafe(served.ended.set)
        thread.join(30)


class _Served:
    def __init__(self, server: FakeHomeserver, tls: ssl.SSLContext | None) -> None:
        self._server = server
        self._tls = tls
        self.url = ""
        self.is_up = threading.Event()

    def run(self) -> None:
        """Live on this thread."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self.loop, self.ended = asyncio.get_running_loop(), asyncio.Event()
        runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=0.05)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self._tls).start()
        port = runner.addresses[0][1]
        self.url = f"https://localhost:{port}" if self._tls else f"http://127.0.0.1:{port}"
        self.is_up.set()
        await self.ended.wait()
        await runner.cleanup()

    async def _answer(self, asked: web.BaseRequest) -> web.StreamResponse:
        kind = self._kind_of(asked.method, asked.raw_path.partition("?")[0])
        if kind is None:
            return web.json_response({"errcode": "M_UNRECOGNIZED", "error": "no such thing"}, status=404)
        headers = tuple(asked.headers.items())
        query = tuple(asked.query.items())
        http = HttpRequest(asked.method, asked.raw_path.partition("?")[0], query, headers, await asked.read())
        token = asked.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            said = await self._said(token, kind.from_http(http))
        except MatrixError as refusal:
            return web.json_response(refusal.body, status=refusal.status)
        return _as_aiohttp(said)

    async def _said(self, token: str, request: Request[Any]) -> HttpResponse:
        """Return the answer; to who waits for something to happen, when it has."""
        patience = request.timeout or 0 if isinstance(request, Sync) else 0
        said = cast("Response", self._server.answer(token, request)).to_http()
        until = self.loop.time() + patience / 1000
        while self.loop.time() < until and _is_quiet(said.body):
            await asyncio.sleep(_LOOK_SECONDS)  # tests change the world on threads of their own
            said = cast("Response", self._server.answer(token, request)).to_http()
        return said

    def _kind_of(self, method: str, path: str) -> type[Request[Any]] | None:
        for kind in self._server.answers:
            pattern = re.sub(r"\\\{[^/]+\\\}", "[^/]*", re.escape(kind.endpoint.path))
            if kind.endpoint.method == method and re.fullmatch(pattern, path):
                return kind
        return None


def _is_quiet(body: bytes) -> bool:
    news = msgspec.json.decode(body)
    return not any((news["rooms"], news["to_device"]["events"], news["account_data"]["events"], "device_lists" in news))


def _as_aiohttp(said: HttpResponse) -> web.Response:
    return web.Response(status=said.status, body=said.body, headers=dict(said.headers))
