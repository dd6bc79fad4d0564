"""Redaction, version by version: what stays of each key and of each content."""

from __future__ import annotations

import pytest

from scop.matrix.events import redact
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import ROOM_VERSIONS, RoomVersion, room_version

_each_version = pytest.mark.parametrize("rules", list(ROOM_VERSIONS.values()), ids=lambda rules: f"v{rules.id}")
_ALWAYS = {"event_id", "type", "room_id", "sender", "state_key", "content", "hashes", "signatures", "depth"} | {
    "prev_events",
    "auth_events",
    "origin_server_ts",
}
_LEVELS = {"ban", "events", "events_default", "kick", "redact", "state_default", "users", "users_default"}
# What each type keeps of its content, from which version on; until another row of the same type says otherwise.
_KEPT: list[tuple[str, int, set[str]]] = [
    ("m.room.member", 1, {"membership"}),
    ("m.room.member", 9, {"membership", "join_authorised_via_users_server"}),
    ("m.room.member", 11, {"membership", "join_authorised_via_users_server", "third_party_invite"}),
    ("m.room.create", 1, {"creator"}),
    ("m.room.create", 11, {"creator", "room_version", "predecessor", "anything"}),
    ("m.room.join_rules", 1, {"join_rule"}),
    ("m.room.join_rules", 8, {"join_rule", "allow"}),
    ("m.room.power_levels", 1, _LEVELS),
    ("m.room.power_levels", 11, _LEVELS | {"invite"}),
    ("m.room.aliases", 1, {"aliases"}),
    ("m.room.aliases", 6, set()),
    ("m.room.history_visibility", 1, {"history_visibility"}),
    ("m.room.redaction", 1, set()),
    ("m.room.redaction", 11, {"redacts"}),
    ("m.room.message", 1, set()),
    ("m.room.name", 1, set()),
    ("m.room.encryption", 1, set()),
]
_CONTENTS: dict[str, set[str]] = {
    "m.room.member": {"membership", "join_authorised_via_users_server", "third_party_invite", "displayname", "reason"},
    "m.room.create": {"creator", "room_version", "predecessor", "anything"},
    "m.room.join_rules": {"join_rule", "allow", "anything"},
    "m.room.power_levels": _LEVELS | {"invite", "notifications", "anything"},
    "m.room.aliases": {"aliases", "anything"},
    "m.room.history_visibility": {"history_visibility", "anything"},
    "m.room.redaction": {"redacts", "reason"},
    "m.room.message": {"body", "msgtype"},
    "m.room.name": {"name"},
    "m.room.encryption": {"algorithm"},
}


@_each_version
def test_redaction_keeps_the_keys_of_its_version(rules: RoomVersion) -> None:
    """Matrix v1.19 rooms/v1, v11 §Redactions: `prev_state`, `origin` and `membership` stayed until version 10."""
    before = {"prev_state", "origin", "membership"}
    event: JsonObject = dict.fromkeys(_ALWAYS | before | {"unsigned", "redacts", "age", "anything"}, "x")
    event["content"] = {"body": "ahoy"}
    kept = redact(event, rules)
    assert (_ALWAYS if rules.id in ("11", "12") else _ALWAYS | before) == set(kept)
    assert {} == kept["content"]
    assert {"body": "ahoy"} == event["content"]


@_each_version
@pytest.mark.parametrize("kind", _CONTENTS)
def test_redaction_keeps_of_a_content_what_its_version_says(rules: RoomVersion, kind: str) -> None:
    """Room versions 1, 6, 8, 9 and 11 §Redactions, row by row."""
    content: JsonObject = {key: {"signed": key, "more": 1} for key in _CONTENTS[kind]}
    rows = [keys for its_kind, since, keys in _KEPT if its_kind == kind and since <= int(rules.id)]
    kept = redact({"type": kind, "content": content}, rules)["content"]
    assert isinstance(kept, dict)
    assert rows[-1] == set(kept)
    for key in kept:
        whole = {"signed": key, "more": 1}
        assert ({"signed": key} if key == "third_party_invite" else whole) == kept[key]


@pytest.mark.parametrize(
    ("invite", "left"),
    [({}, {}), ({"display_name": "x"}, {}), ({"signed": None}, {"signed": None}), ("text", None), (None, None)],
)
def test_redaction_of_an_invite_by_a_third_party_keeps_its_object(invite: object, left: object) -> None:
    """Matrix v1.19 rooms/v11: an object keeps its `signed`, or nothing; this is what Synapse and event ids have."""
    content = {"membership": "invite", "third_party_invite": invite}
    kept = redact({"type": "m.room.member", "content": content}, room_version("11"))["content"]
    assert {"membership": "invite", **({} if left is None else {"third_party_invite": left})} == kept


@_each_version
@pytest.mark.parametrize("event", [{}, {"type": 1, "content": {"a": 1}}, {"type": "m.room.create", "content": [1]}])
def test_redaction_takes_any_object(rules: RoomVersion, event: JsonObject) -> None:
    """What is no event is redacted too: what has no kind or no object as content keeps none of it."""
    assert redact(event, rules).get("content", {}) == {}


@_each_version
def test_redaction_twice_is_redaction(rules: RoomVersion) -> None:
    """What is left stays."""
    for kind, keys in _CONTENTS.items():
        once = redact({"type": kind, "content": {key: {"signed": 1} for key in keys}, "unsigned": {}}, rules)
        assert once == redact(once, rules)
