"""Events as a busy room has them, for what is measured on events."""

from __future__ import annotations

from scop.matrix.events import sign_pdu
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import RoomVersion, room_version
from scop.matrix.signing import SigningKey

__all__ = ["KEY", "ROOM_RULES", "SEED", "SERVER", "room_events"]

SERVER = "sea.test"
SEED = bytes(range(32))
KEY = SigningKey(SEED, "1")
ROOM_RULES: RoomVersion = room_version("11")
_CONTENTS: tuple[tuple[str, JsonObject], ...] = (
    ("m.room.message", {"body": "The tide turns at nine, be at the pier before.", "msgtype": "m.text"}),
    ("m.room.message", {"body": "Schön! ⛵ wir kommen", "msgtype": "m.text", "format": "org.matrix.custom.html"}),
    (
        "m.room.member",
        {"membership": "join", "displayname": "Ann of the sea", "avatar_url": "mxc://sea.test/aBcDeFgHiJ"},
    ),
    ("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$" + "a" * 43, "key": "👍"}}),
)


def room_events(count: int) -> list[JsonObject]:
    """Return so many events, hashed and signed, none like another."""
    return [_event(number) for number in range(count)]


def _event(number: int) -> JsonObject:
    kind, content = _CONTENTS[number % len(_CONTENTS)]
    event: JsonObject = {
        "type": kind,
        "room_id": "!harbor:sea.test",
        "sender": f"@user{number % 97}:{SERVER}",
        "origin_server_ts": 1_700_000_000_000 + number,
        "content": {**content, "number": number},
        "depth": 10 + number,
        "auth_events": [f"${letter * 42}{number % 10}" for letter in "abc"],
        "prev_events": [f"${'p' * 37}{number:06}"],
        "unsigned": {"age_ts": number},
    }
    if kind == "m.room.member":
        event["state_key"] = event["sender"]
    return sign_pdu(event, ROOM_RULES, SERVER, KEY)
