"""A web server over TLS on loopback that answers every request with the same octets."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

__all__ = ["WebServer", "ok", "serve_web"]


def ok(text: bytes, content_type: str = "text/plain", status: str = "200 OK", extra: str = "") -> bytes:
    """Return a whole answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(text)}\r\n{extra}\r\n"
    return head.encode() + text


@dataclass
class WebServer:
    """What it says (None: nothing, ever), where it listens and what it was asked."""

    answer: bytes | None
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    open: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection."""
        task = asyncio.create_task(self.serve(reader, writer))
        self.open[task] = writer
        task.add_done_callback(self.open.pop)

    async def end(self) -> None:
        """Cut whatever is still open, and see it closed: who asked may have gone in the middle of the answer."""
        for writer in self.open.values():
            writer.transport.abort()
        if self.open:
            await asyncio.wait([*self.open])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            if self.answer is None:
                await reader.read()
            else:
                writer.write(self.answer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def serve_web(context: ssl.SSLContext, answer: bytes | None) -> AsyncIterator[WebServer]:
    """Serve at 127.0.0.1 until the block ends."""
    web = WebServer(answer)
    server = await asyncio.start_server(web.accept, "127.0.0.1", 0, ssl=context)
    web.port = server.sockets[0].getsockname()[1]
    try:
        yield web
    finally:
        server.close()
        await web.end()
