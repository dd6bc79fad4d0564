"""`scop trace`: the journey of one mail, joined from the logs of one mesh or several."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from scop.cli.journey import Step, journey_of, read_steps, refusals_of, sentence
from scop.cli.shared import config_option, console, json_option, print_json, print_table, when
from scop.supervisor.config_file import read_config
from scop.supervisor.layout import Layout

__all__ = ["print_journey", "trace"]


def print_journey(steps: Sequence[Step]) -> None:
    """Print a journey as a table: when, where, what, how long."""
    start = steps[0].started_unix
    rows = [
        (
            f"{(step.started_unix - start) * 1000:8.1f}",
            step.organisation,
            step.cell,
            sentence(step),
            "" if step.seconds is None else f"{step.seconds * 1000:.1f}",
        )
        for step in steps
    ]
    print_table(("at ms", "organisation", "cell", "what it did", "took ms"), rows)


def _print_refusals(steps: Sequence[Step]) -> None:
    rows = [
        (
            step.trace,
            when(step.unix),
            step.text("address"),
            step.text("reverse_path") or step.text("account"),
            _refusal(step),
        )
        for step in steps
    ]
    print_table(("trace", "when (UTC)", "client", "sender", "what it heard"), rows)


def _refusal(step: Step) -> str:
    to = f"{step.text('recipient')}: " if step.text("recipient") else ""
    return f"{to}{step.text('reply') or step.text('reason')}"


@click.command()
@click.argument("id", default="")
@click.option("--refused", is_flag=True, help="List instead which mails were refused, the newest first.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Of these, how many at most.")
@click.option(
    "--also", multiple=True, type=click.Path(path_type=Path), help="The scop.toml of another mesh on the way."
)
@config_option
@json_option
def trace(id: str, refused: bool, limit: int, also: tuple[Path, ...], config: Path, as_json: bool) -> None:  # noqa: A002 - click names it
    """Follow the mail with trace ID through the cells.

    Who asks why a mail did not come finds its ID by --refused. Exit status 1 if no log knows such a mail.
    """
    if bool(id) == refused:
        raise click.UsageError("say which mail by its trace ID, or --refused for a list")
    steps: list[Step] = []
    for path in (config, *also):
        layout = Layout(read_config(path))
        steps.extend(read_steps(layout.config.domain, layout.log_folder))
    found = refusals_of(steps)[:limit] if refused else journey_of(id, steps)
    if as_json:
        print_json([{"organisation": step.organisation, **step.fields} for step in found])
    elif not found:
        console.print("no log here tells of a mail that was refused" if refused else f"no log here knows a mail {id}")
    elif refused:
        _print_refusals(found)
    else:
        print_journey(found)
    sys.exit(0 if found else 1)
