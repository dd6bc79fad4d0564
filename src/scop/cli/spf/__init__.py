"""`scop spf`: may this address send in that name? One file per command."""

from __future__ import annotations

import click

from scop.cli.late import Late

__all__ = ["spf"]

# Command name → (module, attribute, one line for the list).
COMMANDS: dict[str, tuple[str, str, str]] = {}


@click.command(cls=Late, late_commands=COMMANDS)
def spf() -> None:
    """Check who may send in a domain's name."""
