"""`scop matrix listen`: what happens in our rooms, live; a line for each thing, or JSON for scripts."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, fields, is_dataclass, replace
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
from scop.net.faults import TemporaryFailure
from scop.net.matrix import AsyncClient
from scop.net.matrix.whole_sync import News

__all__ = ["Shown", "Teller", "Wanted", "listen"]

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
    --room, what is of others waits for a later `listen`. Older things are in `history`. Other commands of the account
    may run meanwhile; a second `listen` may not.
    """

    async def whole() -> None:
        async with listening(account) as (client, untold):
            shown = Shown(client, Wanted(**wanted))
            first = await client.sync()  # rooms have names from here on
            shown.room_ids = {await room_named(client, name) for name in room_names}
            teller = Teller(client, untold, shown)
            await teller.tell(first)
            if once:
                return
            async with aclosing(client.listen_in_turns(shown.trouble)) as coming:
                async for news in coming:
                    await teller.tell(news)

    asyncio.run(whole())


class Teller:
    """Tells what happens, by whichever command it came; what breaks off is told again."""

    def __init__(self, client: AsyncClient, untold: Untold, shown: Shown) -> None:
        self._client = client
        self._untold = untold
        self._shown = shown
        self._left = set[str]()  # the keys of what is kept on, being of other rooms

    async def tell(self, news: Sequence[News]) -> None:
        """Show what others kept, then what is new: of that, too, what is for people is kept until it is shown."""
        came, left = set(map(id, news)), self._left
        own = {key: one for key, one in self._untold.own().items() if id(one) in came}
        kept = {key: one for key, one in self._untold.all().items() if key not in own and key not in left}
        lines = [line for one in (*kept.values(), *news) if one is not None for line in self._shown.lines(one)]
        told = [key for key, one in {**kept, **own}.items() if one is None or self._shown.is_of_rooms(one)]
        if lines:
            # Others may have the account meanwhile: who reads a line may want the answer of another command first.
            async with self._client.resting():
                for write in lines:
                    write()
        await self._untold.told(told)
        self._left = (left | own.keys() | kept.keys()) & self._untold.all().keys()


class Shown:
    """Prints what happens."""

    def __init__(self, client: AsyncClient, wanted: Wanted) -> None:
        self._client = client
        self._reader = Reader(client.core.rooms, wants_ids=wanted.wants_ids, warns=self._warning)
        self._wanted = wanted
        self.room_ids: set[str] = set()

    def _warning(self, news: RoomEvent) -> str:
        return warning_of(self._client.core, news)

    def is_of_rooms(self, news: News) -> bool:
        """Say whether a thing is of the rooms that are asked for."""
        return not self.room_ids or getattr(news, "room_id", None) in self.room_ids

    def show(self, news: News) -> None:
        """Print one thing, where it is wanted."""
        for write in self.lines(news):
            write()

    def lines(self, news: News) -> list[Callable[[], object]]:
        """Return what prints one thing, where it is wanted, from what is known of it now."""
        kind = type(news).__name__
        if not self.is_of_rooms(news):
            return []
        if kind in _QUIET and not self._wanted.is_all:
            return []
        writes: list[Callable[[], object]] = []
        self._reader = replace(self._reader, rooms=self._client.core.rooms)
        if self._wanted.as_json:
            writes.append(partial(print_json, {"kind": kind, **json_of(news)}))
        elif (line := self._reader.line(news)) is not None:
            writes.append(partial(console.print, f"[dim]{time_of(news)}[/dim] {line}", soft_wrap=True))
        if self._wanted.rings and ((isinstance(news, RoomEvent) and news.notifies) or isinstance(news, InvitedTo)):
            # beside what is shown, so that it is read by no program
            writes.append(partial(click.echo, "\a", nl=False, err=True))
        return writes

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
