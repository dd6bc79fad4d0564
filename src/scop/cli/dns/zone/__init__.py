"""`scop dns zone`: look at zones and their history, change them whole, and check master files."""

from __future__ import annotations

import click

from scop.cli.dns.zone.changing import import_zone, roll_back
from scop.cli.dns.zone.checking import check
from scop.cli.dns.zone.looking import diff, export, log, show

__all__ = ["zone"]


@click.group()
def zone() -> None:
    """Look at zones and their history, change them whole, check master files.

    They are those of the running mesh, or with --state those of a primary that runs alone.
    """


for _command in (check, diff, export, import_zone, log, roll_back, show):
    zone.add_command(_command)
