"""The rules of m.room.power_levels: nobody gives what they do not have, or takes from who is not below them.

Numbers in comments are those of room version 12; `clauses` counts those of the others.

Standards: Matrix v1.19, Rooms v12 §Authorisation rules 10, Rooms v1 to v11.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

from scop.base import RemoteProtocolError
from scop.matrix.auth_rules.authorisation import Authorisation, allow, refuse
from scop.matrix.auth_rules.clauses import Clause
from scop.matrix.auth_rules.selection import POWER_LEVELS
from scop.matrix.auth_rules.standing import Standing
from scop.matrix.events import Pdu
from scop.matrix.ids import MAX_ID_OCTETS, UserId
from scop.matrix.json_values import JsonView, object_in
from scop.matrix.power_levels import NAMED_LEVELS, creators_of, read_level
from scop.matrix.room_versions import RoomVersion

__all__ = ["is_user_id", "judge_power_levels"]

_Altered = tuple[str, int | None, float | None]  # what, its level before, its level now


def is_user_id(text: str) -> bool:
    """Return whether a text is a user id, one of older servers too (Appendices §Historical User IDs)."""
    # What is longer is none, and would be remembered for nothing.
    return len(text) <= MAX_ID_OCTETS and _is_parsed(text)


@lru_cache(maxsize=16_384)
def _is_parsed(text: str) -> bool:
    try:
        UserId.parse(text, historical=True)
    except RemoteProtocolError:
        return False
    return True


def judge_power_levels(event: Pdu, room: Standing) -> Authorisation:
    """Judge an m.room.power_levels whose sender may send it."""
    rules = event.rules
    fault = _judge_shape(event, room)
    if fault is not None:
        return refuse(rules, fault)
    before = room.state.get(POWER_LEVELS)
    # 10.5: "If there is no previous m.room.power_levels event in the room, allow."
    if before is None:
        return allow(rules, Clause.LEVELS_FIRST)
    level = room.level(event.sender)
    fault = (
        _judge_named(before, event, level) or _judge_entries(before, event, level) or _judge_users(before, event, level)
    )
    # 10.11: "Otherwise, allow."
    return allow(rules, Clause.LEVELS_OTHERWISE) if fault is None else refuse(rules, fault)


def _judge_shape(event: Pdu, room: Standing) -> Clause | None:
    rules, content = event.rules, event.content
    if not rules.takes_levels_as_strings:
        # 10.1: "If any of the properties … in content are present and not an integer, reject."
        if any(type(content[name]) is not int for name in NAMED_LEVELS if name in content):
            return Clause.LEVELS_NAMED
        # 10.2: "events or notifications in content are present and not an object with values that are integers,
        # reject".
        if not all(_is_of_levels(content.get(name, {}), rules) for name in ("events", "notifications")):
            return Clause.LEVELS_ENTRIES
    # 10.3: "not an object with keys that are valid user IDs with values that are integers, reject". Until v9 also
    # strings, until v5 also floats.
    users = content.get("users", {})
    if not isinstance(users, dict) or not _is_of_levels(users, rules) or not all(map(is_user_id, users)):
        return Clause.LEVELS_USERS
    # 10.4: "contains the sender of the m.room.create event or any of the additional_creators array …, reject".
    if rules.are_creators_above_all and not creators_of(room.create).isdisjoint(users):
        return Clause.LEVELS_CREATORS
    return None


def _is_of_levels(value: object, rules: RoomVersion) -> bool:
    if not isinstance(value, dict):
        return False
    return all(type(level) is int or read_level(level, rules) is not None for level in value.values())


def _judge_named(before: Pdu, event: Pdu, level: int) -> Clause | None:
    # 10.6: "check if they were added, changed or removed. For each found alteration"
    for name in NAMED_LEVELS:
        for _, old, new in _altered_one(name, before.content, event.content, event.rules):
            # 10.6.1: "If the current value is higher than the sender's current power level, reject."
            if old is not None and old > level:
                return Clause.NAMED_ABOVE
            # 10.6.2: "If the new value is higher than the sender's current power level, reject."
            if new is not None and new > level:
                return Clause.NAMED_TO_ABOVE
    return None


def _judge_entries(before: Pdu, event: Pdu, level: int) -> Clause | None:
    # Until v5 `notifications` is not looked at.
    names = ("events", "notifications") if event.rules.checks_notification_levels else ("events",)
    # Stricter than Rooms v1 to v9, which do not say what is worth an object that is none: nobody may set it.
    if any(_sets_no_object(name, before, event) for name in names):
        return Clause.ENTRY_GAINED_ABOVE
    altered = [change for name in names for change in _altered(name, before, event)]
    # 10.7.1: "If the current value is greater than the sender's current power level, reject."
    if any(old is not None and old > level for _, old, _ in altered):
        return Clause.ENTRY_LOST_ABOVE
    # 10.8.1: "If the new value is greater than the sender's current power level, reject."
    if any(new is not None and new > level for _, _, new in altered):
        return Clause.ENTRY_GAINED_ABOVE
    return None


def _judge_users(before: Pdu, event: Pdu, level: int) -> Clause | None:
    altered = list(_altered("users", before, event))
    # 10.9.1: "other than the sender's own entry: If the current value is greater than or equal to the sender's current
    # power level, reject."
    if any(old is not None and old >= level and user_id != event.sender for user_id, old, _ in altered):
        return Clause.USER_LOST_ABOVE
    # 10.10.1: "If the new value is greater than the sender's current power level, reject."
    if any(new is not None and new > level for _, _, new in altered):
        return Clause.USER_GAINED_ABOVE
    return None


def _sets_no_object(name: str, before: Pdu, event: Pdu) -> bool:
    if name not in event.content or isinstance(event.content[name], dict):
        return False
    return name not in before.content or before.content[name] != event.content[name]


def _altered(name: str, before: Pdu, event: Pdu) -> Iterator[_Altered]:
    """Yield the entries of an object in `content` that are added, changed or removed, by what they are worth."""
    old, new = object_in(before.content, name), object_in(event.content, name)
    # Python holds `true` for equal to 1; where all levels are integers, no other is among them.
    if not event.rules.takes_levels_as_strings and old == new:
        return
    for key in {**old, **new}:
        yield from _altered_one(key, old, new, event.rules)


def _altered_one(key: str, old: JsonView, new: JsonView, rules: RoomVersion) -> Iterator[_Altered]:
    before = read_level(old.get(key), rules)
    now: float | None = read_level(new.get(key), rules)
    # Stricter than Rooms v1 to v9, which do not say what a level is worth that is none: nobody may set it.
    if now is None and key in new and (before is not None or key not in old or old[key] != new[key]):
        now = math.inf
    if before != now:
        yield key, before, now
