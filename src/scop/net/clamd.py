"""Asks a ClamAV daemon about octets, by INSTREAM over TCP.

The octets are passed on untouched; what is believed of the answer is one line, cut and made printable. It does not
decide what a virus leads to.

Standards: clamd(8), "COMMANDS": zINSTREAM, chunks of a length of four octets and that many, a length of zero at the
end; the answer `stream: OK`, `stream: NAME FOUND` or `… ERROR`; clamd.conf(5), StreamMaxLength.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
from dataclasses import dataclass

from scop.base import printable
from scop.net.faults import TemporaryFailure
from scop.net.places import family_of

__all__ = ["ClamdPlace", "TooLongForScanner", "scan"]

SCAN_SECONDS = 20.0
CHUNK_OCTETS = 1 << 20
MAX_ANSWER_OCTETS = 4096
MAX_NAME_CHARACTERS = 100
_TOO_LONG = "INSTREAM size limit exceeded."
_FOUND = re.compile(r"stream: (.{1,1000}) FOUND")


@dataclass(frozen=True, slots=True)
class ClamdPlace:
    """Where the daemon listens."""

    host: str
    port: int


class TooLongForScanner(Exception):
    """The daemon is configured to take no stream of that length; it will be the same tomorrow."""


async def scan(place: ClamdPlace, descriptor: int, octets: int) -> str:
    """Return the name of the virus in the first octets behind a descriptor, '' for none.

    Raises `TooLongForScanner`, and `TemporaryFailure` where there is no answer now.
    """
    try:
        async with asyncio.timeout(SCAN_SECONDS):
            with socket.socket(family_of(place.host)) as connection:
                connection.setblocking(False)
                answer = await _ask(connection, place, descriptor, octets)
    except TimeoutError:
        raise TemporaryFailure(f"clamd has no answer within {SCAN_SECONDS} s") from None
    except OSError as fault:
        raise TemporaryFailure(f"clamd: {fault}") from fault
    return _name_in(answer)


async def _ask(connection: socket.socket, place: ClamdPlace, descriptor: int, octets: int) -> bytes:
    """Return what the daemon says; by a socket of our own, for a transport that fails to write forgets what it read."""
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connection, (place.host, place.port))
    with contextlib.suppress(ConnectionError):  # it says why before it closes: that it takes no more
        await loop.sock_sendall(connection, b"zINSTREAM\0")
        for at in range(0, octets, CHUNK_OCTETS):
            chunk = os.pread(descriptor, min(CHUNK_OCTETS, octets - at), at)
            await loop.sock_sendall(connection, len(chunk).to_bytes(4, "big"))
            await loop.sock_sendall(connection, chunk)
        await loop.sock_sendall(connection, bytes(4))
    answer = b""
    while len(answer) < MAX_ANSWER_OCTETS and not answer.endswith(b"\0"):
        if not (said := await loop.sock_recv(connection, MAX_ANSWER_OCTETS)):
            break
        answer += said
    return answer


def _name_in(answer: bytes) -> str:
    """Return the name in an answer; raises `TooLongForScanner`, or `TemporaryFailure` for neither yes nor no."""
    said = answer.rstrip(b"\0\r\n").decode("ascii", "replace")
    if said == "stream: OK":
        return ""
    if said.startswith(_TOO_LONG):
        raise TooLongForScanner
    found = _FOUND.fullmatch(said)
    if found is None:
        raise TemporaryFailure(f"clamd says {printable(said, limit=200)!r}")
    return printable(found[1], limit=MAX_NAME_CHARACTERS)
