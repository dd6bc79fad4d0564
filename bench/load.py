"""A load generator that costs little: plain sockets, pipelined commands, a few connections."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Target", "deliver_all"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to deliver, from which address, in whose name."""

    address: str
    port: int
    source: str
    reverse_path: str
    forward_path: str
    tls: bool = False  # from the first octet, whatever the certificate


def _any_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _reply(reader: asyncio.StreamReader, expected: bytes) -> None:
    while True:
        line = await reader.readline()
        if line[:3] != expected:
            raise ConnectionError(f"{line!r} where {expected!r} was expected")
        if line[3:4] != b"-":
            return


async def _work(target: Target, mails: Iterator[bytes]) -> None:
    reader, writer = await asyncio.open_connection(
        target.address, target.port, local_addr=(target.source, 0), ssl=_any_certificate() if target.tls else None
    )
    await _reply(reader, b"220")
    writer.write(b"EHLO bench.test\r\n")
    await _reply(reader, b"250")
    head = f"MAIL FROM:<{target.reverse_path}>\r\nRCPT TO:<{target.forward_path}>\r\nDATA\r\n".encode()
    for mail in mails:
        writer.write(head)
        for expected in (b"250", b"250", b"354"):
            await _reply(reader, expected)
        writer.write(mail + b".\r\n")
        await _reply(reader, b"250")
    writer.write(b"QUIT\r\n")
    await _reply(reader, b"221")
    writer.close()


def deliver_all(target: Target, mails: Sequence[bytes], connections: int) -> float:
    """Deliver every mail over so many connections and return the seconds it took."""
    left = iter(mails)  # shared: each connection takes the next one

    async def run() -> None:
        await asyncio.gather(*(_work(target, left) for _ in range(connections)))

    started = time.perf_counter()
    asyncio.run(run())
    return time.perf_counter() - started
