"""A mail server for a test, set up in any way, and a client that says all it has to say at once."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fakes.mail_sessions import Listening, Records, listen
from fakes.self_signed import HOSTNAME
from scop.net.mail_server import Entrance, MailServer, ServerTimeouts
from scop.smtp import ServerOptions

__all__ = ["say_to", "serving"]

_OPTIONS = ServerOptions(HOSTNAME)
_PATIENT = ServerTimeouts()
_PLAIN = Entrance()


@asynccontextmanager
async def serving(
    records: Records,
    options: ServerOptions = _OPTIONS,
    *,
    tls: ssl.SSLContext | None = None,
    timeouts: ServerTimeouts = _PATIENT,
    entrance: Entrance = _PLAIN,
    on_fault: Callable[[Exception], None] | None = None,
) -> AsyncIterator[Listening]:
    """Listen on loopback; every connection gets a session that writes into `records`."""

    def new_protocol() -> MailServer:
        return MailServer(options, records.session, tls=tls, timeouts=timeouts, entrance=entrance, on_fault=on_fault)

    async with listen(new_protocol) as listening:
        yield listening


async def say_to(listening: Listening, octets: bytes) -> list[str]:
    """Send octets in the clear after the greeting, read to the end, return the codes of the replies' lines."""
    reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
    greeting = await reader.readline()
    writer.write(octets)
    lines = (greeting + await reader.read()).split(b"\r\n")[:-1]
    writer.close()
    return [line[:4].decode() for line in lines]
