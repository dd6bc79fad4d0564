"""`scop dns update`: change a zone over the wire, as the holder of a key."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import click

from scop.base import RemoteProtocolError
from scop.cli.dns.planning import hint_of
from scop.cli.dns.signed import key_option, one_key, read_place, send_signed
from scop.cli.shared import ask, config_option, json_option, print_json
from scop.dns.names import normal_name
from scop.dns.update import build_update, read_update_reply
from scop.dns.words import Rcode
from scop.dns.zone.update_text import read_update_lines
from scop.mesh.vocabulary.primary import SendUpdate
from scop.net.clock import SystemClock
from scop.net.faults import TemporaryFailure

__all__ = ["update"]

_MEANINGS = {
    Rcode.NOERROR: "done, and durable",
    Rcode.FORMERR: "the server cannot read it",
    Rcode.SERVFAIL: "the server could not do it; try again",
    Rcode.NXDOMAIN: "a name that should be in use is not",
    Rcode.YXDOMAIN: "a name that should not be in use is",
    Rcode.NXRRSET: "an RRset that should be there, or be so, is not",
    Rcode.YXRRSET: "an RRset that should not be there is",
    Rcode.REFUSED: "the key may not write this",
    Rcode.NOTAUTH: "the server is not the zone's primary, or does not know the key",
    Rcode.NOTZONE: "a name is outside of the zone",
}


@click.command(short_help="Change a zone by UPDATE.")
@click.argument("zone")
@click.argument("lines", nargs=-1, metavar="[CHANGE]...")
@key_option
@click.option("--server", metavar="ADDR", help="A primary, as 192.0.2.1 or 192.0.2.1:5300.  [default: the mesh's]")
@click.option("--tls", is_flag=True, help="Ask over TLS (port 853 where --server names none).")
@config_option
@json_option
def update(
    *,
    zone: str,
    lines: tuple[str, ...],
    key_file: Path,
    key_name: str,
    server: str | None,
    tls: bool,
    config: Path,
    as_json: bool,
) -> None:
    """Change ZONE, all or nothing, in the order of the CHANGEs; without any they are read from standard input.

    A CHANGE is `add NAME TTL TYPE VALUE`, `delete NAME [TYPE [VALUE]]`, or what has to be so for the others to be made:
    `prereq yxdomain NAME`, `prereq nxdomain NAME`, `prereq yxrrset NAME TYPE [VALUE]`, `prereq nxrrset NAME TYPE`. A
    script of nsupdate is read too. A name without a dot at its end is one of ZONE. Exit status 1 where the server says
    no.
    """
    key = one_key(key_file, key_name)
    try:
        script = read_update_lines(lines or sys.stdin.read().splitlines(), zone)
        if not script.changes and not script.prerequisites:
            raise ValueError("no CHANGE was given, neither as an argument nor on standard input")
        now, message_id = int(SystemClock().unix()), int.from_bytes(os.urandom(2))
        sent = build_update(
            normal_name(zone),
            script.changes,
            key,
            now_unix=now,
            message_id=message_id,
            prerequisites=script.prerequisites,
        )
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None
    place = read_place(server, tls=tls) if server else None
    try:
        if place is None:
            reply = ask(config, "primary", SendUpdate(sent.octets)).octets
        else:
            reply = asyncio.run(send_signed(sent.octets, place, tls=tls))
        rcode = read_update_reply(sent, reply, int(SystemClock().unix()))
    except RemoteProtocolError as fault:
        sys.exit(_told_failure(f"{fault}{hint_of(fault)}"))
    except TemporaryFailure as fault:
        sys.exit(_told_failure(str(fault)))
    _tell(rcode, as_json=as_json)


def _tell(rcode: Rcode, *, as_json: bool) -> None:
    if as_json:
        print_json({"rcode": rcode.name, "meaning": _MEANINGS.get(rcode, "")})
    else:
        click.echo(f"{rcode.name}: {_MEANINGS.get(rcode, 'the server says no')}")
    if rcode is not Rcode.NOERROR:
        sys.exit(1)


def _told_failure(reason: str) -> int:
    click.echo(f"Error: {reason}", err=True)
    return 2
