"""What the commands share: their options, the way into a running mesh, and how answers are printed."""

from __future__ import annotations

import asyncio
import datetime
import functools
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import click
import msgspec

from scop.base import printable
from scop.mesh.calls import Call, Caller
from scop.mesh.manifest import OPERATOR
from scop.mesh.pipes import PipeIdentity, pipe_dialer
from scop.supervisor.config_file import read_config
from scop.supervisor.door import Admission, Admit, knock
from scop.supervisor.layout import Layout

__all__ = [
    "COULD_NOT",
    "IS_NO",
    "Operator",
    "ask",
    "config_option",
    "console",
    "json_option",
    "print_json",
    "print_table",
    "when",
    "with_operator",
]

IS_NO, COULD_NOT = 1, 2  # exit statuses: the answer is no, there is none

R = TypeVar("R")
_COUNTS = {"line", "mails", "octet", "octets", "share"}  # headings of columns of figures
MAX_CELL_CHARACTERS = 1000  # of a table; a log's line may hold more
MAX_NAME_CHARACTERS = 24  # of the first cell of each row: an address, a trace id; then none is folded,
MIN_WIDE = 60  # where there are so many columns: enough for ten others beside it

config_option = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    default=Path("scop.toml"),
    envvar="SCOP_CONFIG",
    show_default=True,
    help="The mesh's configuration.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

if TYPE_CHECKING:
    from rich.console import Console

    console: Console


@functools.cache
def _terminal() -> Console:
    """Make the console at its first use: rich is 2 MB, which `scop up --json` need not hold for months."""
    from rich.console import Console

    # Not a terminal: lines are cut nowhere, so that they can be searched.
    return Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else 200)


def __getattr__(name: str) -> object:
    """Return `console` to who asks for it."""
    if name != "console":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _terminal()


class Operator:
    """Calls cells as the peer `operator`."""

    def __init__(self, admission: Admission) -> None:
        self._places = admission.places
        self._identity = PipeIdentity(admission.domain, OPERATOR.name, admission.leaf)
        self._callers: dict[str, Caller] = {}

    def caller(self, cell: str) -> Caller:
        """Return typed calls to a cell."""
        if cell not in self._callers:
            address, port = self._places[cell]
            self._callers[cell] = Caller(pipe_dialer(self._identity, cell, address, port))
        return self._callers[cell]

    async def close(self) -> None:
        """End every pipe."""
        for caller in self._callers.values():
            await caller.close()


def with_operator(config: Path, work: Callable[[Operator], Awaitable[R]]) -> R:
    """Run `work` as the operator of the running mesh of a configuration."""
    admission = knock(Layout(read_config(config)).door, Admit())
    assert isinstance(admission, Admission)

    async def run() -> R:
        operator = Operator(admission)
        try:
            return await work(operator)
        finally:
            await operator.close()

    return asyncio.run(run())


def ask(config: Path, cell: str, question: Call[R]) -> R:
    """Put one question to a cell of the running mesh."""
    return with_operator(config, lambda operator: operator.caller(cell).call(question))


def print_json(value: object) -> None:
    """Print one value as a line of JSON, which is UTF-8 whatever the terminal's characters are (RFC 8259 §8.1)."""
    click.echo(msgspec.json.encode(value))


def print_table(headings: Iterable[str], rows: Iterable[Iterable[str]], *, title: str | None = None) -> None:
    """Print a table; text from outside is read neither as markup nor by the terminal."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    shown = [[printable(cell, limit=MAX_CELL_CHARACTERS) for cell in row] for row in rows]
    keeps_names = _terminal().width >= MIN_WIDE and all(len(row[0]) <= MAX_NAME_CHARACTERS for row in shown if row)
    for number, heading in enumerate(headings):  # what is too long is folded: half an address or name of a file is none
        justify: Literal["left", "right"] = "right" if heading in _COUNTS else "left"
        table.add_column(heading, overflow="fold", justify=justify, no_wrap=keeps_names and number == 0)
    for row in shown:
        table.add_row(*map(escape, row))
    _terminal().print(table)


def when(unix: float) -> str:
    """Return a time as a person reads it, in UTC."""
    return datetime.datetime.fromtimestamp(unix, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")
