"""`scop dns`: the primary and the resolver without a mesh, zones, and questions. One file per command.

A command is imported when it runs: who resolves names without a mesh need not hold what reads master files.
"""

from __future__ import annotations

import click

from scop.cli.late import Late

__all__ = ["dns"]

# Command name → (module, attribute, one line for the list).
COMMANDS = {
    "primary": ("scop.cli.dns.primary", "primary", "Answer for zones, and change, sign and transfer them."),
    "resolver": ("scop.cli.dns.resolver", "resolver", "Resolve for everybody who asks, and validate."),
    "zone": ("scop.cli.dns.zone", "zone", "Look at zones and their history, change them whole, check master files."),
}


@click.command(cls=Late, late_commands=COMMANDS)
def dns() -> None:
    """Serve zones, resolve names, keep zones right."""
