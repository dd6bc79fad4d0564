"""Synapse's own modules beside us: events of every room version redacted, hashed, signed and named by both."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from random import Random

import pytest

from fakes.matrix_events import SEA_KEY, event_of
from fakes.random_json import random_object, random_value
from fakes.synapse import chat_python
from scop.matrix import unpadded_base64
from scop.matrix.events import event_id_of, has_right_hash, redact, sign_pdu
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import ROOM_VERSIONS, RoomVersion

pytestmark = pytest.mark.interop

_PROGRAM = Path(__file__).parent / "programs/synapse_events.py"
_EVENTS = 100  # of each version
_TYPES = ("member", "create", "join_rules", "power_levels", "aliases", "history_visibility", "redaction", "message")
_KEYS = (
    *("membership", "creator", "join_rule", "ban", "events", "events_default", "kick", "redact", "state_default"),
    *("users", "users_default", "aliases", "history_visibility", "allow", "join_authorised_via_users_server"),
    *("third_party_invite", "invite", "redacts", "room_version", "notifications", "body"),
)


def _content(random: Random) -> JsonObject:
    content = {key: random_value(random, 2) for key in _KEYS if random.random() < 0.4}
    if random.random() < 0.3:
        content["third_party_invite"] = {"signed": random_object(random, 2), **random_object(random, 1)}
    return content


def _event(random: Random, rules: RoomVersion) -> JsonObject:
    """Return an event that has what it needs, random contents, and keys that only old versions keep."""
    kind = f"m.room.{random.choice(_TYPES)}"
    # What creates a room of version 12 bears no room_id: Synapse redacts it away, the specification does not.
    is_bare = rules.is_room_id_of_create and kind == "m.room.create"
    more: JsonObject = {"state_key": "x", "prev_state": [], "origin": "sea.test", "membership": "join", "zz": 1}
    chosen = {key: value for key, value in more.items() if random.random() < 0.6}
    if is_bare:
        chosen |= {"room_id": None, "state_key": "", "auth_events": [], "prev_events": []}
    event = event_of(rules, type=kind, content=_content(random), **chosen)
    if random.random() < 0.2:
        event["depth"] = 99  # after it was hashed
    return event


def test_events_are_what_synapse_makes_of_them() -> None:
    """Redacted, signed and named alike, and a hash that is wrong for one is wrong for the other."""
    random = Random(12)
    rounds = [(rules, _event(random, rules)) for rules in ROOM_VERSIONS.values() for _ in range(_EVENTS)]
    tasks = [{"version": rules.id, "event": event} for rules, event in rounds]
    given = {"seed": unpadded_base64.encode(SEA_KEY.seed), "signer": "sea.test", "tasks": tasks}
    command = [str(chat_python()), str(_PROGRAM)]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    for (rules, event), theirs in zip(rounds, json.loads(done.stdout), strict=True):
        bare = {name: value for name, value in event.items() if name not in ("hashes", "signatures")}
        ours = {
            "redacted": redact(event, rules),
            "signed": sign_pdu(bare, rules, "sea.test", SEA_KEY),
            "event_id": event_id_of(event, rules),
            "has_right_hash": has_right_hash(event, rules),
        }
        assert theirs == ours
