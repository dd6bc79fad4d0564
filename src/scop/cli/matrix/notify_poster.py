"""The notifier's account in Matrix: `AsyncClient` as what posts."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable

from scop.base import printable
from scop.cli.matrix.notify_posting import NeverTaken, TooMuch
from scop.matrix.json_values import JsonObject
from scop.matrix.notifier.preparing import prepare_room
from scop.matrix.notifier.rooms import Room, Upkeep, upkeep
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log
from scop.net.matrix import AsyncClient, Busy, Refused

__all__ = ["ROOM_SECONDS", "ClientPoster", "listen_for_ever", "name_for_ever"]

ROOM_SECONDS = 30.0  # a disk that has room again is soon written on
LOOK_SECONDS = 300.0  # so seldom that nobody is fought who wants other names
_NAMES = ("m.room.name", "m.room.topic")
MAX_LOOKS = 30  # syncs until a room that we have just made is seen there
# What a server says of one message, and of none that follows.
_OF_THE_MESSAGE = frozenset({"M_TOO_LARGE", "M_BAD_JSON", "M_NOT_JSON", "M_INVALID_PARAM"})


class ClientPoster:
    """Posts as who is logged in; other commands may have the account in between."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._preparing = asyncio.Lock()
        self._has_synced = False
        self._prepared: dict[str, Room] = {}  # by room id

    async def prepare(self, room: Room) -> str:
        """Return the id of a room, as it should be, and known to our own client, which may have to encrypt for it."""
        async with self._preparing, self._client.working():
            if not self._has_synced:  # what was there before may have changed: who is in a room, with which devices
                await self._client.sync()
                self._has_synced = True
            room_id = await self._client.run(prepare_room(room, self._client.session.user_id))
            for _ in range(MAX_LOOKS):
                known = self._client.core.rooms.get(room_id)
                if known is not None and known.membership == "join" and known.is_encrypted >= room.encrypted:
                    self._prepared[room_id] = room
                    return room_id
                await self._client.sync()
        raise TemporaryFailure(f"{room.room} is not shown to us yet")

    async def name_again(self) -> tuple[str, ...]:
        """Give rooms the name and the topic back that somebody changed; return which, as they are configured.

        It goes by what the last sync said. A room that is another's to name is left alone from then on.
        """
        async with self._client.working():
            return tuple(
                [room.room for room_id, room in tuple(self._prepared.items()) if await self._named(room_id, room)]
            )

    async def _named(self, room_id: str, room: Room) -> bool:
        changes = self._renamed(room_id, room)
        try:
            for change in changes:
                await self._client.do(self._client.core.state.set, room_id, change.kind, change.content)
        except Refused as refused:
            if refused.errcode != "M_FORBIDDEN":
                raise
            del self._prepared[room_id]
            return False
        return bool(changes)

    def _renamed(self, room_id: str, room: Room) -> list[Upkeep]:
        known = self._client.core.rooms.get(room_id)
        if known is None or known.membership != "join":
            return []
        events = {kind: known.state(kind) for kind in _NAMES}
        state = {(kind, ""): event.content for kind, event in events.items() if event is not None}
        return [change for change in upkeep(room, state, is_ours=False) if change.kind in _NAMES]

    async def send(self, room_id: str, transaction_id: str, content: JsonObject) -> str:
        """Send a message once for each transaction id."""
        try:
            async with self._client.working():
                sending = self._client.core.sending
                return await self._client.do(sending.event, room_id, "m.room.message", content, transaction_id)
        except Refused as refused:
            if refused.errcode in _OF_THE_MESSAGE:
                raise NeverTaken(str(refused)) from refused
            raise
        except Busy as busy:
            if busy.error.retry_after_seconds is not None:
                raise TooMuch(str(busy), busy.error.retry_after_seconds) from busy
            raise


async def listen_for_ever(
    client: AsyncClient, log: Log, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Keep up with who is in the rooms and with which devices, so that all of them can read what is encrypted.

    What a full disk does not take is read again.
    """

    def trouble(failure: TemporaryFailure | None) -> None:
        if failure is None:
            log.info("homeserver.back")
        else:
            log.warning("homeserver.away", reason=printable(str(failure)))

    async with client.working():
        while True:
            try:
                async with contextlib.aclosing(client.listen_in_turns(trouble)) as syncs:
                    async for _ in syncs:
                        pass
            except sqlite3.OperationalError as fault:
                log.warning("account.unkept", reason=str(fault))
                async with client.resting():
                    await pause(ROOM_SECONDS)


async def name_for_ever(
    poster: ClientPoster, log: Log, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Keep names and topics of rooms in step with the configuration, whoever changes them."""
    while True:
        await pause(LOOK_SECONDS)
        try:
            for room in await poster.name_again():
                log.info("room.named", room=room)
        except (TemporaryFailure, PermanentFailure, sqlite3.OperationalError) as fault:
            log.warning("room.unnamed", reason=printable(str(fault)))
