"""`scop firewall export`: the list for the kernel, or for another name server."""

from __future__ import annotations

import time
from pathlib import Path

import click

from scop.cli.firewall.pages import read_entries
from scop.cli.shared import config_option
from scop.mesh.vocabulary.receiver import FirewallEntry
from scop.reputation import Action, Cause, Entry, listed_names, nft_sets
from scop.supervisor.config_file import read_config

__all__ = ["export", "master_file"]


@click.command()
@click.option("--nft", "form", flag_value="nft", default=True, help="Sets with timeouts, as `nft -f` reads.  [default]")
@click.option("--zone", "form", flag_value="zone", help="The list as a DNS zone (RFC 5782), as a master file.")
@click.option("--apex", default="", metavar="NAME", help="Of that zone.  [default: bl.<domain>]")
@config_option
def export(form: str, apex: str, config: Path) -> None:
    """Write who is shut out and let in, as it is now.

    With --nft the table `inet scop` with the sets allow4, allow6, block4 and block6; what uses them is up to you, and
    stands in the first lines as comments. Entries end in the kernel by themselves; load it again for new ones.
    """
    if form == "zone":
        click.echo(master_file(config, apex), nl=False)
    else:
        click.echo(_sets(config), nl=False)


def _sets(config: Path) -> str:
    found, network = read_entries(config), read_config(config).network
    now = time.time()
    # Of these the receiver refuses nobody, and a proxy stands for all its clients: the kernel must not either.
    never = (*found.configured, *network.own_networks, *network.proxies)
    held_open = (Entry(each, Action.ALLOW, Cause.OPERATOR, now) for each in never)
    return nft_sets([*map(_entry, found.entries), *held_open], now)


def master_file(config: Path, apex: str) -> str:
    """Return the list as a master file below an apex."""
    from scop.dns.names import normal_name
    from scop.dns.zone.own_form import owner_text, rdata_text

    try:
        apex = normal_name(apex or f"bl.{read_config(config).domain}")
    except ValueError as fault:
        raise click.BadParameter(str(fault), param_hint="--apex") from None
    names = listed_names(map(_entry, read_entries(config).entries), apex, time.time())
    return "".join(
        f"{owner_text(name)} {listed.ttl_seconds} IN {rdata.type} {rdata_text(rdata)}\n"
        for name, listed in names.items()
        for rdata in (listed.address, listed.text)
    )


def _entry(told: FirewallEntry) -> Entry:
    action, cause = Action(told.action), Cause(told.cause)
    return Entry(told.subject, action, cause, told.since_unix, told.until_unix, told.reason)
