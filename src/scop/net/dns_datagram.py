"""One query by datagram, on a socket of its own: so from a random port, and hearing nobody but the server's address.

Standards: RFC 5452 §9.2 (random ports, many wrong answers), RFC 6056 (the kernel picks the port by chance).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Generic, TypeVar

from scop.dns.asking import Server
from scop.net.faults import TemporaryFailure, reason_of
from scop.net.places import family_of

__all__ = ["MAX_STRAYS", "Guessed", "hear_datagram"]

MAX_STRAYS = 32  # datagrams that answer something else; more is somebody guessing (RFC 5452 §9.2)
MAX_DATAGRAM_OCTETS = 65_535

_Heard = TypeVar("_Heard")


class Guessed(TemporaryFailure):
    """So much came that was no answer that somebody may be guessing at one."""


async def hear_datagram(
    server: Server, octets: bytes, judge: Callable[[bytes], _Heard | None], *, timeout_seconds: float
) -> _Heard:
    """Send `octets` and return what `judge` makes of the first reply that it takes for one, None standing for a stray.

    Raises `TemporaryFailure` where the server cannot be reached or is silent.
    """
    loop = asyncio.get_running_loop()
    try:
        sock = socket.socket(family_of(server.address), socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    except OSError as fault:  # no descriptor left
        raise TemporaryFailure(f"no way to {server}: {fault}") from fault
    with sock:
        ear = _Ear(server, sock, judge)
        try:
            sock.connect((server.address, server.port))
            sock.send(octets)
        except OSError as fault:  # no route
            raise TemporaryFailure(f"no way to {server}: {fault}") from fault
        loop.add_reader(sock, ear.listen)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await ear.heard
        except TimeoutError:
            raise TemporaryFailure(f"no answer from {server} within {timeout_seconds} s") from None
        finally:
            loop.remove_reader(sock)


class _Ear(Generic[_Heard]):
    """Listens on one connected socket until something is heard that counts."""

    def __init__(self, server: Server, sock: socket.socket, judge: Callable[[bytes], _Heard | None]) -> None:
        self.heard: asyncio.Future[_Heard] = asyncio.get_running_loop().create_future()
        self._server = server
        self._sock = sock
        self._judge = judge
        self._strays = 0

    def listen(self) -> None:
        """Take what has come."""
        if self.heard.done():
            return
        try:
            reply = self._sock.recv(MAX_DATAGRAM_OCTETS)
        except BlockingIOError:
            return
        except OSError as fault:  # a closed port answers by ICMP
            self.heard.set_exception(TemporaryFailure(f"{self._server} cannot be reached: {reason_of(fault)}"))
            return
        heard = self._judge(reply)
        if heard is not None:
            self.heard.set_result(heard)
            return
        self._strays += 1
        if self._strays > MAX_STRAYS:
            self.heard.set_exception(Guessed("somebody guesses at answers"))
