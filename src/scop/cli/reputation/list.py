"""`scop reputation list`: what is known of whom."""

from __future__ import annotations

from pathlib import Path

import click

from scop.cli.firewall.pages import read_known
from scop.cli.shared import config_option, json_option, print_json, print_table
from scop.mesh.vocabulary.receiver import ReputationList

__all__ = ["kind_option", "list_subjects"]

_WORST = {"refuse": 0, "delay": 1, "welcome": 2}

kind_option = click.option(
    "--kind", type=click.Choice(["address", "network", "domain"]), help="Only these.  [default: all]"
)


@click.command(name="list")
@kind_option
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="How many at most.")
@config_option
@json_option
def list_subjects(kind: str | None, limit: int, config: Path, as_json: bool) -> None:
    """Show what is known of whom: mails, as they count now. The worst first, then who was heard of last.

    Counts fade by half in a day. In JSON `count` is how many subjects are known in all.
    """
    found = read_known(config, kind or "")
    worst = sorted(found.subjects, key=lambda subject: _WORST[subject.standing])[:limit]
    if as_json:
        print_json(ReputationList(tuple(worst), found.count))
        return
    rows = [
        (
            one.subject,
            one.kind,
            one.standing,
            f"{one.honest:.1f}",
            f"{one.offences:.1f}",
            f"{one.harmless:.1f}",
            f"{one.spam:.1f}",
            one.sentence,
        )
        for one in worst
    ]
    headings = ("subject", "kind", "stands", "honest", "forged", "harmless", "spam", "because of")
    print_table(headings, rows, title=f"{len(rows)} of {found.count} that are known")
