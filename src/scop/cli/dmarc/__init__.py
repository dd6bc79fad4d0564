"""`scop dmarc`: what a domain wants done with mail in its name, and reports of it. One file per command."""

from __future__ import annotations

import click

from scop.cli.late import Late

__all__ = ["dmarc"]

# Command name → (module, attribute, one line for the list).
COMMANDS: dict[str, tuple[str, str, str]] = {
    "check": ("scop.cli.dmarc.check", "check", "Show the policy of a domain, or of a mail's author."),
    "reports": ("scop.cli.dmarc.reports", "reports", "Show who sends as us; list, show and send reports."),
}


@click.command(cls=Late, late_commands=COMMANDS)
def dmarc() -> None:
    """Judge mail by its author domain's policy; show and send reports."""
