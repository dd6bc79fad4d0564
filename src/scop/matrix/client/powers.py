"""Who may do what in a room, as far as a client can tell before it asks: the server decides.

Standards: Matrix v1.19 CS §m.room.power_levels, rooms/v12 (creators are above all).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scop.matrix.client.event import Event, text_of
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import ROOM_V1, ROOM_V12, ROOM_VERSIONS, RoomVersion

__all__ = ["Powers", "read_powers", "rules_of"]

_ABOVE_ALL = 2**53  # a creator's level from version 12 on: no level that can be written reaches it
# Matrix v1.19 CS §m.room.power_levels: what holds where nothing is said.
_USUAL = {"ban": 50, "kick": 50, "redact": 50, "invite": 0, "state_default": 50, "events_default": 0}


@dataclass(frozen=True, slots=True)
class Powers:
    """The power levels of a room at one time."""

    levels: Mapping[str, object] = field(default_factory=dict)
    creators: frozenset[str] = frozenset()
    rules: RoomVersion = ROOM_V1
    is_stated: bool = False  # whether there is an m.room.power_levels

    def of(self, user_id: str) -> int:
        """Return the level of a user."""
        if user_id in self.creators:
            if self.rules.are_creators_above_all:
                return _ABOVE_ALL
            if not self.is_stated:
                return 100
        users = self.levels.get("users")
        if isinstance(users, dict) and user_id in users:
            return _level(users[user_id], 0, self.rules)
        return _level(self.levels.get("users_default"), 0, self.rules)

    def needed(self, action: str) -> int:
        """Return the level that `ban`, `kick`, `redact`, `invite`, `state_default` or `events_default` takes."""
        return _level(self.levels.get(action), _USUAL[action], self.rules)

    def needed_for_event(self, event_type: str) -> int:
        """Return the level that sending a message event of a type takes."""
        return self._stated(event_type, self.needed("events_default"))

    def needed_for_state(self, event_type: str) -> int:
        """Return the level that changing a type of state takes."""
        return self._stated(event_type, self.needed("state_default"))

    def may_send(self, user_id: str, event_type: str = "m.room.message") -> bool:
        """Tell whether a member may send such an event."""
        return self.of(user_id) >= self.needed_for_event(event_type)

    def may_set(self, user_id: str, event_type: str, state_key: str = "") -> bool:
        """Tell whether a member may change such a piece of state."""
        # Matrix v1.19 rooms/v1 rule 8: a state key that is a user is that user's.
        if state_key.startswith("@") and state_key != user_id:
            return False
        return self.of(user_id) >= self.needed_for_state(event_type)

    def may_invite(self, user_id: str) -> bool:
        """Tell whether a member may invite others."""
        return self.of(user_id) >= self.needed("invite")

    def may_kick(self, user_id: str, target: str) -> bool:
        """Tell whether a member may make another leave."""
        return self.of(user_id) >= self.needed("kick") and self.of(user_id) > self.of(target)

    def may_ban(self, user_id: str, target: str) -> bool:
        """Tell whether a member may keep another out."""
        return self.of(user_id) >= self.needed("ban") and self.of(user_id) > self.of(target)

    def may_redact(self, user_id: str, sender: str) -> bool:
        """Tell whether a member may take away what someone sent."""
        if not self.may_send(user_id, "m.room.redaction"):
            return False
        return user_id == sender or self.of(user_id) >= self.needed("redact")

    def may_notify_room(self, user_id: str) -> bool:
        """Tell whether a member's mention of the whole room counts."""
        notifications = self.levels.get("notifications")
        stated = notifications.get("room") if isinstance(notifications, dict) else None
        return self.of(user_id) >= _level(stated, 50, self.rules)

    def _stated(self, event_type: str, otherwise: int) -> int:
        events = self.levels.get("events")
        return _level(events.get(event_type), otherwise, self.rules) if isinstance(events, dict) else otherwise


def rules_of(create: Event | None) -> RoomVersion:
    """Return the rules of a room by its m.room.create; the newest that we know where it has newer ones."""
    said = None if create is None else text_of(create.content, "room_version")
    return ROOM_VERSIONS.get(said or "1", ROOM_V12)  # §m.room.create: "1" where nothing is said


def read_powers(levels: Event | None, create: Event | None) -> Powers:
    """Return the powers in a room, by its m.room.power_levels and m.room.create where they are known."""
    content: JsonObject = {} if levels is None else levels.content
    if create is None:
        return Powers(content, is_stated=levels is not None)
    rules = rules_of(create)
    creators = {create.sender}
    if rules.has_creator_in_content and (creator := text_of(create.content, "creator")):
        creators = {creator}
    more = create.content.get("additional_creators")
    if rules.are_creators_above_all and isinstance(more, list):
        creators.update(one for one in more if isinstance(one, str))
    return Powers(content, frozenset(creators), rules, levels is not None)


def _level(stated: object, otherwise: int, rules: RoomVersion) -> int:
    """Return a level as it is written; until version 9 also as a string of digits, or a float."""
    if isinstance(stated, bool):
        return otherwise
    if isinstance(stated, int):
        return stated
    if rules.takes_levels_as_strings:
        if isinstance(stated, float):
            return int(stated)
        if isinstance(stated, str):
            try:
                return int(stated.strip())
            except ValueError:
                return otherwise
    return otherwise
