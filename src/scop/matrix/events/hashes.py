"""The two hashes of an event: of all it says (content hash) and of what rooms depend on (reference hash).

From room version 3 on the reference hash is the event's id, so an event cannot name itself, nor be changed unseen.

Standards: Matrix v1.19, Server-Server API §Signing Events; Room Versions 3 and 4 §Event IDs, 12 §Event format.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest

from scop.base import RemoteProtocolError
from scop.matrix import canonical_json, unpadded_base64
from scop.matrix.events.redaction import redact
from scop.matrix.json_values import JsonView
from scop.matrix.room_versions import EventIdFormat, RoomVersion

__all__ = ["content_hash", "event_id_of", "has_right_hash", "reference_hash"]

_NOT_IN_CONTENT_HASH = frozenset(["unsigned", "signatures", "hashes"])
_NOT_IN_REFERENCE_HASH = frozenset(["unsigned", "signatures"])


def content_hash(event: JsonView, rules: RoomVersion) -> bytes:
    """Return the SHA-256 of everything an event says, but its hashes, signatures and `unsigned`."""
    # Matrix v1.19 SS §Calculating the content hash for an event.
    return _hash(event, _NOT_IN_CONTENT_HASH, rules)


def reference_hash(event: JsonView, rules: RoomVersion) -> bytes:
    """Return the SHA-256 of what redaction leaves of an event, but its signatures."""
    # Matrix v1.19 SS §Calculating the reference hash for an event, steps 1 to 4.
    return _hash(redact(event, rules), _NOT_IN_REFERENCE_HASH, rules)


def _hash(event: JsonView, without: frozenset[str], rules: RoomVersion) -> bytes:
    hashed = {key: event[key] for key in event if key not in without}
    return sha256(canonical_json.encode(hashed, strict=rules.is_canonical_json_strict)).digest()


def event_id_of(event: JsonView, rules: RoomVersion) -> str:
    """Return the id of an event, read or computed as its room's version has it; raises `RemoteProtocolError`."""
    if rules.event_id_format is EventIdFormat.SERVER:
        written = event.get("event_id")
        if not isinstance(written, str):
            raise RemoteProtocolError("an event of this room version bears its event_id")
        return written
    hashed = reference_hash(event, rules)
    if rules.event_id_format is EventIdFormat.HASH:
        return "$" + unpadded_base64.encode(hashed)
    return "$" + unpadded_base64.encode_url_safe(hashed)


def has_right_hash(event: JsonView, rules: RoomVersion) -> bool:
    """Return whether an event says what it said when its server hashed it."""
    hashes = event.get("hashes")
    written = hashes.get("sha256") if isinstance(hashes, dict) else None
    if not isinstance(written, str):
        return False
    try:
        return compare_digest(unpadded_base64.decode(written), content_hash(event, rules))
    except RemoteProtocolError:
        return False
