"""`scop matrix listen`: what happens in our rooms, live; a line for each thing, or JSON for scripts."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, fields, is_dataclass
from functools import partial

import click
import msgspec

from scop.base import printable
from scop.cli.matrix.accounts import Account, account_options, listening
from scop.cli.matrix.naming import room_named
from scop.cli.matrix.news_shown import Reader, time_of
from scop.cli.matrix.untold import Untold
from scop.cli.matrix.warned import warning_of
from scop.cli.shared import console, json_option, print_json
from scop.matrix.client.happenings import InvitedTo, RoomEvent
from scop.matrix.client.history import Seen
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.matrix import AsyncClient
from scop.net.matrix.whole_sync import News

__all__ = ["Shown", "Wanted", "listen"]

_QUIET = frozenset({"UnreadChanged", "ReceiptsMoved", "TypingChanged", "PresenceChanged", "AccountDataChanged"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown, and how."""

    as_json: bool = False
    is_all: bool = False
    wants_ids: bool = False
    rings: bool = False


@click.command()
@click.option("--room", "room_names", multiple=True, metavar="ROOM", help="Of this room alone; repeat for more.")
@click.option("--all", "is_all", is_flag=True, help="Show receipts, typing, presence and account data, too.")
@click.option("--ids", "wants_ids", is_flag=True, help="Show the id of each event, as `send --reply-to` takes it.")
@click.option("--bell", "rings", is_flag=True, help="Ring for what our push rules want us told, and for invites.")
@click.option("--once", is_flag=True, help="Show what is there, and end.")
@account_options
@json_option
def listen(*, account: Account, room_names: tuple[str, ...], once: bool, **wanted: bool) -> None:
    """Show what happens, until Ctrl-C. With --json each thing is one line: its kind, and all that is known of it.

    First comes what came since `listen` last ran, though another command took it in: the newest 1,000 things. With
    --room, what is of others waits for a later `listen`. Older things are in `history`.
    """

    async def whole() -> None:
        async with listening(account) as (client, untold):
            shown = Shown(client, Wanted(**wanted))
            first = await client.sync()  # rooms have names from here on
            try:
                shown.room_ids = {await room_named(client, name) for name in room_names}
            except (TemporaryFailure, PermanentFailure):
                await untold.add(first)
                raise
            await untold.take_away(first)
            await _tell_kept(shown, untold)
            await _tell(shown, untold, first)
            if once:
                return
            async with aclosing(client.listen(shown.trouble)) as coming:
                async for news in coming:
                    await _tell(shown, untold, [news])

    asyncio.run(whole())


async def _tell_kept(shown: Shown, untold: Untold) -> None:
    told = []
    for key, news in untold.all().items():
        if news is None or shown.is_of_rooms(news):
            told.append(key)
        if news is not None:
            shown.show(news)
    await untold.told(told)


async def _tell(shown: Shown, untold: Untold, coming: Sequence[News]) -> None:
    for news in coming:
        shown.show(news)
    await untold.add([news for news in coming if not shown.is_of_rooms(news)])


class Shown:
    """Prints what happens."""

    def __init__(self, client: AsyncClient, wanted: Wanted) -> None:
        self._reader = Reader(client.core.rooms, wants_ids=wanted.wants_ids, warns=partial(warning_of, client.core))
        self._wanted = wanted
        self.room_ids: set[str] = set()

    def is_of_rooms(self, news: News) -> bool:
        """Say whether a thing is of the rooms that are asked for."""
        return not self.room_ids or getattr(news, "room_id", None) in self.room_ids

    def show(self, news: News) -> None:
        """Print one thing, where it is wanted."""
        kind = type(news).__name__
        if not self.is_of_rooms(news):
            return
        if kind in _QUIET and not self._wanted.is_all:
            return
        if self._wanted.as_json:
            print_json({"kind": kind, **json_of(news)})
        elif (line := self._reader.line(news)) is not None:
            console.print(f"[dim]{time_of(news)}[/dim] {line}", soft_wrap=True)
        if self._wanted.rings and ((isinstance(news, RoomEvent) and news.notifies) or isinstance(news, InvitedTo)):
            click.echo("\a", nl=False, err=True)  # beside what is shown, so that it is read by no program

    def note(self, older: Sequence[Seen]) -> None:
        """Take in what was said before, newest first, so that answers to it show what it was."""
        for seen in reversed(older):
            self._reader.heard.note(seen.event)

    def trouble(self, failure: TemporaryFailure | None) -> None:
        """Say that the network is gone, or back."""
        if self._wanted.as_json:
            print_json({"kind": "NetworkBack"} if failure is None else {"kind": "NetworkGone", "reason": str(failure)})
        else:
            said = "the homeserver answers again" if failure is None else printable(str(failure))
            click.echo(f"scop: {said}", err=True)


def json_of(news: News) -> dict[str, object]:
    """Return what is known of a thing; keys of the encryption are left out."""
    return {field.name: _plain(getattr(news, field.name)) for field in fields(news) if field.name != "message"}


def _plain(value: object) -> object:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return value
    if hasattr(value, "shield"):  # what is known of who encrypted it
        return {"shield": _plain(value.shield)}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return msgspec.to_builtins(value)
