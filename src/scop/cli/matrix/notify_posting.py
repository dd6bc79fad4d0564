"""What brings the queue into the rooms: one message after another in each room, for as long as it takes.

Rooms do not wait for each other. Where a server is away or has had enough, or the disk is full, a room waits and goes
on with the same message; nothing is given up but what the server says it will never take.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from scop.base import printable
from scop.matrix.json_values import JsonObject
from scop.matrix.notifier.rooms import Room
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log
from scop.store.notices import Notices, Outgoing

__all__ = ["NeverTaken", "Poster", "Posting", "PostingOptions", "TooMuch"]

FIRST_PAUSE_SECONDS = 1.0
MAX_PAUSE_SECONDS = 30.0  # a server that is back is soon told what waited for it
MAX_ASKED_SECONDS = 3600.0  # Matrix v1.19 CS §Rate limiting: a server is left alone for as long as it asks


class NeverTaken(PermanentFailure):
    """The server refuses this one message for what it is; others may do better."""


class TooMuch(TemporaryFailure):
    """The server wants to be left alone for a while."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Poster(Protocol):
    """An account in Matrix, as the notifier needs it; raises `TemporaryFailure` and `PermanentFailure`."""

    async def prepare(self, room: Room) -> str:
        """Return the id of a room, made if it is not there, joined, and as it should be."""

    async def send(self, room_id: str, transaction_id: str, content: JsonObject) -> str:
        """Send a message once, however often it is called with one transaction id; return the id of its event."""


@dataclass(frozen=True, slots=True)
class PostingOptions:
    """What is posted where."""

    notices: Notices
    poster: Poster
    rooms: Sequence[Room]
    log: Log
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep


class _Progress:
    """How far a room is."""

    __slots__ = ("bell", "idle", "refusal", "settled", "tried", "trouble")

    def __init__(self) -> None:
        self.bell = asyncio.Event()  # there may be something to post
        self.idle = asyncio.Event()  # it is in step
        self.settled = asyncio.Event()  # it is, or was refused
        self.tried = asyncio.Event()  # it is, or could not be brought there
        self.trouble = ""
        self.refusal = ""  # why the last message that was dropped will never be taken

    def ring(self) -> None:
        """There is news."""
        for event in (self.idle, self.settled, self.tried):
            event.clear()
        self.bell.set()

    def fail(self, fault: Exception) -> None:
        """Note what stands in the way just now."""
        self.trouble = str(fault)
        self.tried.set()
        if isinstance(fault, PermanentFailure):
            self.settled.set()

    def rest(self) -> None:
        """All is told."""
        for event in (self.idle, self.settled, self.tried):
            event.set()


class Posting:
    """Posts until it is told to end."""

    def __init__(self, options: PostingOptions) -> None:
        self._options = options
        self._rooms = {room.room: _Progress() for room in options.rooms}

    def ring(self) -> None:
        """Say that there may be something to post."""
        for room in self._rooms.values():
            room.ring()

    @property
    def rooms(self) -> Collection[str]:
        """Which rooms are posted to."""
        return self._rooms.keys()

    def trouble(self, room: str) -> str:
        """Return why something is not posted yet."""
        return self._rooms[room].trouble

    def refusal(self, room: str) -> str:
        """Return why something will never be posted."""
        return self._rooms[room].refusal

    async def run(self) -> None:
        """Post for ever; ends by being cancelled, at any point."""
        async with asyncio.TaskGroup() as rooms:
            for room in self._options.rooms:
                rooms.create_task(self._serve(room))

    async def idle(self) -> None:
        """Wait until all rooms are in step."""
        for room in self._rooms.values():
            await room.idle.wait()

    async def settled(self, room: str) -> None:
        """Wait until a room is in step, or does not let us."""
        await self._rooms[room].settled.wait()

    async def tried(self) -> None:
        """Wait until each room is in step, or could not be brought there."""
        for room in self._rooms.values():
            await room.tried.wait()

    async def _serve(self, room: Room) -> None:
        progress = self._rooms[room.room]
        pause = FIRST_PAUSE_SECONDS
        room_id = ""
        while True:
            try:
                room_id = room_id or await self._options.poster.prepare(room)
                await self._post_all(room, room_id)
            except TooMuch as fault:
                self._note(room, fault)
                await self._options.pause(min(fault.seconds, MAX_ASKED_SECONDS))
            # The last is a full disk, which is emptied some day.
            except (TemporaryFailure, PermanentFailure, sqlite3.OperationalError) as fault:
                self._note(room, fault)
                if isinstance(fault, PermanentFailure):
                    room_id = ""  # we may have been put out of it, or its alias leads elsewhere
                await self._options.pause(pause)
                pause = min(2 * pause, MAX_PAUSE_SECONDS)
            else:
                pause = FIRST_PAUSE_SECONDS
                if not progress.bell.is_set():
                    progress.rest()
                await progress.bell.wait()

    async def _post_all(self, room: Room, room_id: str) -> None:
        self._rooms[room.room].bell.clear()
        outgoing = await self._options.notices.next(room.room)
        while outgoing is not None:
            outgoing = await self._post(outgoing, room_id)

    async def _post(self, outgoing: Outgoing, room_id: str) -> Outgoing | None:
        try:
            event_id = await self._options.poster.send(room_id, outgoing.transaction_id, outgoing.content)
        except NeverTaken as fault:
            self._rooms[outgoing.room].refusal = str(fault)
            self._options.log.error("notice.dropped", room=outgoing.room, reason=printable(str(fault)))
            return await self._options.notices.dropped(outgoing)
        self._options.log.info("notice.posted", room=outgoing.room, event_id=event_id)
        self._rooms[outgoing.room].bell.clear()  # before the queue is looked at: what rings later is looked at again
        return await self._options.notices.posted(outgoing, event_id)

    def _note(self, room: Room, fault: Exception) -> None:
        self._rooms[room.room].fail(fault)
        self._options.log.warning("notice.waits", room=room.room, reason=printable(str(fault)))
