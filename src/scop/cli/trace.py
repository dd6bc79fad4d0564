"""`scop trace`: the journey of one mail, joined from the logs of one mesh or several."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from scop.cli.journey import Step, journey_of, read_steps, sentence
from scop.cli.shared import config_option, console, json_option, print_json, print_table
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


@click.command()
@click.argument("id")
@click.option(
    "--also", multiple=True, type=click.Path(path_type=Path), help="The scop.toml of another mesh on the way."
)
@config_option
@json_option
def trace(id: str, also: tuple[Path, ...], config: Path, as_json: bool) -> None:  # noqa: A002 - click names it
    """Follow the mail with trace ID through the cells. Exit status 1 if no log knows it."""
    steps: list[Step] = []
    for path in (config, *also):
        layout = Layout(read_config(path))
        steps.extend(read_steps(layout.config.domain, layout.log_folder))
    journey = journey_of(id, steps)
    if as_json:
        print_json([{"organisation": step.organisation, **step.fields} for step in journey])
    elif journey:
        print_journey(journey)
    else:
        console.print(f"no log here knows a mail {id}")
    sys.exit(0 if journey else 1)
