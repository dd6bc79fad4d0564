"""`scop dns zone show|log|diff|export`: what changes nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scop.cli.dns.zone.desk import Desk, desk_options, origin_argument
from scop.cli.dns.zone.files import read_zone_file
from scop.cli.dns.zone.shown import difference_json, print_difference, record_rows, records_json
from scop.cli.shared import json_option, print_json, print_table, when
from scop.dns.names import normal_name
from scop.dns.zone import Zone
from scop.dns.zone.difference import difference
from scop.mesh.vocabulary.primary import ReadZoneLog

__all__ = ["diff", "export", "log", "show"]

_version_option = click.option("--version", default="", metavar="ID", help="As that version left it; see `zone log`.")
_shown_option = click.option("--shown", is_flag=True, help="As the world sees it, with signatures.")


@click.command()
@click.argument("origin", metavar="[ZONE]", default="")
@_version_option
@_shown_option
@desk_options
@json_option
def show(origin: str, version: str, shown: bool, config: Path, state: Path | None, as_json: bool) -> None:
    """Show the records of a zone; without a name, which zones there are. The root is `.`."""
    desk = Desk(config, state)
    if not origin:
        _show_zones(desk, as_json)
        return
    zone = Zone.parse(desk.text(origin, version, shown=shown).decode("utf-8"), normal_name(origin))
    if as_json:
        print_json({"origin": zone.origin, "serial": zone.serial, "records": records_json(zone.records())})
    else:
        print_table(("name", "ttl", "type", "value"), record_rows(zone.records()))


def _show_zones(desk: Desk, as_json: bool) -> None:
    found = desk.zones()
    if as_json:
        print_json(found)
        return
    rows = [(f"{z.origin}.", str(z.serial), str(z.names), "yes" if z.signed else "no") for z in found.zones]
    print_table(("zone", "serial", "names", "signed"), rows)


@click.command()
@origin_argument
@click.option("--limit", type=click.IntRange(min=1, max=1000), default=50, show_default=True)
@desk_options
@json_option
def log(origin: str, limit: int, config: Path, state: Path | None, as_json: bool) -> None:
    """Tell who changed a zone, when and why, newest first."""
    found = Desk(config, state).look(ReadZoneLog(origin, limit))
    if as_json:
        print_json(found)
        return
    rows = [(v.id[:12], when(v.unix), "" if v.serial is None else str(v.serial), v.who, v.why) for v in found.versions]
    print_table(("version", "when (UTC)", "serial", "who", "why"), rows)


@click.command()
@origin_argument
@click.argument("old", default="")
@click.argument("new", default="")
@click.option("--file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Against a master file.")
@desk_options
@json_option
def diff(origin: str, old: str, new: str, file: Path | None, config: Path, state: Path | None, as_json: bool) -> None:
    """Show what differs between two versions of a zone.

    Without NEW it is the newest, without OLD the one before that. With --file: from OLD, or the newest, to the file.
    Exit status 1 if anything differs.
    """
    desk = Desk(config, state)
    what = difference(*_two(desk, origin, old, new, file))
    if as_json:
        print_json(difference_json(what))
    else:
        print_difference(what)
    sys.exit(1 if what else 0)


def _two(desk: Desk, origin: str, old: str, new: str, file: Path | None) -> tuple[Zone | None, Zone]:
    if file is not None:
        return desk.zone(origin, old), read_zone_file(file, origin)
    if old:
        return desk.zone(origin, old), desk.zone(origin, new)
    versions = desk.look(ReadZoneLog(origin, 2)).versions
    before = desk.zone(origin, versions[1].id) if len(versions) > 1 else None
    return before, desk.zone(origin, versions[0].id if versions else "")


@click.command()
@origin_argument
@_version_option
@_shown_option
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file, in place of stdout.")
@desk_options
def export(origin: str, version: str, shown: bool, output: Path | None, config: Path, state: Path | None) -> None:
    """Write a zone as a master file (RFC 1035 §5)."""
    octets = Desk(config, state).text(origin, version, shown=shown)
    if output is None:
        click.echo(octets, nl=False)
    else:
        output.write_bytes(octets)
