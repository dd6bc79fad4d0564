"""What a person types at the terminal, while things go on."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import threading
from contextlib import suppress

import click

__all__ = ["is_so", "typed_line"]


async def typed_line() -> str:
    """Return the next line of standard input with its end; the empty string is its end."""
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[str] = loop.create_future()

    def take(line: str) -> None:
        if not typed.done():
            typed.set_result(line)

    def read() -> None:
        line = _read_line()
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(take, line)

    # No thread of the loop's own, which is waited for: it may wait for a line until the terminal closes.
    threading.Thread(target=read, name="typed", daemon=True).start()
    return await typed


def _read_line() -> str:
    """Read a line and no more of what comes; by no stream, whose lock would hold the interpreter at its end."""
    try:
        descriptor = sys.stdin.fileno()
    except io.UnsupportedOperation:
        return sys.stdin.readline()
    line = bytearray()
    with suppress(OSError):
        while not line.endswith(b"\n") and (octet := os.read(descriptor, 1)):
            line += octet
    return line.decode("utf-8", "surrogateescape")


async def is_so(question: str) -> bool:
    """Ask for yes or no; whoever presses Ctrl-C, or Ctrl-D, answers neither."""
    while True:
        click.echo(f"{question} [y/N]: ", nl=False, err=True)
        line = await typed_line()
        if not line:
            raise click.Abort
        if (said := line.strip().lower()) in ("y", "yes", "n", "no", ""):
            return said in ("y", "yes")
        click.echo("y or n?", err=True)
