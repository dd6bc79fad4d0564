"""Rooms in which we talk with one person alone.

Standards: Matrix v1.19 CS §Direct Messaging.
"""

from __future__ import annotations

from dataclasses import replace

from scop.matrix.client.core import Core
from scop.matrix.client.joining import Joining, NewRoom
from scop.matrix.client.loading import Loading
from scop.matrix.client.notes import Notes
from scop.matrix.client.room import Room
from scop.matrix.steps import Steps

__all__ = ["Direct"]

_TWO = 2


class Direct:
    """Talks between two."""

    def __init__(self, core: Core, notes: Notes, joining: Joining, loading: Loading) -> None:
        self._core = core
        self._notes = notes
        self._joining = joining
        self._loading = loading

    def find(self, user_id: str) -> Steps[str | None]:
        """Return the room in which we talk with someone alone: the newest that is noted, or a private one of us two."""
        rooms = self._core.rooms
        for room_id in reversed(self._notes.direct_rooms().get(user_id, ())):
            if room_id in rooms and _may_be(rooms[room_id]) and (yield from self._is_of_us_two(room_id, user_id)):
                return room_id
        for room in rooms.of("join"):
            is_private = room.join_rule != "public" and not room.is_space and user_id in room.members
            if is_private and _may_be(room) and (yield from self._is_of_us_two(room.room_id, user_id)):
                return room.room_id
        return None

    def open(self, user_id: str) -> Steps[str]:
        """Return the room in which we talk with someone alone, made where there is none: they are asked in then."""
        room_id = yield from self.find(user_id)
        if room_id is None:
            room_id = yield from self.create(NewRoom(invited=(user_id,), preset="trusted_private_chat"))
        return room_id

    def create(self, new: NewRoom) -> Steps[str]:
        """Make a room for talks with those who are asked in, and note it as one; return its id."""
        room_id = yield from self._joining.create(replace(new, is_direct=True))
        for user_id in new.invited:
            yield from self._notes.mark_direct(user_id, room_id)
        return room_id

    def _is_of_us_two(self, room_id: str, user_id: str) -> Steps[bool]:
        members = (yield from self._loading.members(room_id)).members
        return {*members.of("join", "invite")} == {self._core.user_id, user_id}


def _may_be(room: Room) -> bool:
    """Return whether two are there now, as far as the server counted them; nobody is asked for that."""
    return room.membership == "join" and room.successor is None and room.joined_count + room.invited_count == _TWO
