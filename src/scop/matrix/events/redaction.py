"""Redaction: what is left of an event when its meaning for the room must stay and its words must go.

The same algorithm says what signatures and event ids cover, so each room version's table (`RoomVersion.kept_keys`,
`kept_content`) is part of its identity.

Standards: Matrix v1.19, Room Versions 1 to 12 §Redactions.
"""

from __future__ import annotations

from scop.matrix.json_values import JsonObject, JsonView
from scop.matrix.room_versions import RoomVersion

__all__ = ["redact"]


def redact(event: JsonView, rules: RoomVersion) -> JsonObject:
    """Return what the rooms of a version keep of an event; the one given is not changed."""
    # Matrix v1.19 rooms/v1 §Redactions: "strip off any keys not in the following list".
    kept = {key: event[key] for key in event if key in rules.kept_keys}
    if "content" in kept:
        kept["content"] = _kept_content(event, rules)
    return kept


def _kept_content(event: JsonView, rules: RoomVersion) -> JsonObject:
    # Ibid.: "The content object must also be stripped of all keys, unless …".
    content, kind = event["content"], event.get("type")
    allowed = rules.kept_content.get(kind) if isinstance(kind, str) else None
    if not isinstance(content, dict) or not allowed:
        return {}
    if isinstance(allowed, bool):
        return content  # rooms/v11: m.room.create "allows all keys"
    kept: JsonObject = {}
    for key in allowed:
        outer, dot, inner = key.partition(".")
        value = content.get(outer)
        if not dot:
            if outer in content:
                kept[outer] = value
        elif isinstance(value, dict):
            # rooms/v11: "it allows the `signed` key of the `third_party_invite` key"; without it an empty object stays.
            kept[outer] = {inner: value[inner]} if inner in value else {}
    return kept
