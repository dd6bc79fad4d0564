"""`scop dns`: the primary and the resolver without a mesh, zones, and questions. One file per command.

A command is imported when it runs: who resolves names without a mesh need not hold what reads master files.
"""

from __future__ import annotations

import click

from scop.cli.late import Late

__all__ = ["dns"]

# Command name → (module, attribute, one line for the list).
COMMANDS = {
    "apply": ("scop.cli.dns.plan", "apply", "Make our zone say what it has to, by UPDATE."),
    "ds": ("scop.cli.dns.ds", "ds", "Print what to give the registrar, so that our signatures count."),
    "keys": ("scop.cli.dns.keys", "keys", "Show which keys sign our zones, and what they do."),
    "plan": ("scop.cli.dns.plan", "plan", "Show what our zone has to say, and the fix where it does not."),
    "primary": ("scop.cli.dns.primary", "primary", "Answer for zones, and change, sign and transfer them."),
    "query": ("scop.cli.dns.query", "query", "Resolve a name, and see by which steps and why it is secure."),
    "update": ("scop.cli.dns.update", "update", "Change a zone by UPDATE."),
    "notify": ("scop.cli.dns.notify", "notify", "Tell a server that a zone has a new version."),
    "resolver": ("scop.cli.dns.resolver", "resolver", "Resolve for everybody who asks, and validate."),
    "roll": ("scop.cli.dns.keys", "roll", "Roll the keys of a zone without a gap."),
    "zone": ("scop.cli.dns.zone", "zone", "Look at zones and their history, change them whole, check master files."),
}


@click.command(cls=Late, late_commands=COMMANDS)
def dns() -> None:
    """Serve zones, resolve names, keep zones right."""
