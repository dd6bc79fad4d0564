"""Events as a server of the sea would send them, for rooms of any version."""

from __future__ import annotations

from scop.matrix.events import sign_pdu
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import EventIdFormat, RoomVersion
from scop.matrix.signing import SigningKey

__all__ = ["SEA_KEY", "SENT_AT", "event_of"]

SEA_KEY = SigningKey(bytes(range(32)), "1")
SENT_AT = 1_700_000_000_000
_HASH = "Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg"


def event_of(rules: RoomVersion, **changes: object) -> JsonObject:
    """Return an event that a version takes, hashed and signed by sea.test; keys set to None are left out."""
    bears_id = rules.event_id_format is EventIdFormat.SERVER
    before: object = ["$before:sea.test", {"sha256": "A" * 43}] if bears_id else "$" + _HASH
    event: JsonObject = {
        "type": "m.room.message",
        "room_id": "!" + _HASH if rules.is_room_id_of_create else "!sea:sea.test",
        "sender": "@ann:sea.test",
        "origin_server_ts": SENT_AT,
        "content": {"body": "ahoy", "msgtype": "m.text"},
        "depth": 3,
        "auth_events": [before],
        "prev_events": [before],
        **({"event_id": "$this:sea.test"} if bears_id else {}),
        **changes,
    }
    return sign_pdu({key: value for key, value in event.items() if value is not None}, rules, "sea.test", SEA_KEY)
