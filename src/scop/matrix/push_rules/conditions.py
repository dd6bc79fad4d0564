"""Conditions of push rules, each made a test once and asked of every event.

What nobody knows, and what is written wrongly, never holds.

Standards: Matrix v1.19, Client-Server API §Push Rules, Conditions.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from scop.matrix.globs import glob_matcher, word_matcher
from scop.matrix.json_values import JsonView
from scop.matrix.push_rules.paths import parse_path, property_at

__all__ = ["Circumstances", "Condition", "in_body", "never", "parse_condition"]

_USUAL_NOTIFICATION_LEVEL = 50  # Matrix v1.19 CS §m.room.power_levels: `notifications`
_BODY = ("content", "body")
_COUNT = re.compile(r"(==|<=|>=|<|>)?([0-9]{1,18})\Z")
_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_PLAIN = (str, bool, int, type(None))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where an event stands, as far as rules may ask: whose rules these are, and what the room is like now."""

    user_id: str
    room_id: str
    display_name: str | None = None  # of the user, in this room
    member_count: int = 0
    sender_level: int = 0
    notification_levels: Mapping[str, int] = field(default_factory=dict)


Condition: TypeAlias = Callable[[JsonView, Circumstances], bool]


def never(_event: JsonView, _where: Circumstances) -> bool:
    """Hold of no event."""
    return False


def parse_condition(written: object) -> Condition:
    """Return the test that a condition is."""
    if not isinstance(written, dict):
        return never
    kind = written.get("kind")
    make = _KINDS.get(kind) if isinstance(kind, str) else None
    # Matrix v1.19 CS: "Unrecognised conditions MUST NOT match any events".
    return never if make is None else make(written)


def in_body(pattern: str) -> Condition:
    """Return the test whether the words of a message match a glob."""
    return _text_at(_BODY, word_matcher(pattern))


def _text_at(path: tuple[str, ...], matches: Callable[[str], bool]) -> Condition:
    def holds(event: JsonView, _where: Circumstances) -> bool:
        value = property_at(event, path)
        return isinstance(value, str) and matches(value)

    return holds


def _event_match(written: JsonView) -> Condition:
    key, pattern = written.get("key"), written.get("pattern")
    if not isinstance(key, str) or not isinstance(pattern, str):
        return never
    path = parse_path(key)
    # Ibid.: "As a special case, if key is content.body" words of it are matched, otherwise "the entire value".
    return in_body(pattern) if path == _BODY else _text_at(path, glob_matcher(pattern))


def _is_same(value: object, wanted: object) -> bool:
    # Ibid.: "only supports non-compound canonical JSON values", and "do not cast types": True is not 1.
    return type(value) is type(wanted) and isinstance(value, _PLAIN) and value == wanted


def _event_property_is(written: JsonView) -> Condition:
    key, wanted = written.get("key"), written.get("value")
    if not isinstance(key, str) or "value" not in written:
        return never
    path = parse_path(key)
    return lambda event, _where: _is_same(property_at(event, path), wanted)


def _event_property_contains(written: JsonView) -> Condition:
    key, wanted = written.get("key"), written.get("value")
    if not isinstance(key, str) or "value" not in written:
        return never
    path = parse_path(key)

    def holds(event: JsonView, _where: Circumstances) -> bool:
        values = property_at(event, path)
        return isinstance(values, list) and any(_is_same(one, wanted) for one in values)

    return holds


def _contains_display_name(_written: JsonView) -> Condition:
    def holds(event: JsonView, where: Circumstances) -> bool:
        body = property_at(event, _BODY)
        name = where.display_name
        return isinstance(body, str) and bool(name) and _holds_words(body, name or "")

    return holds


def _holds_words(body: str, name: str) -> bool:
    """Return whether a text has a name in it between word boundaries; the name is no glob."""
    words = re.escape(name.lower())
    return re.search(rf"(?:\A|\b|\W){words}(?:\b|\W|\Z)", body.lower(), re.ASCII) is not None


def _room_member_count(written: JsonView) -> Condition:
    said = written.get("is")
    found = _COUNT.match(said) if isinstance(said, str) else None
    if found is None:
        return never
    compare, number = _COMPARISONS[found[1] or "=="], int(found[2])
    return lambda _event, where: compare(where.member_count, number)


def _sender_notification_permission(written: JsonView) -> Condition:
    key = written.get("key")
    if not isinstance(key, str):
        return never
    return lambda _event, where: where.sender_level >= where.notification_levels.get(key, _USUAL_NOTIFICATION_LEVEL)


_KINDS: dict[str, Callable[[JsonView], Condition]] = {
    "event_match": _event_match,
    "event_property_is": _event_property_is,
    "event_property_contains": _event_property_contains,
    "contains_display_name": _contains_display_name,
    "room_member_count": _room_member_count,
    "sender_notification_permission": _sender_notification_permission,
}
