"""`scop reputation`: who behaved how. One file per command."""

from __future__ import annotations

import click

from scop.cli.late import Late

__all__ = ["reputation"]

# Command name → (module, attribute, one line for the list).
COMMANDS: dict[str, tuple[str, str, str]] = {}


@click.command(cls=Late, late_commands=COMMANDS)
def reputation() -> None:
    """See who behaved how, and why."""
