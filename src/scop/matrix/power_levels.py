"""Power levels: who may do what in a room, as its m.room.power_levels and m.room.create say it.

Levels are read where they are asked for; what cannot be read as a level counts as absent. Before room version 10 a
level may be written as a string ("50"), before version 6 also as a float (50.7, cut to 50). From version 12 the
creators of a room are above all levels that can be written.

Standards: Matrix v1.19, CS §m.room.power_levels, SS §Definitions, Room Versions 1, 10 and 12.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scop.matrix.json_values import JsonView, object_in
from scop.matrix.room_versions import RoomVersion

if TYPE_CHECKING:
    from scop.matrix.events import Pdu

__all__ = ["ABOVE_ALL", "NAMED_LEVELS", "PowerLevels", "creators_of", "read_level"]

# Canonical JSON has no integer as high as this: levels end at 2^53-1.
ABOVE_ALL: Final = 2**53

# SS §Definitions and CS §m.room.power_levels: what holds where nothing is written.
NAMED_LEVELS: Final[Mapping[str, int]] = {
    "users_default": 0,
    "events_default": 0,
    "state_default": 50,
    "ban": 50,
    "redact": 50,
    "kick": 50,
    "invite": 0,
}
_CREATOR_LEVEL_UNWRITTEN: Final = 100  # of the creator while a room has no m.room.power_levels, until version 11

# Rooms v1 §m.room.power_levels events accept values as strings: sign, zeroes and white space around are allowed.
_WRITTEN_LEVEL = re.compile(r"\s*[+-]?[0-9]+\s*", re.ASCII)
MAX_WRITTEN_LEVEL_CHARACTERS = 4000  # our own; more digits than that are not turned into an integer


def read_level(value: object, rules: RoomVersion) -> int | None:
    """Return a level, or None for what is none in this room version."""
    if type(value) is int:
        return value
    if not rules.takes_levels_as_strings:
        return None
    if isinstance(value, str):
        is_level = len(value) <= MAX_WRITTEN_LEVEL_CHARACTERS and _WRITTEN_LEVEL.fullmatch(value)
        return int(value) if is_level else None
    # Rooms v1 §… accept values as floats: "the value is truncated at the decimal point". From v6 there are no floats.
    if isinstance(value, float) and not rules.is_canonical_json_strict and math.isfinite(value):
        return int(value)
    return None


def creators_of(create: Pdu) -> frozenset[str]:
    """Return the creators of a room by its m.room.create."""
    if create.rules.has_creator_in_content:
        creator = create.content.get("creator")
        return frozenset([creator] if isinstance(creator, str) else [])
    if not create.rules.are_creators_above_all:
        return frozenset([create.sender])
    # Rooms v12: "the sender of the m.room.create event plus any additional_creators".
    additional = create.content.get("additional_creators")
    named = additional if isinstance(additional, list) else []
    return frozenset([create.sender, *(name for name in named if isinstance(name, str))])


@dataclass(frozen=True, slots=True)
class PowerLevels:
    """The levels of a room at one point; `content` is that of m.room.power_levels, None where the room has none."""

    rules: RoomVersion
    content: JsonView | None
    create: Pdu | None

    def of_user(self, user_id: str) -> int:
        """Return the level of a user; that of a creator is ABOVE_ALL from version 12."""
        if self.rules.are_creators_above_all and self.is_creator(user_id):
            return ABOVE_ALL
        if self.content is None:
            return _CREATOR_LEVEL_UNWRITTEN if self.is_creator(user_id) else 0
        users = self.content.get("users")
        if isinstance(users, dict):
            level = read_level(users.get(user_id), self.rules)
            if level is not None:
                return level
        return self.named("users_default")

    def is_creator(self, user_id: str) -> bool:
        """Return whether a user is one of the room's creators."""
        create = self.create
        if create is None:
            return False
        if self.rules.has_creator_in_content:
            return create.content.get("creator") == user_id
        if create.sender == user_id:
            return True
        # Looked for in the list itself: a set of thousands, made for each event, would take longer than all rules.
        additional = create.content.get("additional_creators")
        return self.rules.are_creators_above_all and isinstance(additional, list) and user_id in additional

    def named(self, name: str) -> int:
        """Return one of the levels of NAMED_LEVELS, as "ban"."""
        level = read_level(self.content.get(name), self.rules) if self.content is not None else None
        return NAMED_LEVELS[name] if level is None else level

    def to_send(self, event_type: str, state_key: str | None) -> int:
        """Return the required power level of an event; `state_key` is None for what is not state."""
        if self.content is not None:
            level = read_level(object_in(self.content, "events").get(event_type), self.rules)
            if level is not None:
                return level
        return self.named("events_default" if state_key is None else "state_default")

    def to_notify(self, name: str) -> int:
        """Return the level that a notification of this name requires, as "room" for @room (50 unless written)."""
        content = self.content if self.content is not None else {}
        level = read_level(object_in(content, "notifications").get(name), self.rules)
        return 50 if level is None else level
