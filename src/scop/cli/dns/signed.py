"""What commands share that speak to a server under a key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from scop.dns.names import normal_name
from scop.dns.tsig_keys import TsigKey, read_key_lines
from scop.mesh.config.resolver import server_place
from scop.net.dialer import tcp_dialer
from scop.net.dns_exchange import exchange_stream

__all__ = ["key_option", "one_key", "read_place", "send_signed"]

DNS_PORT, DOT_PORT = 53, 853

_Command = TypeVar("_Command", bound=Callable[..., object])


def key_option(command: _Command) -> _Command:
    """Give a command the options that say whose key signs."""
    file = click.option(
        "--key",
        "key_file",
        required=True,
        type=click.Path(dir_okay=False, exists=True, path_type=Path),
        help="A line `name algorithm base64`, or what tsig-keygen writes.",
    )
    name = click.option("--key-name", default="", help="Which, where the file has more than one.")
    return file(name(command))


def one_key(file: Path, name: str) -> TsigKey:
    """Return the one key that is meant; raises `click.UsageError`."""
    try:
        keys = read_key_lines(file.read_text(encoding="utf-8"))
        found = [key for key in keys if not name or key.name == normal_name(name)]
    except (OSError, ValueError) as fault:
        raise click.UsageError(f"{file}: {fault}") from None
    if len(found) == 1:
        return found[0]
    there = ", ".join(key.name for key in keys) or "none at all"
    if found:
        raise click.UsageError(f"{file} has several keys: say by --key-name which is meant: {there}")
    raise click.UsageError(f"{file} has {f'no key {name!r}, but {there}' if name else 'no key in it'}")


def read_place(server: str, *, tls: bool) -> tuple[str, int]:
    """Read where a server is; raises `click.UsageError`."""
    try:
        return server_place(server, DOT_PORT if tls else DNS_PORT)
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None


async def send_signed(octets: bytes, place: tuple[str, int], *, tls: bool) -> bytes:
    """Send a message by stream and return its answer; raises `TemporaryFailure`."""
    from scop.cli.dns.query_server import opportunistic

    dial = tcp_dialer(*place, tls=opportunistic() if tls else None, connect_seconds=10.0)
    return await exchange_stream(dial, octets, timeout_seconds=30.0)
