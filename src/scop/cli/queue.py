"""`scop queue`: what waits to be delivered, and why."""

from __future__ import annotations

from pathlib import Path

import click

from scop.cli.shared import ask, config_option, json_option, print_json, print_table, when
from scop.mesh.vocabulary.relay import ReadQueue

__all__ = ["queue"]


@click.group()
def queue() -> None:
    """Look at what waits to be delivered."""


@queue.command(name="list")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@config_option
@json_option
def list_queue(limit: int, config: Path, as_json: bool) -> None:
    """List recipients that still wait for their mail."""
    found = ask(config, "relay", ReadQueue(limit))
    if as_json:
        print_json(found)
        return
    rows = [
        (
            e.trace,
            e.reverse_path,
            e.forward_path,
            str(e.attempts),
            "held" if e.next_attempt_unix is None else when(e.next_attempt_unix),
            e.last_reply,
        )
        for e in found.entries
    ]
    title = f"{found.waiting} waiting, {found.deferred} of these tried before"
    print_table(("trace", "from", "to", "attempts", "next (UTC)", "last reply"), rows, title=title)
