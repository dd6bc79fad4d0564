"""`scop matrix chat`: read a room, and write into it, in one terminal."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import aclosing, suppress

import click

from scop.base import printable
from scop.cli.matrix.accounts import Account, account_options, check_text, opened
from scop.cli.matrix.asking import typed_line
from scop.cli.matrix.history import FEW, Past
from scop.cli.matrix.listen import Shown, Wanted
from scop.cli.matrix.naming import room_named
from scop.matrix.client.contents import Kind, Mentions, Message
from scop.matrix.client.event import Event
from scop.matrix.client.happenings import RoomEvent, Undecryptable
from scop.matrix.steps import Steps
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.matrix import AsyncClient
from scop.net.matrix.whole_sync import News

__all__ = ["chat"]

MAX_MISSED, MAX_KNOWN = 100, 4000
_LINE_UP = "\x1b[1A\x1b[2K"  # what was typed is shown again as the room has it


@click.command()
@click.argument("room", metavar="ROOM")
@click.option("--ids", "wants_ids", is_flag=True, help="Show the id of each event.")
@click.option("--bell", "rings", is_flag=True, help="Ring for what our push rules want us told.")
@account_options
def chat(*, account: Account, room: str, **wanted: bool) -> None:
    """Read a room and write into it: a line is a message. Ends by Ctrl-D.

    \b
    /me waves     what we do
    /reply Yes.   answers what another said last
    /react 👍     annotates it
    /edit No.     replaces what we said last
    /redact       takes it away
    //x           says /x

    \b
    Other commands of the account may run meanwhile, `listen` and other chats too.
    """  # noqa: D301 - click's mark, by which it leaves lines as they are

    async def whole() -> None:
        async with opened(account) as client:
            room_id = await room_named(client, room)
            await _Talk(client, room_id, Wanted(**wanted)).go_on()

    asyncio.run(whole())


class _Talk:
    """One room in one terminal."""

    def __init__(self, client: AsyncClient, room_id: str, wanted: Wanted) -> None:
        self._client = client
        self._room_id = room_id
        self._shown = Shown(client, wanted)
        self._shown.room_ids = {room_id}
        self._known = dict[str, None]()  # the ids of what was shown, since it comes by more than one way
        self._theirs: Event | None = None  # what another said last
        self._ours = ""  # the id of what we said last
        self._said = {"me": self._emote, "reply": self._reply, "react": self._react, "edit": self._edit}

    async def go_on(self) -> None:
        """Show what is said, and say what is typed, until nothing more is."""
        await self._client.do(self._client.core.loading.members, self._room_id)  # their names
        past = Past(self._client, self._room_id, FEW)
        latest = await past.room()
        self._shown.note(past.older)
        await self._show(latest)
        hearing = asyncio.create_task(self._hear())
        try:
            await self._speak(hearing)
        finally:
            hearing.cancel()
            with suppress(asyncio.CancelledError):
                await hearing

    async def _hear(self) -> None:
        core = self._client.core
        async with self._client.working(), aclosing(self._client.listen_in_turns(self._shown.trouble)) as coming:
            async for news in coming:
                if self._client.core is not core:
                    core = self._client.core
                    await self._show(await self._missed())
                await self._show(news)

    async def _missed(self) -> Sequence[News]:
        """Return what other commands took in, which does not come to us: the newest, up to what we know."""
        latest = await Past(self._client, self._room_id, MAX_MISSED).room()
        known = [place for place, one in enumerate(latest) if _id_of(one) in self._known]
        return latest[known[-1] + 1 :] if known else latest

    async def _show(self, coming: Sequence[News]) -> None:
        """Show what was not shown yet; others may have the account while it is written."""
        lines = []
        for news in coming:
            event_id = _id_of(news)
            if not event_id or event_id not in self._known:
                self._known[event_id] = None
                self._heed(news)
                lines += self._shown.lines(news)
        for key in tuple(self._known)[:-MAX_KNOWN]:
            del self._known[key]
        if lines:
            async with self._client.resting():
                for write in lines:
                    write()

    def _heed(self, news: News) -> None:
        if not isinstance(news, RoomEvent) or news.event.type != "m.room.message" or news.room_id != self._room_id:
            return
        if news.event.sender != self._client.session.user_id:
            self._theirs = news.event
        elif not news.event.replaces:
            self._ours = news.event.event_id

    async def _speak(self, hearing: asyncio.Task[None]) -> None:
        while True:
            line = asyncio.ensure_future(typed_line())
            async with self._client.resting():
                await asyncio.wait({line, hearing}, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                hearing.result()  # the server takes us no longer
            if not (said := await line):
                return
            if words := said.rstrip("\r\n"):
                await self._say(words)

    async def _say(self, line: str) -> None:
        try:
            check_text(line)
            event_id = await self._client.run(self._steps(line), self._room_id)
        except (TemporaryFailure, PermanentFailure, click.UsageError) as failure:
            said = failure.message if isinstance(failure, click.UsageError) else str(failure)
            click.echo(f"scop: {printable(said)}", err=True)
        else:
            if sys.stdin.isatty() and sys.stdout.isatty():
                click.echo(_LINE_UP, nl=False)
            if not line.startswith(("/react", "/edit", "/redact")):
                self._ours = event_id

    def _steps(self, line: str) -> Steps[str]:
        """Return what a line means."""
        sending = self._client.core.sending
        if not line.startswith("/") or line.startswith("//"):
            return sending.message(self._room_id, line.removeprefix("/"))
        command, _, text = line[1:].partition(" ")
        if command == "redact":
            return sending.redact(self._room_id, self._own(), text or None)
        if command not in self._said:
            raise PermanentFailure(f"/{command} is not known: /me /reply /react /edit /redact are; // says a slash")
        if not text.strip():
            raise PermanentFailure(f"/{command} wants words")
        return self._said[command](text)

    def _emote(self, text: str) -> Steps[str]:
        return self._client.core.sending.message(self._room_id, Message(text, kind=Kind.EMOTE))

    def _reply(self, text: str) -> Steps[str]:
        about = self._other()
        message = Message(text, mentions=Mentions((about.sender,)))
        return self._client.core.sending.reply(self._room_id, about.event_id, message, about.thread_id)

    def _react(self, text: str) -> Steps[str]:
        return self._client.core.sending.react(self._room_id, self._other().event_id, text.strip())

    def _edit(self, text: str) -> Steps[str]:
        return self._client.core.sending.edit(self._room_id, self._own(), text)

    def _other(self) -> Event:
        if self._theirs is None:
            raise PermanentFailure("nobody else has said anything")
        return self._theirs

    def _own(self) -> str:
        if not self._ours:
            raise PermanentFailure("we have said nothing")
        return self._ours


def _id_of(news: News) -> str:
    if isinstance(news, Undecryptable):
        return f"{news.event.event_id} sealed"  # it may be read later
    return news.event.event_id if isinstance(news, RoomEvent) else ""
