"""`scop firewall`: whom the receiver lets in. One file per command."""

from __future__ import annotations

import click

from scop.cli.late import Late

__all__ = ["firewall"]

# Command name → (module, attribute, one line for the list).
COMMANDS: dict[str, tuple[str, str, str]] = {}


@click.command(cls=Late, late_commands=COMMANDS)
def firewall() -> None:
    """See and change whom the receiver lets in."""
