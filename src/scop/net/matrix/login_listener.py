"""Listens on loopback for the browser that comes back from a login, and answers it with a small page.

It believes nobody: a request is taken where `read` finds in it what only we and the server know; others are told so,
and are waited past. What came is not shown, in no page and in no log.

Standards: RFC 8252 §7.3, §8.3 (loopback), RFC 9110 §15; Matrix v1.19 CS §Client login via SSO.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from scop.base import RemoteProtocolError
from scop.matrix.oauth import NotOurs

__all__ = ["Listener", "listening_on_loopback"]

Read = Callable[[str], str]  # the code or token in a URL; raises `NotOurs` for any other
MAX_TARGET_OCTETS = 8190
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>SCoP</title>
<body style="font-family: sans-serif; margin: 4em"><p>{}</p></body></html>
"""
_DONE = "That is all: you can close this page, and go on in the terminal."
_FAILED = "The login did not work; the terminal says why."
_NOT_OURS = "Nobody here waits for this."
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Listener:
    """Waits for one browser."""

    def __init__(self, read: Read | None = None) -> None:
        self.read = read  # set before anybody is sent here
        self.port = 0
        self._came: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def url(self, path: str) -> str:
        """Return where a browser comes back to."""
        return f"http://127.0.0.1:{self.port}{path}"

    async def came(self) -> str:
        """Return what the browser brought; raises what is wrong with it."""
        return await asyncio.shield(self._came)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        # A page elsewhere whose name leads here (DNS rebinding) is none of ours.
        is_ours = request.method == "GET" and request.headers.get("Host") in _names(self.port)
        if self.read is None or not is_ours:
            return _page(404, _NOT_OURS)
        try:
            found = self.read(request.raw_path)
        except NotOurs:
            return _page(404, _NOT_OURS)
        except RemoteProtocolError as fault:
            if not self._came.done():
                self._came.set_exception(fault)
            return _page(400, _FAILED)
        if not self._came.done():
            self._came.set_result(found)
        return _page(200, _DONE)

    def close(self) -> None:
        """Wait no longer."""
        if not self._came.done():
            self._came.cancel()
        elif not self._came.cancelled():
            self._came.exception()  # nobody asks for it any more


@asynccontextmanager
async def listening_on_loopback() -> AsyncIterator[Listener]:
    """Listen until the block ends, at a port that the kernel picks."""
    listener = Listener()
    serving = web.Server(listener.answer, access_log=None, max_line_size=MAX_TARGET_OCTETS, keepalive_timeout=1)
    runner = web.ServerRunner(serving, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        listener.port = int(runner.addresses[0][1])
        yield listener
    finally:
        listener.close()
        await runner.cleanup()


def _names(port: int) -> tuple[str, str]:
    return f"127.0.0.1:{port}", f"localhost:{port}"


def _page(status: int, words: str) -> web.Response:
    return web.Response(
        status=status, text=_PAGE.format(words), content_type="text/html", headers={**_HEADERS, "Connection": "close"}
    )
