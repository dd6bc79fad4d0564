"""`scop dkim`: seals of mail and their keys. One file per command."""

from __future__ import annotations

import click

from scop.cli.late import Late

__all__ = ["dkim"]

# Command name → (module, attribute, one line for the list).
COMMANDS: dict[str, tuple[str, str, str]] = {}


@click.command(cls=Late, late_commands=COMMANDS)
def dkim() -> None:
    """Seal mail, check seals, look after the keys."""
