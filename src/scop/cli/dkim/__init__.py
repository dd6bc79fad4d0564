"""`scop dkim`: seals of mail and their keys. One file per command."""

from __future__ import annotations

import click

from scop.cli.late import Late

__all__ = ["dkim"]

# Command name → (module, attribute, one line for the list).
COMMANDS: dict[str, tuple[str, str, str]] = {
    "keygen": ("scop.cli.dkim.keygen", "keygen", "Make a key that seals mail, and the record to publish."),
    "keys": ("scop.cli.dkim.keys", "keys", "Show the keys that seal our mail, and what each waits for."),
    "rotate": ("scop.cli.dkim.rotate", "rotate", "Make new keys now, and let them take over."),
    "sign": ("scop.cli.dkim.sign", "sign", "Seal a mail with keys from files."),
    "verify": ("scop.cli.dkim.verify", "verify", "Check each seal of a mail, and see why it holds or not."),
}


@click.command(cls=Late, late_commands=COMMANDS)
def dkim() -> None:
    """Seal mail, check seals, look after the keys."""
