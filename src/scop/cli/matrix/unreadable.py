"""Why a message cannot be read, as a person is told."""

from __future__ import annotations

from scop.base import printable
from scop.matrix.client.happenings import Undecryptable

__all__ = ["why_unreadable"]

_WHY = {
    "unknown-session": "its key is not here; `recover`, or `verify` with another device of ours, may bring it",
    "unknown-index": "its key was given to us from a later message on",
    "replayed": "it repeats another message",
    "wrong-room": "its key is of another room",
    "wrong-sender": "its key is of somebody else",
    "unknown-algorithm": "it is encrypted in a way that is not known here",
    "malformed": "it is malformed",
}
# Matrix v1.19 CS §m.room_key.withheld: codes.
_WITHHELD = {
    "m.blacklisted": "its sender gives this device no keys",
    "m.unverified": "its sender gives keys to verified devices alone",
    "m.unauthorised": "its sender says that it is not for us",
    "m.unavailable": "its sender has the key no longer",
    "m.no_olm": "its sender could not reach this device in secret",
}


def why_unreadable(seen: Undecryptable) -> str:
    """Return why a message cannot be read."""
    if seen.withheld_code is not None:
        return _WITHHELD.get(seen.withheld_code, f"its sender withholds the key ({printable(seen.withheld_code)})")
    return _WHY.get(seen.reason, printable(seen.reason))
