"""`scop queue`: what waits to be delivered and why, and what is to become of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from scop.base import printable
from scop.cli.queue_show import next_try, show
from scop.cli.queue_tls import tls
from scop.cli.shared import config_option, console, json_option, print_json, print_table, with_operator
from scop.mesh.calls import Call
from scop.mesh.vocabulary.relay import (
    DropMail,
    HoldMail,
    QueueChange,
    QueueChoice,
    QueueEntry,
    QueueList,
    ReadQueue,
    ReleaseMail,
    RetryMail,
)

__all__ = ["queue"]

PATIENCE_SECONDS = 600.0  # a hundred thousand recipients are changed in less
ALL = "all"
MAX_REASON = 2000  # characters; a record to publish stands in it whole

R = TypeVar("R")
_Command = TypeVar("_Command", bound=Callable[..., None])


@click.group()
def queue() -> None:
    """Look at what waits to be delivered, and decide on it.

    WHICH is the trace id of a mail, or the word `all`. The options narrow it down; with one of them it can be left out.
    """


queue.add_command(show)
queue.add_command(tls)

_which = click.argument("which", required=False, default="")
_destination = click.option("--destination", default="", metavar="DOMAIN", help="Only what goes to this domain.")
_sender = click.option("--sender", default="", metavar="ADDRESS", help="Only what is from this address, or from `<>`.")
_recipient = click.option("--recipient", default="", metavar="ADDRESS", help="Only what is for this address.")


def _choosing(command: _Command) -> _Command:
    """Give a command the options that say which recipients are meant."""
    for option in (_recipient, _sender, _destination):
        command = option(command)
    return command


def _choice(which: str, destination: str, sender: str, recipient: str) -> QueueChoice:
    if not (which or destination or sender or recipient):
        raise click.UsageError("say which: a trace id, an option that chooses, or the word all")
    return QueueChoice("" if which == ALL else which, destination, sender, recipient)


def _ask(config: Path, question: Call[R]) -> R:
    return with_operator(config, lambda it: it.caller("relay").call(question, timeout_seconds=PATIENCE_SECONDS))


@queue.command(name="list")
@_choosing
@click.option("--held", is_flag=True, help="Only what is held.")
@click.option("--limit", type=click.IntRange(min=1, max=2000), default=100, show_default=True)
@config_option
@json_option
def list_queue(
    destination: str, sender: str, recipient: str, held: bool, limit: int, config: Path, as_json: bool
) -> None:
    """List recipients that still wait for their mail, the next to be tried first.

    Exit status 1 if options choose and nothing fits.
    """
    choice = QueueChoice("", destination, sender, recipient, held)
    found = _ask(config, ReadQueue(limit, choice))
    if as_json:
        print_json(found)
    else:
        _print_list(found)
    sys.exit(0 if found.matching or choice == QueueChoice() else 1)


def _print_list(found: QueueList) -> None:
    # What holds mail back is long, a record to publish among it, and the same for all mail of a domain
    held = dict.fromkeys(e.last_reply for e in found.entries if e.is_kept_back)
    numbers = {reason: number for number, reason in enumerate(held, 1)}
    rows = [
        (
            e.trace,
            e.reverse_path,
            e.forward_path,
            str(e.attempts),
            next_try(e.next_attempt_unix, is_kept_back=e.is_kept_back),
            f"see ({numbers[e.last_reply]})" if e.is_kept_back else _last_reply(e),
        )
        for e in found.entries
    ]
    shown = f"{len(rows)} of {found.matching} that fit; " if found.matching != found.waiting else ""
    title = f"{shown}{found.waiting} waiting, {found.deferred} of these tried before, {found.held} held"
    print_table(("trace", "from", "to", "attempts", "next (UTC)", "last reply"), rows, title=title)
    for reason, number in numbers.items():
        console.print(f"({number}) {printable(reason, limit=MAX_REASON)}", markup=False, soft_wrap=True)


def _last_reply(entry: QueueEntry) -> str:
    says_host = not entry.last_host or entry.last_host in entry.last_reply
    return entry.last_reply if says_host else f"{entry.last_host}: {entry.last_reply}"


@queue.command()
@_which
@_choosing
@config_option
@json_option
def hold(which: str, destination: str, sender: str, recipient: str, config: Path, as_json: bool) -> None:
    """Do not try WHICH any more, until it is released. Exit status 1 if nothing fits."""
    choice = _choice(which, destination, sender, recipient)
    _end(_ask(config, HoldMail(choice)), "held", "underway right now: held if it does not arrive", as_json)


@queue.command()
@_which
@_choosing
@click.option(
    "--unchecked", is_flag=True, help="Let it leave unasked: where SPF would not pass, or its account may not send so."
)
@config_option
@json_option
def release(
    which: str, destination: str, sender: str, recipient: str, unchecked: bool, config: Path, as_json: bool
) -> None:
    """Try WHICH again that was held. Exit status 1 if nothing fits.

    What is held because it would not pass is asked about anew at once, and leaves as soon as the right record is there.
    """
    choice = _choice(which, destination, sender, recipient)
    _end(_ask(config, ReleaseMail(choice, unchecked)), "released", "underway right now", as_json)


@queue.command()
@_which
@_choosing
@config_option
@json_option
def retry(which: str, destination: str, sender: str, recipient: str, config: Path, as_json: bool) -> None:
    """Try WHICH now and not only when it is due.

    What is held stays so, and what its sender wants to go later (FUTURERELEASE). Exit status 1 if nothing fits.
    """
    choice = _choice(which, destination, sender, recipient)
    _end(_ask(config, RetryMail(choice)), "to be tried now", "underway right now", as_json)


@queue.command()
@config_option
@json_option
def flush(config: Path, as_json: bool) -> None:
    """Try everything now. Exit status 1 if nothing waits."""
    _end(_ask(config, RetryMail(QueueChoice())), "to be tried now", "underway right now", as_json)


@queue.command()
@_which
@_choosing
@click.option("--bounce", is_flag=True, help="Tell the senders that it failed. Default: nobody is told.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
@json_option
def drop(
    which: str, destination: str, sender: str, recipient: str, bounce: bool, yes: bool, config: Path, as_json: bool
) -> None:
    """Take WHICH out of the queue for good. Exit status 1 if nothing fits."""
    choice = _choice(which, destination, sender, recipient)
    if not yes:
        count = _ask(config, ReadQueue(0, choice)).matching
        told = "their senders are told" if bounce else "nobody is told"
        question = f"Drop mail for {_counted(count, 'recipient')} for good ({told})?"
        try:
            click.confirm(question, abort=True, err=True)
        except click.Abort:
            click.echo("scop: nothing was dropped; --yes does not ask", err=True)
            raise
    _end(_ask(config, DropMail(choice, bounce)), "dropped", "underway right now: held if it does not arrive", as_json)


def _end(change: QueueChange, done: str, underway: str, as_json: bool) -> None:
    """Say what was changed; end with 1 where nothing fitted."""
    fits = change.recipients + change.underway > 0
    if as_json:
        print_json(change)
    elif not fits:
        console.print("nothing in the queue fits")
    else:
        console.print(f"{_counted(change.recipients, 'recipient')} of {_counted(change.mails, 'mail')} {done}")
        if change.underway:
            console.print(f"{change.underway} {underway}")
    sys.exit(0 if fits else 1)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
