"""`scop firewall allow|block|remove`: an operator's word on who is let in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from scop.cli.durations import Duration
from scop.cli.shared import ask, config_option, console, json_option, print_json, when
from scop.mesh.vocabulary.receiver import AllowSource, BlockSource, FirewallEntry, ForgetSubject

__all__ = ["allow", "block", "remove"]

Command = TypeVar("Command", bound=Callable[..., object])


def _order(command: Command) -> Command:
    """Give a command the argument and options of an order."""
    command = click.option(
        "--reason", default="", metavar="TEXT", help="What it is for; `list` shows it, and so does the published zone."
    )(command)
    lasting = click.option("--for", "seconds", type=Duration(), metavar="TIME", help="90s, 15m, 2h, 7d.  [for good]")
    return click.argument("subject")(lasting(command))


@click.command()
@_order
@config_option
@json_option
def allow(subject: str, seconds: float | None, reason: str, config: Path, as_json: bool) -> None:
    """Let SUBJECT, an address or a network, in whatever it does: it is neither shut out nor delayed.

    The checks of its mail and the limits on how much it may send remain.
    """
    _print(ask(config, "receiver", AllowSource(subject, seconds, reason)), "let in", as_json=as_json)


@click.command()
@_order
@config_option
@json_option
def block(subject: str, seconds: float | None, reason: str, config: Path, as_json: bool) -> None:
    """Shut SUBJECT, an address or a network, out."""
    _print(ask(config, "receiver", BlockSource(subject, seconds, reason)), "shut out", as_json=as_json)


@click.command()
@click.argument("subject")
@config_option
@json_option
def remove(subject: str, config: Path, as_json: bool) -> None:
    """Take every entry of SUBJECT away, and what is known of it. Exit status 1 if there was nothing."""
    found = ask(config, "receiver", ForgetSubject(subject))
    if as_json:
        print_json(found)
    elif not found.entries and not found.was_known:
        console.print(f"There is no entry of {subject}, and nothing is known of it.", markup=False)
    else:
        for entry in found.entries:
            console.print(f"{entry.subject}: {entry.action} ({entry.cause}) is taken away.", markup=False)
        if found.was_known:
            console.print(f"What was known of {subject} is forgotten.", markup=False)
    sys.exit(0 if found.entries or found.was_known else 1)


def _print(entry: FirewallEntry, word: str, *, as_json: bool) -> None:
    if as_json:
        print_json(entry)
        return
    until = "for good" if entry.until_unix is None else f"until {when(entry.until_unix)} UTC"
    console.print(f"{entry.subject} is {word} {until}.", markup=False)
