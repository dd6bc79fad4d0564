"""What we keep at our homeserver for ourselves: account data, tags, whom we ignore, with whom we talk directly.

Standards: Matrix v1.19 CS §Client Config, §Room Tagging, §Ignoring users, §Direct Messaging.
"""

from __future__ import annotations

from scop.matrix.api.client_server.account_data import (
    GetAccountData,
    GetAccountDataPerRoom,
    SetAccountData,
    SetAccountDataPerRoom,
)
from scop.matrix.api.client_server.tags import DeleteRoomTag, GetRoomTags, SetRoomTag, Tag
from scop.matrix.api.errors import MatrixError
from scop.matrix.client.core import Core
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Steps, ask

__all__ = ["Notes"]

_IGNORED = "m.ignored_user_list"
_DIRECT = "m.direct"


class Notes:
    """Account data, of all and of rooms."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def known(self, kind: str, room_id: str | None = None) -> JsonObject | None:
        """Return what syncs brought of one kind."""
        if room_id is None:
            return self._core.account_data.get(kind)
        room = self._core.rooms.get(room_id)
        return None if room is None else room.account_data.get(kind)

    def get(self, kind: str, room_id: str | None = None) -> Steps[JsonObject | None]:
        """Return what the server has of one kind now; None where there is nothing."""
        user_id = self._core.user_id
        try:
            if room_id is None:
                return (yield from ask(GetAccountData(user_id=user_id, type=kind))).content
            return (yield from ask(GetAccountDataPerRoom(user_id=user_id, room_id=room_id, type=kind))).content
        except MatrixError as refusal:
            if refusal.status == 404:
                return None
            raise

    def put(self, kind: str, content: JsonObject, room_id: str | None = None) -> Steps[None]:
        """Keep something of one kind; it comes back with a sync."""
        user_id = self._core.user_id
        if room_id is None:
            yield from ask(SetAccountData(user_id=user_id, type=kind, content=content))
        else:
            yield from ask(SetAccountDataPerRoom(user_id=user_id, room_id=room_id, type=kind, content=content))

    def tags(self, room_id: str) -> Steps[dict[str, Tag]]:
        """Return the tags of a room as the server has them now."""
        return (yield from ask(GetRoomTags(user_id=self._core.user_id, room_id=room_id))).tags or {}

    def tag(self, room_id: str, tag: str, order: float | None = None) -> Steps[None]:
        """Tag a room: `m.favourite`, `m.lowpriority`, `u.…`."""
        yield from ask(SetRoomTag(user_id=self._core.user_id, room_id=room_id, tag=tag, order=order))

    def untag(self, room_id: str, tag: str) -> Steps[None]:
        """Take a tag away."""
        yield from ask(DeleteRoomTag(user_id=self._core.user_id, room_id=room_id, tag=tag))

    def mark_unread(self, room_id: str) -> Steps[None]:
        """Note for our other devices that a room is to be looked at again."""
        return self.put("m.marked_unread", {"unread": True}, room_id)

    def mark_seen(self, room_id: str) -> Steps[None]:
        """Note that it was."""
        return self.put("m.marked_unread", {"unread": False}, room_id)

    def ignore(self, user_id: str) -> Steps[None]:
        """See no longer what someone says."""
        yield from self._set_ignored({user_id: {}}, ())

    def heed(self, user_id: str) -> Steps[None]:
        """See again what someone says."""
        yield from self._set_ignored({}, (user_id,))

    def direct_rooms(self) -> dict[str, tuple[str, ...]]:
        """Return the rooms in which we talk with one person, by that person."""
        content = self._core.account_data.get(_DIRECT, {})
        return {user_id: _texts(rooms) for user_id, rooms in content.items()}

    def mark_direct(self, user_id: str, room_id: str) -> Steps[None]:
        """Note that a room is for talking with one person."""
        now = (yield from self.get(_DIRECT)) or {}
        rooms = _texts(now.get(user_id))
        if room_id not in rooms:
            yield from self.put(_DIRECT, {**now, user_id: [*rooms, room_id]})

    def _set_ignored(self, more: JsonObject, fewer: tuple[str, ...]) -> Steps[None]:
        # From what the server has now: another device may have changed it.
        now = (yield from self.get(_IGNORED)) or {}
        users = now.get("ignored_users")
        ignored = {**(users if isinstance(users, dict) else {}), **more}
        wanted = {user_id: said for user_id, said in ignored.items() if user_id not in fewer}
        yield from self.put(_IGNORED, {**now, "ignored_users": wanted})


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
