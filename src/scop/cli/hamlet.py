"""`scop hamlet`: the corpus of mails that are written from values, and what it shows.

Each command is in a module of its own; this one writes the corpus and counts what it tests.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scop.cli import shared
from scop.cli.hamlet_check import check
from scop.cli.hamlet_corpus import new_corpus
from scop.cli.hamlet_send import send
from scop.cli.hamlet_shown import count_option, from_option, progress, seed_option
from scop.cli.shared import json_option, print_json, print_table

__all__ = ["hamlet"]


@click.group()
def hamlet() -> None:
    """Write a corpus of mails from values, and check parser and encoder by it."""


hamlet.add_command(check)
hamlet.add_command(send)


@hamlet.command()
@seed_option
@count_option
@from_option
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR|FILE.mbox|FILE.tar",
    help="A new one.",
)
@json_option
def generate(seed: int, count: int, first: int, target: Path, as_json: bool) -> None:
    """Write mails of the corpus to files.

    The same seed gives the same mails everywhere. They are CC0: do with them what you like. After Ctrl-C it is said
    how to write the rest.
    """
    from scop.hamlet.mail import generate as generated

    octets, index = 0, first
    try:
        with new_corpus(target) as write, progress("written", count, quiet=as_json) as advance:
            for index in range(first, first + count):
                mail = generated(seed, index)
                write(index, mail)
                octets += len(mail)
                advance(1)
    except KeyboardInterrupt:
        rest = f"--seed {seed} --from {index} --count {first + count - index}"
        click.echo(f"scop: stopped at mail {index}; write the rest to another --to with {rest}", err=True)
        raise
    if as_json:
        print_json({"seed": seed, "from": first, "count": count, "octets": octets, "to": str(target)})
    else:
        shared.console.print(f"{count:,} mails, {octets:,} octets in {target}", markup=False)


@hamlet.command()
@seed_option
@click.option(
    "--count", type=click.IntRange(min=1), default=10_000, show_default=True, help="How many mails to look at."
)
@json_option
def coverage(seed: int, count: int, as_json: bool) -> None:
    """Show in how many mails each production of the grammar stands. Exit status 1 if one stands in none."""
    from scop.hamlet.coverage import count_productions

    with progress("counted", count, quiet=as_json) as advance:
        found = count_productions(seed, count, advance)
    if as_json:
        print_json({"seed": seed, "count": count, "mails": {one.value: mails for one, mails in found.items()}})
    else:
        rows = [(one.value, f"{mails:,}", f"{mails / count:.2%}") for one, mails in found.items()]
        print_table(("production", "mails", "share"), rows, title=f"seed {seed}, the first {count:,} mails")
    sys.exit(0 if all(found.values()) else 1)
