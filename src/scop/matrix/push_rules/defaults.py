"""The rules that every user has before making others, as data.

Standards: Matrix v1.19, Client-Server API §Push Rules, Predefined Rules.
"""

from __future__ import annotations

from scop.matrix.json_values import JsonObject

__all__ = ["default_push_rules"]

_HIGHLIGHT: JsonObject = {"set_tweak": "highlight"}
_SOUND: JsonObject = {"set_tweak": "sound", "value": "default"}
_RING: JsonObject = {"set_tweak": "sound", "value": "ring"}
_A_PAIR: JsonObject = {"kind": "room_member_count", "is": "2"}


def _matches(key: str, pattern: str) -> JsonObject:
    return {"kind": "event_match", "key": key, "pattern": pattern}


def _rule(name: str, conditions: tuple[JsonObject, ...], *actions: object) -> JsonObject:
    return {
        "rule_id": f".m.rule.{name}",
        "default": True,
        "enabled": name != "master",  # which turns all off
        "conditions": [dict(one) for one in conditions],
        "actions": [dict(one) if isinstance(one, dict) else one for one in actions],
    }


def default_push_rules(user_id: str) -> JsonObject:
    """Return the content of `m.push_rules` for a user who changed nothing."""
    message, encrypted = _matches("type", "m.room.message"), _matches("type", "m.room.encrypted")
    a_state, member = _matches("state_key", ""), _matches("type", "m.room.member")
    invite = (member, _matches("content.membership", "invite"), _matches("state_key", user_id))
    of_user: JsonObject = {"kind": "event_property_contains", "key": r"content.m\.mentions.user_ids", "value": user_id}
    of_room: JsonObject = {"kind": "event_property_is", "key": r"content.m\.mentions.room", "value": True}
    may_tell_all: JsonObject = {"kind": "sender_notification_permission", "key": "room"}
    edit: JsonObject = {"kind": "event_property_is", "key": r"content.m\.relates_to.rel_type", "value": "m.replace"}
    override = [
        _rule("master", ()),
        _rule("suppress_notices", (_matches("content.msgtype", "m.notice"),)),
        _rule("invite_for_me", invite, "notify", _SOUND),
        _rule("member_event", (member,)),
        _rule("is_user_mention", (of_user,), "notify", _SOUND, _HIGHLIGHT),
        _rule("is_room_mention", (of_room, may_tell_all), "notify", _HIGHLIGHT),
        _rule("tombstone", (_matches("type", "m.room.tombstone"), a_state), "notify", _HIGHLIGHT),
        _rule("reaction", (_matches("type", "m.reaction"),)),
        _rule("room.server_acl", (_matches("type", "m.room.server_acl"), a_state)),
        _rule("suppress_edits", (edit,)),
    ]
    underride = [
        _rule("call", (_matches("type", "m.call.invite"),), "notify", _RING),
        _rule("encrypted_room_one_to_one", (_A_PAIR, encrypted), "notify", _SOUND),
        _rule("room_one_to_one", (_A_PAIR, message), "notify", _SOUND),
        _rule("message", (message,), "notify"),
        _rule("encrypted", (encrypted,), "notify"),
    ]
    kinds: JsonObject = {"override": override, "content": [], "room": [], "sender": [], "underride": underride}
    return {"global": kinds}
