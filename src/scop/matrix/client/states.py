"""The state of rooms: reading it at the server, and changing it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from scop.matrix.api.client_server.room_state import SetRoomStateWithKey
from scop.matrix.api.client_server.rooms import GetJoinedMembersByRoom, GetRoomState, GetRoomStateWithKey, RoomMember
from scop.matrix.api.errors import MatrixError
from scop.matrix.client.core import Core
from scop.matrix.client.event import Event, read_event
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Steps, ask

__all__ = ["States"]

_POWERS = "m.room.power_levels"
_ALIAS = "m.room.canonical_alias"


class States:
    """Changes state of rooms; each change returns the id of its event."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def get(self, room_id: str, event_type: str, state_key: str = "") -> Steps[JsonObject | None]:
        """Return the content of a piece of state as the server has it now; None where there is none."""
        try:
            answer = yield from ask(GetRoomStateWithKey(room_id=room_id, event_type=event_type, state_key=state_key))
        except MatrixError as refusal:
            if refusal.status == 404:
                return None
            raise
        return answer.content

    def all(self, room_id: str) -> Steps[tuple[Event, ...]]:
        """Return all of the state as the server has it now."""
        answer = yield from ask(GetRoomState(room_id=room_id))
        return tuple(read_event(event) for event in answer.events)

    def members(self, room_id: str) -> Steps[dict[str, RoomMember]]:
        """Return who is in a room, as the server has it now."""
        return (yield from ask(GetJoinedMembersByRoom(room_id=room_id))).joined or {}

    def set(self, room_id: str, event_type: str, content: JsonObject, state_key: str = "") -> Steps[str]:
        """Change a piece of state."""
        request = SetRoomStateWithKey(room_id=room_id, event_type=event_type, state_key=state_key, content=content)
        return (yield from ask(request)).event_id

    def set_name(self, room_id: str, name: str) -> Steps[str]:
        """Give a room a name."""
        return self.set(room_id, "m.room.name", {"name": name})

    def set_topic(self, room_id: str, topic: str) -> Steps[str]:
        """Say what a room is about."""
        # Matrix v1.19 CS §m.room.topic: `topic` is for those who do not know m.topic.
        content: JsonObject = {"topic": topic, "m.topic": {"m.text": [{"body": topic}]}}
        return self.set(room_id, "m.room.topic", content)

    def set_avatar(self, room_id: str, uri: str) -> Steps[str]:
        """Give a room a picture."""
        return self.set(room_id, "m.room.avatar", {"url": uri})

    def set_join_rule(self, room_id: str, rule: str, allowed_rooms: Collection[str] = ()) -> Steps[str]:
        """Say who may come in: `invite`, `public`, `knock`, or members of other rooms (`restricted`)."""
        content: JsonObject = {"join_rule": rule}
        if allowed_rooms:
            content["allow"] = [{"type": "m.room_membership", "room_id": room} for room in allowed_rooms]
        return self.set(room_id, "m.room.join_rules", content)

    def set_history_visibility(self, room_id: str, visibility: str) -> Steps[str]:
        """Say who may read what was said before they came."""
        return self.set(room_id, "m.room.history_visibility", {"history_visibility": visibility})

    def set_canonical_alias(self, room_id: str, alias: str | None, others: Sequence[str] = ()) -> Steps[str]:
        """Say by which aliases a room goes; they must lead to it already."""
        content: JsonObject = {} if alias is None else {"alias": alias}
        if others:
            content["alt_aliases"] = list(others)
        return self.set(room_id, _ALIAS, content)

    def set_powers(self, room_id: str, changes: JsonObject) -> Steps[str]:
        """Change keys of the power levels; all others stay what the server has."""
        now = yield from self.get(room_id, _POWERS)
        return (yield from self.set(room_id, _POWERS, {**(now or {}), **changes}))

    def set_power_of(self, room_id: str, user_id: str, level: int | None) -> Steps[str]:
        """Give a user a power level, or the usual one."""
        now = yield from self.get(room_id, _POWERS)
        users = (now or {}).get("users")
        levels: JsonObject = dict(users) if isinstance(users, dict) else {}
        if level is None:
            levels.pop(user_id, None)
        else:
            levels[user_id] = level
        return (yield from self.set(room_id, _POWERS, {**(now or {}), "users": levels}))

    def encrypt(self, room_id: str) -> Steps[str]:
        """Have all that is said in a room encrypted from now on; there is no way back."""
        return self.set(room_id, "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})

    def pin(self, room_id: str, event_ids: Sequence[str]) -> Steps[str]:
        """Say which events are pinned."""
        return self.set(room_id, "m.room.pinned_events", {"pinned": list(event_ids)})

    def add_child(self, space_id: str, room_id: str, via: Sequence[str], order: str | None = None) -> Steps[str]:
        """Put a room into a space."""
        content: JsonObject = {"via": list(via)}
        if order is not None:
            content["order"] = order
        return self.set(space_id, "m.space.child", content, room_id)

    def remove_child(self, space_id: str, room_id: str) -> Steps[str]:
        """Take a room out of a space."""
        # Matrix v1.19 CS §m.space.child: without `via` it is no child.
        return self.set(space_id, "m.space.child", {}, room_id)

    def set_parent(self, room_id: str, space_id: str, via: Sequence[str]) -> Steps[str]:
        """Let a room say which space it is in."""
        return self.set(room_id, "m.space.parent", {"via": list(via), "canonical": True}, space_id)
