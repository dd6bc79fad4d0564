"""`scop firewall`: whom the receiver lets in. One file per command."""

from __future__ import annotations

import click

from scop.cli.late import Late

__all__ = ["firewall"]

# Command name → (module, attribute, one line for the list).
COMMANDS: dict[str, tuple[str, str, str]] = {
    "allow": ("scop.cli.firewall.orders", "allow", "Let an address or a network in, whatever it does."),
    "block": ("scop.cli.firewall.orders", "block", "Shut an address or a network out."),
    "export": ("scop.cli.firewall.export", "export", "Write the list as sets of nftables, or as a master file."),
    "list": ("scop.cli.firewall.list", "list_entries", "Show who is shut out, and who is let in by order."),
    "remove": ("scop.cli.firewall.orders", "remove", "Take an entry away, and what is known of its subject."),
    "why": ("scop.cli.firewall.why", "why", "Say how an address is met, and all that this follows from."),
}


@click.command(cls=Late, late_commands=COMMANDS)
def firewall() -> None:
    """See and change whom the receiver lets in.

    A subject is an address (IPv6: its whole /64), a network such as 192.0.2.0/24, or a domain.
    """
