"""Events of rooms: their format by room version, hashes, signatures and redaction.

    pdu = parse_pdu(json, room_version("12"))         # its format, size and id; raises RemoteProtocolError
    are_signatures_right(pdu, keys, now_ms)           # else it is dropped
    pdu = check_hashes(pdu)                           # redacted where its hash fails

What else differs by version, `scop.matrix.room_versions` says.
"""

from scop.matrix.events.edu import Edu
from scop.matrix.events.format import MAX_EVENT_OCTETS, parse_pdu
from scop.matrix.events.hashes import content_hash, event_id_of, has_right_hash, reference_hash
from scop.matrix.events.pdu import Pdu
from scop.matrix.events.redaction import redact
from scop.matrix.events.signatures import (
    ServerKey,
    are_signatures_right,
    check_hashes,
    countersign_pdu,
    required_signers,
    sign_pdu,
)

__all__ = [
    "MAX_EVENT_OCTETS",
    "Edu",
    "Pdu",
    "ServerKey",
    "are_signatures_right",
    "check_hashes",
    "content_hash",
    "countersign_pdu",
    "event_id_of",
    "has_right_hash",
    "parse_pdu",
    "redact",
    "reference_hash",
    "required_signers",
    "sign_pdu",
]
