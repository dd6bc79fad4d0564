"""`scop matrix history` and `redact`: what was said before, and taking it away."""

from __future__ import annotations

import contextlib
import datetime
import re
import time
from functools import partial

import click

from scop.base import printable
from scop.cli.matrix.accounts import Account, account_options, run
from scop.cli.matrix.listen import json_of
from scop.cli.matrix.naming import room_named, sender_of
from scop.cli.matrix.news_shown import Reader, is_said, time_of
from scop.cli.matrix.warned import warning_of
from scop.cli.shared import IS_NO, console, json_option, print_json
from scop.matrix.client.history import Seen
from scop.net.matrix import AsyncClient

__all__ = ["FEW", "Past", "history", "redact"]

FEW, MAX_COUNT = 20, 10_000
MAX_PAGES = 1000
PAGE_EVENTS = 100
_AGO = re.compile(r"(\d{1,9})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_FORMS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")


def _moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float:
    """Return when it was, in seconds of Unix; 0 where nothing was said."""
    if value is None:
        return 0.0
    if (ago := _AGO.fullmatch(value)) is not None:
        return time.time() - int(ago[1]) * _SECONDS[ago[2]]
    for form in _FORMS:
        with contextlib.suppress(ValueError, OverflowError, OSError):
            return datetime.datetime.strptime(value, form).timestamp()
    raise click.BadParameter(f"{printable(value)} is no time, as 2h, 3d, 2026-11-29 and '2026-11-29 13:00' are")


@click.command()
@click.argument("room", metavar="ROOM")
@click.option(
    "-n", "--count", type=click.IntRange(1, MAX_COUNT), help="How many events.  [default: 20, or all --since]"
)
@click.option("--since", callback=_moment, metavar="WHEN", help="What was said since: 2h, 3d, 2026-11-29.")
@click.option("--thread", metavar="EVENT", help="Of the thread that this event begins alone.")
@click.option("--ids", "wants_ids", is_flag=True, help="Show the id of each event, as `send --reply-to` takes it.")
@click.option("--mark-read", is_flag=True, help="Tell the room that we have read all that is shown.")
@account_options
@json_option
def history(
    *,
    account: Account,
    room: str,
    count: int | None,
    since: float,
    thread: str | None,
    wants_ids: bool,
    mark_read: bool,
    as_json: bool,
) -> None:
    """Show what was said in a room, the newest last. Status 1: nothing was."""

    async def work(client: AsyncClient) -> int:
        room_id = await room_named(client, room)
        past = Past(client, room_id, count or (MAX_COUNT if since else FEW), since)
        seen = await (past.thread(thread) if thread else past.room())
        if as_json:
            print_json([{"kind": type(one).__name__, **json_of(one)} for one in seen])
        else:
            await client.do(client.core.loading.members, room_id)  # their names
            reader = Reader(client.core.rooms, wants_ids=wants_ids, warns=partial(warning_of, client.core))
            for one in reversed(past.older):
                reader.heard.note(one.event)
            _show(reader, seen)
        if mark_read and seen:
            await client.do(client.core.reading.read, room_id, seen[-1].event.event_id)
            await client.do(client.core.reading.mark_fully_read, room_id, seen[-1].event.event_id)
        return len(seen)

    if not run(account, work):
        raise SystemExit(IS_NO)


def _show(reader: Reader, seen: list[Seen]) -> None:
    for one in seen:
        if (line := reader.line(one)) is not None:
            console.print(f"[dim]{time_of(one)}[/dim] {line}", soft_wrap=True)


class Past:
    """Reads back, until there is enough."""

    def __init__(self, client: AsyncClient, room_id: str, count: int, since: float = 0.0) -> None:
        self._client = client
        self._room_id = room_id
        self._count = count
        self._since = since
        self._found: list[Seen] = []  # the newest first
        self.older: list[Seen] = []  # came with them

    async def room(self) -> list[Seen]:
        """Return what was said in the room, oldest first."""
        token: str | None = None
        for _ in range(MAX_PAGES):
            page = await self._client.do(self._client.core.history.page, self._room_id, token, PAGE_EVENTS)
            if self._take(page.events) or (token := page.next_token) is None:
                break
        return self._found[::-1]

    async def thread(self, event_id: str) -> list[Seen]:
        """Return a thread, oldest first, its first event before all."""
        past, token = self._client.core.history, None
        for _ in range(MAX_PAGES):
            page = await self._client.do(past.relations, self._room_id, event_id, "m.thread", None, token)
            if self._take(page.events) or (token := page.next_token) is None:
                break
        return [await self._client.do(past.event, self._room_id, event_id), *self._found[::-1]]

    def _take(self, events: tuple[Seen, ...]) -> bool:
        """Take events in, newest first; return whether it is enough."""
        for one in events:
            if one.event.origin_server_ts < self._since * 1000:
                self.older.append(one)
                continue
            if len(self._found) >= self._count:
                self.older.append(one)
            elif is_said(one.event):
                self._found.append(one)
        return len(self._found) >= self._count or bool(self.older)


@click.command()
@click.argument("room", metavar="ROOM")
@click.argument("events", nargs=-1, required=True, metavar="EVENT...")
@click.option("--reason", help="Why; it is shown to all.")
@account_options
@json_option
def redact(*, account: Account, room: str, events: tuple[str, ...], reason: str | None, as_json: bool) -> None:
    """Take away what EVENTs of a room say, for everybody: ours, or with the power for it anybody's."""

    async def work(client: AsyncClient) -> dict[str, object]:
        room_id = await room_named(client, room)
        for event_id in events:
            await sender_of(client, room_id, event_id)  # servers take redactions of what is not there
        done = [await client.redact(room_id, event_id, reason) for event_id in events]
        return {"room_id": room_id, "event_ids": done}

    done = run(account, work)
    if as_json:
        print_json(done)
    else:
        click.echo(f"{len(events)} taken away" if len(events) > 1 else "taken away")
