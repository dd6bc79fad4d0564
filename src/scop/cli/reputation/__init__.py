"""`scop reputation`: what is known of clients and domains. One file per command."""

from __future__ import annotations

import click

from scop.cli.late import Late

__all__ = ["reputation"]

# Command name → (module, attribute, one line for the list).
COMMANDS: dict[str, tuple[str, str, str]] = {
    "export": ("scop.cli.reputation.export", "export", "Write everything that is known, for other programs."),
    "list": ("scop.cli.reputation.list", "list_subjects", "Show what is known of whom."),
    "why": ("scop.cli.firewall.why", "why", "Say what is known of a subject, and what follows."),
}


@click.command(cls=Late, late_commands=COMMANDS)
def reputation() -> None:
    """See what the receiver knows of addresses, networks and authenticated domains."""
