"""What is fetched when it is needed: all members of a room, and what is missing of a timeline."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from scop.matrix.api.client_server.events import ClientEvent
from scop.matrix.api.client_server.message_pagination import GetRoomEvents
from scop.matrix.api.client_server.rooms import GetMembersByRoom, GetRoomState
from scop.matrix.api.errors import MatrixError
from scop.matrix.client.core import Core, Entries
from scop.matrix.client.event import Event, read_event
from scop.matrix.client.room import Room, RoomHead
from scop.matrix.steps import Steps, ask

__all__ = ["Filling", "Gap", "Loading"]

MAX_UNSYNCED_SECONDS = 60.0  # for so long a room that no sync brought is taken to be as it was


@dataclass(frozen=True, slots=True)
class Filling:
    """What was fetched of a gap: the newest events of it in order, and from where the rest is to be asked for."""

    events: tuple[Event, ...] = ()
    has_rest: bool = False
    rest_from: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """What a limited timeline leaves out of a room, and how much of it is fetched at most."""

    room: Room
    prev_batch: str | None  # from where it is asked for, backwards; None where the server did not say
    since: str  # how far the last sync was
    limit: int


class Loading:
    """Asks for what a sync does not bring."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._unsynced: dict[str, tuple[float, Room]] = {}  # and when each was fetched

    def load(self, _entries: Entries) -> None:
        """Forget what was fetched for another session."""
        self._unsynced.clear()

    def room(self, room_id: str) -> Steps[Room]:
        """Return a room that we are in: as syncs brought it, or, before they did, as the server has it."""
        known = self._core.rooms.get(room_id)
        if known is not None and known.membership == "join":
            self._unsynced.pop(room_id, None)
            return known
        now = self._core.surroundings.clock.monotonic()
        fetched, room = self._unsynced.get(room_id, (now, None))
        # Who sends and never syncs would give keys for ever to those who were in the room at first.
        if room is None or now - fetched >= MAX_UNSYNCED_SECONDS:
            answer = yield from ask(GetRoomState(room_id=room_id))
            state = (read_event(event) for event in answer.events)
            room = Room(room_id, self._core.user_id, RoomHead("join", has_all_members=True), state)
            self._unsynced[room_id] = now, room
        return room

    def members(self, room_id: str) -> Steps[Room]:
        """Return a room with all of its members."""
        room = yield from self.room(room_id)
        if room.head.has_all_members:
            return room
        # Matrix v1.19 CS §Lazy-loading room members.
        answer = yield from ask(GetMembersByRoom(room_id=room_id))
        # Those that are known came by a sync, and are as new as that: newer, maybe, than this answer.
        unknown = [read_event(event) for event in answer.chunk or () if event.state_key not in room.members]
        members = tuple(event for event in unknown if event.type == "m.room.member" and event.state_key is not None)
        for event in members:
            room.put(event)
        room.head = msgspec.structs.replace(room.head, has_all_members=True)
        self._core.later.add(self._core.rooms.kept(room, members))
        yield from self._core.keep_later()
        return room

    def gap(self, gap: Gap) -> Steps[Filling]:
        """Return what happened in a room between what is known and a limited timeline, as far as is wanted."""
        known = frozenset(gap.room.head.recent)
        found: list[ClientEvent] = []
        token = gap.prev_batch
        if token is None:
            return Filling(has_rest=True)
        while token is not None and len(found) < gap.limit:
            try:
                page = yield from ask(
                    GetRoomEvents(
                        room_id=gap.room.room_id,
                        dir="b",
                        from_=token,
                        # What is known ends it; where nothing is, how far the last sync was.
                        to=None if known else gap.since,
                        limit=min(self._core.options.fill_page, gap.limit - len(found)),
                    )
                )
            except MatrixError as refusal:
                if refusal.may_pass or refusal.status == 401:
                    raise
                return Filling(_in_order(found), has_rest=True, rest_from=token)
            if _take_until(known, page.chunk, found):
                return Filling(_in_order(found))
            # An empty chunk is not the end: no `end` is.
            token = page.end if page.end != token else None
        return Filling(_in_order(found), has_rest=token is not None, rest_from=token)


def _take_until(known: Collection[str], chunk: Collection[ClientEvent], found: list[ClientEvent]) -> bool:
    """Take events up to one that is known; tell whether there was one."""
    for event in chunk:
        if event.event_id in known:
            return True
        found.append(event)
    return False


def _in_order(found: list[ClientEvent]) -> tuple[Event, ...]:
    return tuple(read_event(event) for event in reversed(found))
