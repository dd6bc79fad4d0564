"""`scop dns ds`: what to give the registrar."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from scop.cli.dns.zone_keys import KeyPlace, place_options, shown_origin
from scop.cli.shared import json_option, print_json, when
from scop.mesh.vocabulary.zone_keys import ZoneKey, ZoneKeys

__all__ = ["ds"]

_WANTED = "wanted at the parent"


@click.command()
@click.argument("origin", metavar="ZONE")
@click.option("--dnskey", is_flag=True, help="The keys themselves, for a registrar that makes the DS.")
@place_options
@json_option
def ds(origin: str, dnskey: bool, config: Path, state: Path | None, as_json: bool) -> None:
    """Print the DS records by which the parent of ZONE vouches for its keys: give them to the registrar.

    Exit status 1 where the parent is to vouch for none, since the zone is unsigned or about to be.
    """
    zone = KeyPlace(config, state).zone(origin)
    keys, not_before_unix = wanted_keys(zone)
    if as_json:
        lines = {"ds": [key.ds for key in keys], "dnskey": [key.dnskey for key in keys]}
        print_json({"origin": zone.origin, **lines, "not_before_unix": not_before_unix})
        sys.exit(0 if keys else 1)
    for key in keys:
        click.echo(key.dnskey if dnskey else key.ds)
    if not keys:
        click.echo(f"{shown_origin(zone.origin)} wants no DS: take out what its parent has", err=True)
        sys.exit(1)
    if not_before_unix is not None and not_before_unix > time.time():
        click.echo(f"; not before {when(not_before_unix)}: until then caches may hold unsigned records", err=True)


def wanted_keys(zone: ZoneKeys) -> tuple[tuple[ZoneKey, ...], int | None]:
    """Return the keys that the parent shall vouch for, and from when on; None where that is now."""
    wanted = tuple(key for key in zone.keys if _WANTED in key.duties)
    first = next((roll for roll in zone.rolls if roll.kind == "first" and roll.step == "publishing"), None)
    if wanted or first is None:
        return wanted, None
    return tuple(key for key in zone.keys if key.ds), first.until_unix
