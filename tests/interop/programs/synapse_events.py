"""Redacts, hashes, signs and names events by Synapse's own modules: tasks in JSON on stdin, answers on stdout.

Run by the interpreter that has matrix-synapse. A task is a room version and an event; the key is one and the same.
"""

import json
import sys

import signedjson.key
from synapse.api.room_versions import KNOWN_ROOM_VERSIONS
from synapse.crypto.event_signing import add_hashes_and_signatures, check_event_content_hash
from synapse.events import make_event_from_dict
from synapse.synapse_rust.events import redact_event_dict

given = json.load(sys.stdin)
key = signedjson.key.decode_signing_key_base64("ed25519", "1", given["seed"])


def perform(task):
    """Do one task."""
    rules = KNOWN_ROOM_VERSIONS[task["version"]]
    event = task["event"]
    redacted = redact_event_dict(rules, event)
    redacted.pop("unsigned", None)  # Synapse keeps the age of what it redacts
    signed = {name: value for name, value in event.items() if name not in ("hashes", "signatures")}
    add_hashes_and_signatures(rules, signed, given["signer"], key)
    made = make_event_from_dict(event, rules)
    return {
        "redacted": redacted,
        "signed": signed,
        "event_id": made.event_id,
        "has_right_hash": check_event_content_hash(made),
    }


json.dump([perform(task) for task in given["tasks"]], sys.stdout)
