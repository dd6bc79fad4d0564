"""`scop matrix send`: one message or file into a room, encrypted where the room is, once whatever happens."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from scop.base import RemoteProtocolError, printable
from scop.cli.matrix.accounts import Account, account_options, check_text, run
from scop.cli.matrix.naming import room_named, sender_of
from scop.cli.shared import json_option, print_json
from scop.matrix.client.contents import Kind, Mentions, Message
from scop.matrix.ids import UserId
from scop.matrix.steps import Steps
from scop.net.faults import PermanentFailure
from scop.net.matrix import AsyncClient

__all__ = ["send"]

MAX_TEXT_OCTETS = 45_000  # an event has 65,536 at most, and one that is encrypted is written as base64


# Which options say something that the others cannot do as well.
_APART = {
    "--file": ("--reply-to", "--edit", "--thread", "--react", "--html", "--notice", "--emote"),
    "--react": ("--reply-to", "--edit", "--thread", "--html", "--notice", "--emote"),
    "--edit": ("--reply-to", "--thread"),
    "--notice": ("--emote",),
}


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What is to be sent, and how it relates to what was said before."""

    text: str
    html: str | None
    kind: Kind
    mentions: tuple[str, ...]
    files: tuple[Path, ...]
    reply_to: str | None
    edit: str | None
    thread: str | None
    reaction: str | None


@click.command()
@click.argument("room", metavar="ROOM")
@click.argument("text", required=False, metavar="[TEXT]")
@click.option("--html", metavar="HTML", help="The same for those who show HTML.")
@click.option("--notice", is_flag=True, help="It is a program that speaks.")
@click.option("--emote", is_flag=True, help="It is what we do.")
@click.option("--mention", "mentions", multiple=True, metavar="@USER:SERVER", help="Who is to notice; repeat for more.")
@click.option(
    "--file",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file to send, with TEXT as its caption; repeat for more.",
)
@click.option("--reply-to", metavar="EVENT", help="The event that is answered.")
@click.option("--edit", metavar="EVENT", help="The message of ours that this replaces.")
@click.option("--thread", metavar="EVENT", help="The first event of the thread that it goes on in.")
@click.option("--react", "reaction", metavar="EVENT", help="Annotate this event by TEXT (an emoji).")
@account_options
@json_option
def send(
    *,
    account: Account,
    room: str,
    text: str | None,
    html: str | None,
    notice: bool,
    emote: bool,
    mentions: tuple[str, ...],
    files: tuple[Path, ...],
    reply_to: str | None,
    edit: str | None,
    thread: str | None,
    reaction: str | None,
    as_json: bool,
) -> None:
    """Send TEXT (or what comes by standard input) to ROOM: an id, an alias, the name that you see, or a person.

    What was sent is kept until the server has it: a command that was killed sends it the next time, never twice.
    """
    about = {"--reply-to": reply_to, "--edit": edit, "--thread": thread, "--react": reaction}
    _check_together({**about, "--file": files, "--html": html, "--notice": notice, "--emote": emote})
    _check_events(about)
    _check_people(mentions)
    kind = Kind.EMOTE if emote else Kind.NOTICE if notice else Kind.TEXT
    said = _text(text, files)
    if len(msgspec.json.encode((said, html))) > MAX_TEXT_OCTETS:
        raise click.UsageError(f"a message has {MAX_TEXT_OCTETS} octets at most; --file sends more")
    wishes = _Wishes(said, html, kind, mentions, files, reply_to, edit, thread, reaction)

    async def work(client: AsyncClient) -> tuple[str, list[str]]:
        room_id = await room_named(client, room)
        return room_id, await _send(client, room_id, wishes)

    room_id, event_ids = run(account, work)
    if as_json:
        print_json({"room_id": room_id, "event_ids": event_ids})
    else:
        for event_id in event_ids:
            click.echo(printable(event_id))


def _check_together(said: dict[str, object]) -> None:
    """Refuse options of which one would be passed over."""
    given = {name for name, value in said.items() if value}
    for one, others in _APART.items():
        if one in given and (other := next((each for each in others if each in given), None)):
            raise click.UsageError(f"{one} and {other} cannot go together")


def _check_events(said: dict[str, str | None]) -> None:
    for text in said.values():
        if text is not None and not text.startswith("$"):
            raise click.UsageError(f"{printable(text)} is no event: its id begins with $ (`listen --ids` shows it)")


def _check_people(user_ids: tuple[str, ...]) -> None:
    for text in user_ids:
        try:
            UserId.parse(text)
        except RemoteProtocolError:
            raise click.UsageError(f"{printable(text)} names nobody, as @ann:example.org does") from None


def _text(text: str | None, files: tuple[Path, ...]) -> str:
    if text is not None and text != "-":
        said = text
    elif files and text is None:
        return ""
    else:
        if sys.stdin.isatty():
            click.echo("What is to be sent? Ctrl-D on a line of its own ends it.", err=True)
        said = sys.stdin.read(MAX_TEXT_OCTETS + 1).rstrip("\n")
        check_text(said)
    if not said.strip():
        raise click.UsageError("there is nothing to send")
    return said


async def _send(client: AsyncClient, room_id: str, wishes: _Wishes) -> list[str]:
    if not wishes.files:
        return [await client.run(await _words(client, room_id, wishes), room_id)]
    sent = []
    for number, path in enumerate(wishes.files):
        sent.append(await client.send_file(room_id, path, caption=(wishes.text or None) if number == 0 else None))
    return sent


async def _words(client: AsyncClient, room_id: str, wishes: _Wishes) -> Steps[str]:
    sending = client.core.sending
    event_id = wishes.reply_to or wishes.edit or wishes.reaction or wishes.thread
    about = await sender_of(client, room_id, event_id) if event_id else ""
    ourselves = client.session.user_id
    if wishes.edit and about != ourselves:
        raise PermanentFailure(f"only {printable(about)} can edit what they said")
    # Matrix v1.19 CS §Rich replies: who is answered is mentioned.
    answered = (about,) if wishes.reply_to and about != ourselves else ()
    message = Message(wishes.text, wishes.html, wishes.kind, Mentions((*answered, *wishes.mentions)))
    if wishes.reaction:
        return sending.react(room_id, wishes.reaction, wishes.text)
    if wishes.edit:
        return sending.edit(room_id, wishes.edit, message)
    if wishes.reply_to:
        return sending.reply(room_id, wishes.reply_to, message, wishes.thread)
    if wishes.thread:
        return sending.in_thread(room_id, wishes.thread, message)
    return sending.message(room_id, message)
