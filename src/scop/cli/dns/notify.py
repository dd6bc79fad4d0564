"""`scop dns notify`: tell a server that a zone has a new version."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import click

from scop.base import RemoteProtocolError
from scop.cli.dns.planning import hint_of
from scop.cli.dns.signed import key_option, one_key, read_place
from scop.cli.shared import json_option, print_json
from scop.dns.asking import Server
from scop.dns.header import rcode_of
from scop.dns.names import normal_name
from scop.dns.tsig import sign_request
from scop.dns.words import Rcode
from scop.dns.zone.notify import build_notify
from scop.net.clock import SystemClock
from scop.net.dns_exchange import exchange_datagram
from scop.net.faults import TemporaryFailure

__all__ = ["notify"]

TRIES = 3


@click.command(short_help="Tell a server that a zone has a new version.")
@click.argument("zone")
@click.option("--server", required=True, metavar="ADDR", help="As 192.0.2.1 or 192.0.2.1:5300.")
@key_option
@json_option
def notify(*, zone: str, server: str, key_file: Path, key_name: str, as_json: bool) -> None:
    """Send a signed NOTIFY for ZONE (RFC 1996): a secondary fetches it, a primary pulls its remote.

    Exit status 1 where the server says no.
    """
    key, place = one_key(key_file, key_name), Server(*read_place(server, tls=False))
    try:
        message = build_notify(normal_name(zone), int.from_bytes(os.urandom(2)))
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None
    sent = sign_request(message, key, int(SystemClock().unix()))
    try:
        reply = asyncio.run(_sent(place, sent.octets))
        code = rcode_of(sent.open_reply(reply, int(SystemClock().unix())))
    except (TemporaryFailure, RemoteProtocolError) as fault:
        hint = hint_of(fault) if isinstance(fault, RemoteProtocolError) else ""
        click.echo(f"Error: {fault}{hint}", err=True)
        sys.exit(2)
    name = Rcode(code).name
    if as_json:
        print_json({"rcode": name})
    else:
        click.echo(f"{name}: {'heard' if code == Rcode.NOERROR else 'the server does not want to know'}")
    if code != Rcode.NOERROR:
        sys.exit(1)


async def _sent(place: Server, octets: bytes) -> bytes:
    """Send a datagram, again where no answer comes (RFC 1996 §3.6)."""
    for _ in range(TRIES - 1):
        try:
            return await exchange_datagram(place, octets)
        except TemporaryFailure:
            continue
    return await exchange_datagram(place, octets)
