"""`scop firewall list`: who is shut out, who is let in by order."""

from __future__ import annotations

from pathlib import Path

import click

from scop.cli.firewall.pages import read_entries
from scop.cli.shared import config_option, console, json_option, print_json, print_table, when
from scop.mesh.vocabulary.receiver import FirewallList

__all__ = ["list_entries"]


@click.command(name="list")
@config_option
@json_option
def list_entries(config: Path, as_json: bool) -> None:
    """Show who is shut out and who is let in by order, the newest first; entries end by themselves."""
    found = read_entries(config)
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: FirewallList) -> None:
    rows = [
        (
            entry.subject,
            entry.action,
            entry.cause,
            when(entry.since_unix),
            "for good" if entry.until_unix is None else when(entry.until_unix),
            entry.reason,
        )
        for entry in found.entries
    ]
    rows += [(network, "allow", "scop.toml", "", "for good", "[firewall] allow") for network in found.configured]
    print_table(("subject", "does", "because of", "since (UTC)", "until (UTC)", "reason"), rows)
    where = f"as the zone {found.published}" if found.published else "nowhere: [firewall] publish is off"
    console.print(f"{found.count} entries, published {where}", markup=False)
