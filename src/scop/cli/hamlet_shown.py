"""What the commands of `scop hamlet` share: their options and their progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

import click

from scop.cli import shared

if TYPE_CHECKING:
    from rich.progress import Task
    from rich.text import Text

__all__ = ["Advance", "count_option", "from_option", "progress", "seed_option"]

Advance: TypeAlias = Callable[[int], None]

seed_option = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Names the corpus.")
count_option = click.option("--count", type=click.IntRange(min=1), required=True, help="How many mails.")
from_option = click.option(
    "--from", "first", type=click.IntRange(min=0), default=0, show_default=True, help="The index of the first mail."
)


@contextmanager
def progress(words: str, total: int | None, *, done: int = 0, quiet: bool = False) -> Iterator[Advance]:
    """Show a bar with mails per second while mails are worked on; `done` of them are from an earlier run."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Speed(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f} mails/s" if task.speed else "")

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Speed(), TimeRemainingColumn())
    with Progress(*columns, console=shared.console, disable=quiet or not sys.stdout.isatty()) as shown:
        task = shown.add_task(words, total=total, completed=done)
        yield lambda mails: shown.advance(task, mails)
