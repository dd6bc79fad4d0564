"""`scop reputation export`: everything that is known, for other programs."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import click
import msgspec

from scop.cli.firewall.export import master_file
from scop.cli.firewall.pages import read_known
from scop.cli.reputation.list import kind_option
from scop.cli.shared import config_option, print_json
from scop.mesh.vocabulary.receiver import KnownSubject

__all__ = ["export"]


@click.command()
@click.option("--format", "form", type=click.Choice(["json", "csv", "zone"]), default="json", show_default=True)
@kind_option
@config_option
def export(form: str, kind: str | None, config: Path) -> None:
    """Write everything that is known: as JSON, as CSV, or what follows from it as a DNS zone (RFC 5782)."""
    if form == "zone":
        if kind is not None:
            raise click.UsageError("--kind does not go with --format zone, which holds whoever is shut out")
        click.echo(master_file(config, ""), nl=False)
        return
    found = read_known(config, kind or "")
    if form == "json":
        print_json(found.subjects)
        return
    names = KnownSubject.__struct_fields__
    writer = csv.writer(sys.stdout)
    writer.writerow(names)
    writer.writerows(msgspec.structs.astuple(subject) for subject in found.subjects)
