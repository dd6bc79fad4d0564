"""One query by datagram, on a socket of its own: so from a random port, and hearing nobody but the server's address.

Standards: RFC 5452 §9.2 (random ports, many wrong answers), RFC 6056 (the kernel picks the port by chance).
"""

from __future__ import annotations

import asyncio
import socket

from scop.dns.resolver.asking import Server
from scop.net.dns_query import Heard, Query, Verdict

__all__ = ["MAX_STRAYS", "ask_by_datagram"]

MAX_STRAYS = 32  # datagrams that answer something else; more is somebody guessing (RFC 5452 §9.2)
MAX_DATAGRAM_OCTETS = 65_535


async def ask_by_datagram(server: Server, query: Query, timeout_seconds: float) -> Heard | None:
    """Return the first reply that is no stray, None where the server cannot be reached or is silent."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in server.address else socket.AF_INET
    try:
        sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    except OSError:  # no descriptor left
        return None
    with sock:
        ear = _Ear(sock, query)
        try:
            sock.connect((server.address, server.port))
            sock.send(query.octets)
        except OSError:  # no route
            return None
        loop.add_reader(sock, ear.listen)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await ear.heard
        except TimeoutError:
            return None
        finally:
            loop.remove_reader(sock)


class _Ear:
    """Listens on one connected socket until something is heard that counts."""

    def __init__(self, sock: socket.socket, query: Query) -> None:
        self.heard: asyncio.Future[Heard | None] = asyncio.get_running_loop().create_future()
        self._sock = sock
        self._query = query
        self._strays = 0

    def listen(self) -> None:
        """Take what has come."""
        if self.heard.done():
            return
        try:
            reply = self._sock.recv(MAX_DATAGRAM_OCTETS)
        except BlockingIOError:
            return
        except OSError:  # a closed port answers by ICMP
            self.heard.set_result(None)
            return
        heard = self._query.judge(reply)
        if heard.verdict is Verdict.STRAY:
            self._strays += 1
            if self._strays <= MAX_STRAYS:
                return
            heard = Heard(Verdict.GUESSED)
        self.heard.set_result(heard)
