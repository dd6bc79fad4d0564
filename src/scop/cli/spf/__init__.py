"""`scop spf`: may this address send in that name? One file per command."""

from __future__ import annotations

import click

from scop.cli.late import Late

__all__ = ["spf"]

# Command name → (module, attribute, one line for the list).
COMMANDS: dict[str, tuple[str, str, str]] = {
    "check": ("scop.cli.spf.check", "check", "Check whether an address may send in a name, and see why."),
    "received": ("scop.cli.spf.received", "received", "Show what receivers before us wrote into a mail about SPF."),
}


@click.command(cls=Late, late_commands=COMMANDS)
def spf() -> None:
    """Check who may send in a domain's name."""
