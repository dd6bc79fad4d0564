"""What all forms of the notifier share: the queue, the account, and what brings one into the other."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from scop.cli.matrix.accounts import Account
from scop.cli.matrix.notify_config import AccountTable
from scop.cli.matrix.notify_poster import ClientPoster, listen_for_ever, name_for_ever
from scop.cli.matrix.notify_posting import Posting, PostingOptions
from scop.cli.matrix.untold import KeepingClient, Untold
from scop.matrix.client import ClientOptions
from scop.matrix.notifier.hooks import Delivery
from scop.matrix.notifier.report import Report
from scop.matrix.notifier.rooms import Room
from scop.matrix.notifier.threads import Audience
from scop.net.faults import PermanentFailure, reason_of
from scop.net.log import Log, write_to_descriptor
from scop.net.matrix import AsyncClient, NetworkOptions
from scop.net.trust import web_trust
from scop.store.faults import StoreError
from scop.store.notices import Notices

__all__ = ["Desk", "account_of", "all_rooms", "kept_beside", "open_desk", "open_queue", "posting_from", "stderr_log"]

PRUNE_SECONDS = 86_400.0
PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Desk:
    """The queue and who is told what; whatever is kept rings for who posts."""

    notices: Notices
    audience: Audience
    posting: Posting
    log: Log

    async def keep(self, delivery: Delivery) -> bool:
        """Keep a webhook durably; say whether it is new."""
        taken = await self.notices.take((delivery.hook, delivery.id), delivery.report, self.audience, time.time())
        if taken.posts:
            self.posting.ring()
        return taken.is_new

    async def keep_report(self, report: Report) -> None:
        """Keep what we found ourselves."""
        taken = await self.notices.take(None, report, self.audience, time.time())
        if taken.posts:
            self.posting.ring()

    async def prune_for_ever(self) -> None:
        """Forget what is long ago, once a day."""
        while True:
            with contextlib.suppress(sqlite3.OperationalError):  # a full disk; tomorrow it may do
                await self.notices.prune(time.time())
            await asyncio.sleep(PRUNE_SECONDS)


async def _left_behind(notices: Notices, rooms: Sequence[Room]) -> tuple[Room, ...]:
    """Return the rooms that earlier calls could not reach, as those wanted them."""
    named = {room.room for room in rooms}
    return tuple(room for room in await notices.rooms_left() if room.room not in named)


def stderr_log() -> Log:
    """Return the log of a service, which is its standard error."""
    return Log("notifier", write_to_descriptor(sys.stderr.fileno()))


def open_queue(path: Path) -> Notices:
    """Open the queue; raises `PermanentFailure` where another process has it."""
    return _opened(path, Notices.open)


@asynccontextmanager
async def kept_beside(path: Path) -> AsyncIterator[Notices]:
    """Give the queue to keep something in, whoever posts from it."""
    notices = _opened(path, Notices.open_to_keep)
    try:
        yield notices
    finally:
        await notices.close()


def _opened(path: Path, opening: Callable[[Path], Notices]) -> Notices:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return opening(path)
    except StoreError as fault:
        raise PermanentFailure(str(fault)) from None
    except OSError as fault:
        raise PermanentFailure(f"{path}: {reason_of(fault)}") from None


@asynccontextmanager
async def open_desk(
    notices: Notices, client: AsyncClient, audience: Audience, log: Log, *, is_service: bool
) -> AsyncIterator[tuple[Desk, Sequence[asyncio.Task[None]]]]:
    """Give a desk, and the tasks that post from it, until the context ends; one that ends first has a fault to tell.

    It closes the queue.
    """
    rooms = audience.rooms if is_service else (*audience.rooms, *await _left_behind(notices, audience.rooms))
    poster = ClientPoster(client)
    posting = Posting(PostingOptions(notices, poster, rooms, log))
    desk = Desk(notices, audience, posting, log)
    tasks = [asyncio.create_task(posting.run()), asyncio.create_task(desk.prune_for_ever())]
    if is_service:
        tasks.append(asyncio.create_task(listen_for_ever(client, log)))
        tasks.append(asyncio.create_task(name_for_ever(poster, log)))
    try:
        async with client.resting():  # the tasks say themselves when they work
            yield desk, tasks
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
        await notices.close()


def account_of(table: AccountTable) -> Account:
    """Return the account that a configuration names."""
    return Account(
        table.user,
        Path(table.store) if table.store else None,
        Path(table.passphrase_file) if table.passphrase_file else None,
    )


def posting_from(account: Account) -> AsyncClient:
    """Return the client that posts, not yet entered; raises `PermanentFailure`."""
    # A bot reads nothing that it is not asked for: what others type, and who is there, is not for it.
    options = ClientOptions(wants_presence=False, wants_typing=False)
    # What does not go now is kept: we ask again ourselves, and say why it waits.
    network = NetworkOptions(patience_seconds=PATIENCE_SECONDS, tls=web_trust())  # read while it can be
    return KeepingClient(Untold(account.open(account.chosen())), network, options)


def all_rooms(rooms: dict[str, Room]) -> tuple[Room, ...]:
    """Return the rooms of a configuration; raises `PermanentFailure` where two are one."""
    names = [room.room for room in rooms.values()]
    for room in names:
        if names.count(room) > 1:
            raise PermanentFailure(f"rooms: two tables speak of {room}")
    return tuple(rooms.values())
