"""A stand-alone filter as a service: where it listens, who may speak with it, what it gives up, how it ends.

It opens its listeners, then confines itself as a cell does (scop.mesh.confine): it can read the model's folder and
Python's own files, dial the one port that it passes mail to, and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, cast

from scop.base.sources import Networks
from scop.cli.foreground import loop_factory
from scop.mesh.code_paths import code_paths
from scop.mesh.confine import Rules, confine
from scop.mime import load_charsets
from scop.net.connections import Connections
from scop.net.entrance import BACKLOG
from scop.net.faults import PermanentFailure, reason_of
from scop.net.log import Log
from scop.net.places import tcp_listener, written_place

__all__ = [
    "LOOPBACK",
    "Listening",
    "Rights",
    "give_up_rights",
    "ids_of",
    "listener_at",
    "serving",
    "written_listener",
]

DRAIN_SECONDS = 10.0  # for mails that are being passed on when the service is asked to end
MAX_CONNECTIONS = 1000  # at once; a mail server has some hundred processes
LOOPBACK = ("127.0.0.0/8", "::1/128")
MAX_EARLY_OCTETS = 4096
FOR_ALL = 0o666  # of a unix socket: who may enter its folder may speak

Spoken: TypeAlias = Callable[[], asyncio.Protocol]
Ready: TypeAlias = Callable[[], Awaitable[None]]


async def _at_once() -> None:
    """Wait for nothing."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What the service needs once it runs."""

    model: Path
    user: str = ""  # whom root becomes
    connect_port: int = 0  # where mail is passed on to; 0 for nowhere


@dataclass(frozen=True, slots=True)
class Listening:
    """Listeners that are open, and the networks of those who may speak; unix sockets are open to who can reach them."""

    sockets: tuple[socket.socket, ...]
    clients: tuple[str, ...] = LOOPBACK
    max_connections: int = MAX_CONNECTIONS
    connections: Connections = field(default_factory=Connections)


def _unix_path(place: str) -> str:
    """Return the path of a place that is a unix socket, '' for another."""
    kind, _, path = place.partition(":")
    return path if kind in ("unix", "local") else ""


def listener_at(place: str) -> socket.socket:
    """Open unix:PATH, inet:HOST:PORT or HOST:PORT; raises `ValueError` for what is none, `PermanentFailure`."""
    path = _unix_path(place)
    try:
        if path:
            return _unix_listener(path)
        return tcp_listener(place.removeprefix("inet:"), backlog=BACKLOG)
    except OSError as fault:
        raise PermanentFailure(f"cannot listen on {place}: {reason_of(fault)}") from None


def written_listener(listener: socket.socket) -> str:
    """Return where a listener is, as a person writes it."""
    place = listener.getsockname()
    return f"unix:{place}" if isinstance(place, str) else written_place(*place[:2])


def give_up_rights(rights: Rights) -> tuple[str, ...]:
    """Give up all but `rights`; return what this kernel cannot enforce. Raises `PermanentFailure`."""
    load_charsets()
    loop_factory()
    uid, gid = ids_of(rights.user)
    report = confine(
        Rules(
            # The folder, not the file: a new model comes in place of the old one.
            read_paths=(*code_paths(), str(rights.model.absolute().parent)),
            connect_ports=(rights.connect_port,) if rights.connect_port else (),
            uid=uid,
            gid=gid,
        )
    )
    return report.missing


@asynccontextmanager
async def serving(listening: Listening, speak: Spoken, log: Log, *, ready: Ready = _at_once) -> AsyncIterator[None]:
    """Speak with all who may, each once it is `ready`, until the context ends; what is being done then is finished."""
    loop = asyncio.get_running_loop()
    may_speak = Networks(listening.clients)

    def introduced() -> asyncio.Protocol:
        return _Introduction(speak, may_speak, listening, log, ready)

    servers = [await _server(loop, introduced, each) for each in listening.sockets]
    try:
        yield
    finally:
        for server in servers:
            server.close()
        await listening.connections.drain(DRAIN_SECONDS)


async def _server(loop: asyncio.AbstractEventLoop, introduced: Spoken, listener: socket.socket) -> asyncio.Server:
    if listener.family == socket.AF_UNIX:
        return await loop.create_unix_server(introduced, sock=listener, backlog=BACKLOG)
    return await loop.create_server(introduced, sock=listener, backlog=BACKLOG)


class _Introduction(asyncio.Protocol):
    """Looks who calls, and hands the connection to the real protocol; a stranger hears nothing.

    Who waits is counted as who is spoken with, and told likewise when the service ends.
    """

    def __init__(self, speak: Spoken, may_speak: Networks, listening: Listening, log: Log, ready: Ready) -> None:
        self._speak = speak
        self._may_speak = may_speak
        self._connections = listening.connections
        self._max_connections = listening.max_connections
        self._log = log
        self._ready = ready
        self._early = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Decide who may speak."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by class
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) else ""
        if address and not self._may_speak(address):
            self._refuse(address, "not of --clients")
        elif len(self._connections) >= self._max_connections:
            self._refuse(address, f"{self._max_connections} are connected")
        else:
            self._connections.add(self)
            self._task = asyncio.get_running_loop().create_task(self._hand_over())

    def data_received(self, octets: bytes) -> None:
        """Keep what comes early; a mail server that says much before it was answered is none."""
        self._early += octets
        if len(self._early) > MAX_EARLY_OCTETS:
            self._transport.abort()

    def connection_lost(self, _fault: Exception | None) -> None:
        """Let go."""
        self._connections.discard(self)

    def retire(self) -> None:
        """Close: nothing was said yet."""
        self._transport.close()

    def abort(self) -> None:
        """End at once."""
        self._transport.abort()

    def _refuse(self, address: str, reason: str) -> None:
        self._log.warning("client.refused", address=address, reason=reason)
        self._transport.abort()

    async def _hand_over(self) -> None:
        await self._ready()
        if not self._transport.is_closing():
            protocol = self._speak()
            self._transport.set_protocol(protocol)
            protocol.connection_made(self._transport)
            self._connections.discard(self)
            if self._early:
                protocol.data_received(bytes(self._early))


def _unix_listener(path: str) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.stat(path).st_mode):  # noqa: PTH116 - left there by the one before us
            Path(path).unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(path)
        Path(path).chmod(FOR_ALL)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def ids_of(user: str) -> tuple[int | None, int | None]:
    """Return whom to become; an ordinary user stays who it is."""
    if os.geteuid() != 0:
        if user and user != pwd.getpwuid(os.geteuid()).pw_name:
            raise PermanentFailure(f"--user {user}: only root can become somebody else")
        return None, None
    if not user:
        raise PermanentFailure("it does not run as root: name whom it becomes by --user, or start it as that user")
    try:
        found = pwd.getpwnam(user)
    except KeyError:
        raise PermanentFailure(f"--user {user}: there is no such user") from None
    if 0 in (found.pw_uid, found.pw_gid):
        raise PermanentFailure(f"--user {user}: that is root by another name")
    return found.pw_uid, found.pw_gid
