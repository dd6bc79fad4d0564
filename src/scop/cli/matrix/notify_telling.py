"""What `scop matrix notify` does with one thing to tell: keeps it, then posts it in its turn.

It is kept before anything is asked of anybody, so that it goes out with a later call where it cannot now. Calls that
come at once wait for each other, as an account is used by one of them; each ends by how its own room stands, and gives
what earlier calls left behind one try.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from scop.cli.matrix.accounts import Account
from scop.cli.matrix.notify_desk import Desk, kept_beside, open_desk, open_queue, posting_from
from scop.matrix.json_values import JsonObject
from scop.matrix.notifier.report import Report
from scop.matrix.notifier.rooms import Room
from scop.matrix.notifier.threads import Audience
from scop.net.faults import PermanentFailure
from scop.net.log import Log

__all__ = ["Outcome", "Said", "Telling", "forget", "tell"]

LEAST_SECONDS = 1.0  # to post, however long others have had the account
_SILENT = Log("notifier", lambda _line: None)

Said: TypeAlias = Report | JsonObject  # what is to be told: of a pipeline, or a message as it is


@dataclass(frozen=True, slots=True)
class Telling:
    """Who tells where, from which queue, and how long is waited for it."""

    account: Account
    room: Room
    queue: Path
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it."""

    is_news: bool  # False: all of it stands in the room already
    trouble: str = ""  # why it is not posted yet, '' where it is
    refusal: str = ""  # why it never will be
    left: tuple[str, ...] = ()  # what of earlier calls still waits, and why


def forget(queue: Path, room: str) -> int:
    """Give up what waits for a room; return how many messages that were."""

    async def main() -> int:
        notices = open_queue(queue)
        try:
            return await notices.forget(room)
        finally:
            await notices.close()

    return asyncio.run(main())


async def tell(telling: Telling, said: Said) -> Outcome:
    """Keep what is said, and post it."""
    deadline = time.monotonic() + telling.wait_seconds
    is_news = await _keep(telling, said)
    account = dataclasses.replace(telling.account, turn_seconds=telling.wait_seconds)
    rooms = Audience((telling.room,), {})
    try:
        async with (
            posting_from(account) as client,
            open_desk(open_queue(telling.queue), client, rooms, _SILENT, is_service=False) as (desk, tasks),
        ):
            return await _posted(telling, desk, tasks, deadline, is_news)
    except PermanentFailure as fault:  # the account or the queue is not to be had
        return Outcome(is_news, str(fault))


async def _keep(telling: Telling, said: Said) -> bool:
    """Keep what is said durably; say whether the room has to hear of it."""
    room = telling.room
    async with kept_beside(telling.queue) as notices:
        await notices.keep_room(room)
        if isinstance(said, Report):
            await notices.take(None, said, Audience((room,), {}), time.time())
        else:
            await notices.say(f"{time.time_ns()}-{os.getpid()}", room.room, said, time.time())
        return room.room in await notices.waiting()


async def _posted(
    telling: Telling, desk: Desk, tasks: Sequence[asyncio.Task[None]], deadline: float, is_news: bool
) -> Outcome:
    own, posting = telling.room.room, desk.posting
    seconds = max(deadline - time.monotonic(), LEAST_SECONDS)
    try:
        async with asyncio.timeout(seconds):
            await _unless_ended(posting.settled(own), tasks)
            await _unless_ended(posting.tried(), tasks)
    except TimeoutError:
        pass
    waiting = await desk.notices.waiting()
    trouble = posting.trouble(own) or f"it took longer than {telling.wait_seconds:g} s"
    left = tuple(
        f"{room} ({posting.trouble(room) or 'not tried yet'})"
        for room in waiting
        if room != own and room in posting.rooms
    )
    return Outcome(is_news, trouble if own in waiting else "", posting.refusal(own), left)


async def _unless_ended(work: Awaitable[None], tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait for something that tasks bring about; raises what ended one of them."""
    working = asyncio.ensure_future(work)
    try:
        await asyncio.wait((working, *tasks), return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        working.cancel()
