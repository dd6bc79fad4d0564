"""Listeners, sessions and their end: a whole mail server as one context.

Standards: RFC 5321 §3.8 (421 at the end); RFC 8314 §3 (implicit TLS).
"""

from __future__ import annotations

import asyncio
import ipaddress
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from scop.base import printable
from scop.base.sources import Networks
from scop.net.connections import Connections
from scop.net.entrance import BACKLOG, Entrance, ServerTimeouts
from scop.net.log import Log
from scop.net.mail_drop.directory import Directory
from scop.net.mail_drop.drop import Drop
from scop.net.mail_drop.session import DropSession, Free, Hall
from scop.net.mail_server import MailServer
from scop.smtp import ServerOptions
from scop.smtp.extensions import built_in

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from scop.net.mail_drop.session import Attendant
    from scop.net.peer import Peer
    from scop.smtp import Extension, Refused

__all__ = ["MailService", "ServeOptions", "serve_mail"]

DRAIN_SECONDS = 10.0  # for mails that are being taken when the server is asked to end

# What a place of one process keeps its word on: no notices are written here, nothing is delivered by a deadline.
_OFFERED = (
    "PIPELINING",
    "SIZE",
    "8BITMIME",
    "SMTPUTF8",
    "ENHANCEDSTATUSCODES",
    "CHUNKING",
    "STARTTLS",
    "LIMITS",
    "XCLIENT",
)

D = TypeVar("D", bound=Drop)


def _to_nobody(_line: bytes) -> None:
    return


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How the server speaks, and to whom.

    Connections from `proxies` must begin with a PROXY header; those from `xclients` may use XCLIENT. Both
    are networks as text. `attendant` holds the limits; without one there are none. `extensions` are
    those of others, offered beside ours.
    """

    listen: tuple[tuple[str, int], ...] = (("127.0.0.1", 0),)
    hostname: str = "localhost"
    lmtp: bool = False
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    directory: Directory = field(default_factory=Directory)
    attendant: Attendant = field(default_factory=Free)
    proxies: tuple[str, ...] = ()
    xclients: tuple[str, ...] = ()
    extensions: tuple[Extension, ...] = ()
    max_message_octets: int = 52_428_800
    timeouts: ServerTimeouts = field(default_factory=ServerTimeouts)
    log: Log = field(default_factory=lambda: Log("serve", _to_nobody))

    def __post_init__(self) -> None:
        for network in self.proxies + self.xclients:
            ipaddress.ip_network(network)  # raises `ValueError`


@dataclass(frozen=True, slots=True)
class MailService(Generic[D]):
    """A server that runs: where it listens, and where its mails are dropped."""

    drop: D
    places: tuple[tuple[str, int], ...]
    connections: Connections

    @property
    def port(self) -> int:
        """The port of the first listener."""
        return self.places[0][1]


@asynccontextmanager
async def serve_mail(drop: D, options: ServeOptions = ServeOptions()) -> AsyncIterator[MailService[D]]:
    """Serve until the context ends; mails that are being taken then are finished, idle clients hear 421.

    Without options it listens on loopback, at a port that the kernel picks. Raises `OSError` where it
    cannot listen.
    """
    connections = Connections()
    servers: list[asyncio.Server] = []
    try:
        for host, port in options.listen:
            servers.append(await _listen(drop, options, connections, (host, port)))
        places = tuple(socket.getsockname()[:2] for server in servers for socket in server.sockets)
        yield MailService(drop, places, connections)
    finally:
        for server in servers:
            server.close()
        await connections.drain(DRAIN_SECONDS)
        await drop.close()


async def _listen(
    drop: Drop, options: ServeOptions, connections: Connections, place: tuple[str, int]
) -> asyncio.Server:
    hall = Hall(options.hostname, options.lmtp, options.directory, options.attendant, options.log)
    is_xclient = Networks(options.xclients)
    entrance = Entrance(
        implicit_tls=options.implicit_tls,
        is_proxy=Networks(options.proxies),
        pause_seconds=None if isinstance(options.attendant, Free) else options.attendant.pause_seconds,
        connections=connections,
    )

    def speech(peer: Peer) -> ServerOptions:
        return ServerOptions(
            options.hostname,
            lmtp=options.lmtp,
            tls_available=options.tls is not None,
            tls_active=options.implicit_tls,
            xclient=is_xclient(peer.address),
            max_message_octets=options.max_message_octets,
            max_recipients=drop.max_recipients,
            extensions=(*built_in(*_OFFERED), *options.extensions),
        )

    def note_refused(peer: Peer, refused: Refused) -> None:
        options.log.warning(
            "command.refused", address=peer.address, reply=printable(str(refused.reply)), reason=refused.reason
        )
        if refused.reply.is_permanent:  # 452 for one recipient too many is no misdeed
            options.attendant.visit(peer).note_broken_command()

    def new_server() -> MailServer:
        return MailServer(
            speech,
            lambda peer: DropSession(hall, drop.delivery(), peer),
            tls=options.tls,
            timeouts=options.timeouts,
            entrance=entrance,
            on_fault=options.log.fault,
            on_refused=note_refused,
        )

    return await asyncio.get_running_loop().create_server(new_server, *place, backlog=BACKLOG)
