"""What other devices said of keys that they do not give, so that a reader sees why.

Nobody signs this: it explains what cannot be read anyway, and is believed for events of who said it only.

Standards: Matrix v1.19 CS §Reporting that decryption keys are withheld, m.room_key.withheld.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from scop.matrix.encryption.ledger import Ledger
from scop.matrix.encryption.shapes import text_at
from scop.matrix.encryption.values import MEGOLM, Withheld
from scop.matrix.json_values import JsonObject, JsonView
from scop.matrix.steps import Shelf

__all__ = [
    "BLACKLISTED",
    "HISTORY_NOT_SHARED",
    "NO_OLM",
    "UNAVAILABLE",
    "UNVERIFIED",
    "WithheldNotes",
    "withheld_content",
]

BLACKLISTED = "m.blacklisted"
UNVERIFIED = "m.unverified"
UNAVAILABLE = "m.unavailable"
NO_OLM = "m.no_olm"
HISTORY_NOT_SHARED = "m.history_not_shared"
_PREFIX = "withheld:"
_MAX_NOTES = 1000
_MAX_WORDS = 300
_REASONS = {
    BLACKLISTED: "The sender has blocked you.",
    UNVERIFIED: "The sender has disabled encrypting to unverified devices.",
    UNAVAILABLE: "The requested key was not found.",
    HISTORY_NOT_SHARED: "The sender does not share this part of the history.",
    NO_OLM: "Unable to establish a secure channel.",
}


class _Note(msgspec.Struct):
    sender: str
    code: str
    reason: str


def withheld_content(sender_key: str, code: str, room_id: str, session_id: str) -> JsonObject:
    """Return the content of m.room_key.withheld; m.no_olm names no session, since it is of all."""
    content: JsonObject = {"algorithm": MEGOLM, "sender_key": sender_key, "code": code, "reason": _REASONS[code]}
    if code != NO_OLM:
        content |= {"room_id": room_id, "session_id": session_id}
    return content


class WithheldNotes:
    """The newest notes, by room and session; those of m.no_olm by sender."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._notes: dict[str, _Note] = {}

    def load(self, entries: Mapping[str, bytes]) -> None:
        """Take in what was kept."""
        for key, octets in entries.items():
            if key.startswith(_PREFIX):
                self._notes[key.removeprefix(_PREFIX)] = msgspec.msgpack.decode(octets, type=_Note)

    def take(self, sender: str, content: JsonView) -> str | None:
        """Note what a device says, and return the code; None where it is malformed, or only bundles may say it."""
        return None if content.get("code") == HISTORY_NOT_SHARED else self._take(sender, content)

    def take_of_bundle(self, sender: str, content: JsonView) -> None:
        """Note what a key bundle says of sessions of others: they count for all, but in no one's name."""
        if content.get("code") == HISTORY_NOT_SHARED:
            self._take(sender, content)

    def _take(self, sender: str, content: JsonView) -> str | None:
        code, reason = text_at(content, "code"), text_at(content, "reason") or ""
        room_id, session_id = text_at(content, "room_id"), text_at(content, "session_id")
        if code is None or content.get("algorithm") != MEGOLM:
            return None
        if code == NO_OLM:
            key = f"|{sender}"
        elif room_id is None or session_id is None:
            return None
        else:
            key = f"{room_id}|{session_id}"
        while len(self._notes) >= _MAX_NOTES and key not in self._notes:
            self._forget(next(iter(self._notes)))
        note = _Note(sender, code[:_MAX_WORDS], reason[:_MAX_WORDS])
        self._notes[key] = note
        self._ledger.put(Shelf.WAITING, _PREFIX + key, lambda: msgspec.msgpack.encode(note))
        return code

    def get(self, room_id: str, session_id: str, sender: str) -> Withheld | None:
        """Return why a sender gave no key of a session, if they said so."""
        for key in (f"{room_id}|{session_id}", f"|{sender}"):
            note = self._notes.get(key)
            if note is not None and (note.sender == sender or note.code == HISTORY_NOT_SHARED):
                return Withheld(note.code, note.reason)
        return None

    def clear(self, room_id: str, session_id: str) -> None:
        """Forget what was said of a session whose key came."""
        self._forget(f"{room_id}|{session_id}")

    def _forget(self, key: str) -> None:
        if self._notes.pop(key, None) is not None:
            self._ledger.put(Shelf.WAITING, _PREFIX + key, None)
