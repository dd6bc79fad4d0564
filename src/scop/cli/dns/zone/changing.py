"""`scop dns zone import|rollback`: what changes a zone as a whole, and leaves the change in its history."""

from __future__ import annotations

from pathlib import Path

import click

from scop.cli.dns.zone.desk import Desk, desk_options, origin_argument, person
from scop.cli.dns.zone.files import read_zone_file
from scop.cli.dns.zone.shown import print_change
from scop.cli.shared import json_option, print_json
from scop.mesh.vocabulary.primary import ImportZone, RollBackZone, ZoneChange

__all__ = ["import_zone", "roll_back"]

PIECE_OCTETS = 1_048_576

_why_option = click.option("--why", default="", metavar="TEXT", help="What the history will say.")


@click.command(name="rollback")
@origin_argument
@click.argument("version")
@_why_option
@desk_options
@json_option
def roll_back(origin: str, version: str, why: str, config: Path, state: Path | None, as_json: bool) -> None:
    """Let a zone be as VERSION left it, under a new serial, so that secondaries follow; see `zone log`."""
    _tell(Desk(config, state).change(RollBackZone(origin, version, person(), why)), as_json)


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--origin", default="", metavar="ZONE", help="Which zone; by default as the file says.")
@_why_option
@desk_options
@json_option
def import_zone(file: Path, origin: str, why: str, config: Path, state: Path | None, as_json: bool) -> None:
    """Replace a zone by a master file, or add one; a serial that has not moved is moved.

    What was written by UPDATE and is not in the file is gone, as DKIM keys: `zone export` first, or let
    `zone diff ZONE --file FILE` show what would change.
    """
    zone = read_zone_file(file, origin)
    octets, desk = zone.to_text().encode("ascii"), Desk(config, state)
    done = ZoneChange(zone.origin, 0)
    step = PIECE_OCTETS if state is None else len(octets)
    for offset in range(0, len(octets), step):
        piece = octets[offset : offset + step]
        question = ImportZone(f"{zone.origin}.", offset, len(octets), piece, person(), why or f"Import {file.name}")
        done = desk.change(question)
    _tell(done, as_json)


def _tell(done: ZoneChange, as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        print_change(done)
