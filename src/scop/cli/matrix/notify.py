"""`scop matrix notify`: tells one thing in a room; its commands serve webhooks and watch releases."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import sys
import time
from pathlib import Path
from urllib.parse import quote

import click
import msgspec

from scop.base import RemoteProtocolError
from scop.cli.late import Late
from scop.cli.matrix.accounts import Account, account_options
from scop.cli.matrix.notify_telling import Outcome, Said, Telling, forget, tell
from scop.cli.shared import COULD_NOT, json_option, print_json
from scop.matrix.json_values import JsonObject
from scop.matrix.notifier.generic import read_generic
from scop.matrix.notifier.payload import Payload
from scop.matrix.notifier.report import Report
from scop.matrix.notifier.rooms import Room
from scop.matrix.notifier.status import Status
from scop.matrix.notifier.words import words

__all__ = ["notify"]

MAX_TEXT_OCTETS = 1024 * 1024  # JSON of a pipeline with many jobs; words are bounded by what an event holds
FAULT_CHARACTERS = 300

COMMANDS = {
    "init": ("scop.cli.matrix.notify_init", "init", "Write a commented notifier.toml to begin with."),
    "serve": ("scop.cli.matrix.notify_serve", "serve", "Take webhooks in and post what they say."),
    "test": ("scop.cli.matrix.notify_test", "test", "Check notifier.toml, the account and the rooms; post a word."),
    "watch": ("scop.cli.matrix.notify_serve", "watch", "Post new releases of listed packages."),
}


@click.command(cls=Late, late_commands=COMMANDS, invoke_without_command=True)
@click.option("--room", metavar="ALIAS", help="Where: #ci:example.org, or the id of a room.")
@click.option("--status", type=click.Choice([*map(str, Status)]), help="How it stands; makes a thread of a pipeline.")
@click.option("--title", help="What it is about; without it, standard input is read.")
@click.option("--url", default="", help="Where more is to be read.")
@click.option("--project", default="", help="Of which project; without it the title's.")
@click.option("--ref", default="", help="The branch or tag.")
@click.option("--commit", default="", help="The commit.")
@click.option("--pipeline", default="", help="The id of this run: what is told of it later edits its message.")
@click.option("--job", "jobs", multiple=True, metavar="NAME=STATUS[:SECONDS]", help="A job of it; may be repeated.")
@click.option("--mention", multiple=True, metavar="USER", help="Who is called when it breaks: a user id, or @room.")
@click.option("--encrypted", is_flag=True, help="Encrypt the room if it is made, or is not yet.")
@click.option("--queue", type=click.Path(path_type=Path), envvar="SCOP_NOTICES", help="Where it waits until posted.")
@click.option("--wait", type=float, default=30.0, show_default=True, help="Seconds until it is left to the queue.")
@click.option("--forget", is_flag=True, help="Give up what still waits for --room; nothing is told.")
@json_option
@account_options
@click.pass_context
def notify(context: click.Context, /, account: Account, **given: object) -> None:
    """Tell rooms what becomes of builds.

    With --room and --status a message about a pipeline is posted, or edited where --pipeline was told before. Standard
    input may be a JSON object (project, pipeline, status, jobs …) or words, which are posted as they are. What cannot
    be posted within --wait stays in the queue, ends with status 2, and goes out with the next call.
    """
    if context.invoked_subcommand is None:
        _tell(account, msgspec.convert(given, _Given))


class _Given(msgspec.Struct, frozen=True):
    """The options."""

    room: str | None
    status: Status | None
    title: str | None
    url: str
    project: str
    ref: str
    commit: str
    pipeline: str
    jobs: tuple[str, ...]
    mention: tuple[str, ...]
    encrypted: bool
    queue: Path | None
    wait: float
    forget: bool
    as_json: bool


def _tell(account: Account, given: _Given) -> None:
    if given.room is None:
        raise click.UsageError("say where, by --room '#ci:example.org'")
    try:
        room = Room(room=given.room, mention=given.mention, encrypted=given.encrypted)
        said = None if given.forget else _said(given)
    except RemoteProtocolError as fault:
        raise click.UsageError(fault.reply_hint or str(fault)) from None
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None
    account = dataclasses.replace(account, user_id=account.chosen())
    queue = given.queue or _usual_queue(account.user_id)
    if said is None:
        _forget(queue, room, as_json=given.as_json)
        return
    outcome = asyncio.run(tell(Telling(account, room, queue, given.wait), said))
    _conclude(outcome)
    if given.as_json:
        print_json({"room": room.room, "posted": outcome.is_news})


def _conclude(outcome: Outcome) -> None:
    """Say what is to be said of how it went; ends the program where it did not go well."""
    for left in outcome.left:
        click.echo(f"scop: still waits from earlier: {left[:FAULT_CHARACTERS]}; --forget gives it up", err=True)
    if outcome.trouble:
        click.echo(f"scop: kept, but not posted yet: {outcome.trouble[:FAULT_CHARACTERS]}", err=True)
        sys.exit(COULD_NOT)
    if outcome.refusal:
        click.echo(f"scop: not posted, and not tried again: {outcome.refusal[:FAULT_CHARACTERS]}", err=True)
        sys.exit(COULD_NOT)
    if not outcome.is_news:
        click.echo("scop: nothing to post: the room shows it, or that this run has ended", err=True)


def _forget(queue: Path, room: Room, *, as_json: bool) -> None:
    number = forget(queue, room.room)
    if as_json:
        print_json({"room": room.room, "forgotten": number})
    else:
        click.echo(f"{number} given up")


def _said(given: _Given) -> Said:
    """Return what is to be told; raises `ValueError`."""
    if given.title is None:
        text = sys.stdin.buffer.read(MAX_TEXT_OCTETS + 1)
        if len(text) > MAX_TEXT_OCTETS:
            raise ValueError(f"standard input has more than {MAX_TEXT_OCTETS} octets")
        return _from_input(text, given)
    if given.status is None:
        return _words("--title", " ".join(filter(None, (given.title, given.url))))
    return _report({"title": given.title}, given)


def _from_input(text: bytes, given: _Given) -> Said:
    if text.lstrip()[:1] == b"{":
        return _report(_object(text), given)
    said = text.decode("utf-8", "replace").strip()
    if not said:
        raise ValueError("there is nothing to tell: say --title, or give it on standard input")
    if given.status is None:
        return _words("standard input", said)
    return _report({"title": said}, given)


def _words(where: str, text: str) -> JsonObject:
    try:
        return words(text)
    except ValueError as fault:
        raise ValueError(f"{where} {fault}") from None


def _object(text: bytes) -> dict[str, object]:
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise ValueError(f"standard input begins as JSON and is none: {fault}") from None


def _report(said: dict[str, object], given: _Given) -> Report:
    """Return what is told of a pipeline; options count before what was read."""
    options = {
        "status": given.status,
        "url": given.url,
        "project": given.project,
        "ref": given.ref,
        "commit": given.commit,
        "pipeline": given.pipeline,
        "jobs": [_job(word) for word in given.jobs],
    }
    merged = {"at": time.time(), **said, **{key: value for key, value in options.items() if value}}
    merged.setdefault("project", merged.get("title", ""))
    if "pipeline" not in merged and "commit" not in merged:
        merged["pipeline"] = f"{os.getpid()}-{time.time_ns()}"  # nothing said before is meant
    return read_generic(Payload(msgspec.to_builtins(merged)), source="shell")


def _job(word: str) -> dict[str, object]:
    name, equals, rest = word.rpartition("=")
    status, _, seconds = rest.partition(":")
    if not equals or (seconds and not seconds.replace(".", "", 1).isdecimal()):
        raise ValueError(f"--job {word}: NAME=STATUS or NAME=STATUS:SECONDS belongs here")
    return {"name": name, "status": status, **({"seconds": float(seconds)} if seconds else {})}


def _usual_queue(user_id: str) -> Path:
    """Return where what an account is to say waits; another account must not say it."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "scop" / "notices" / f"{quote(user_id, safe='@:')}.db"
