"""An event of a room as a client sees it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from scop.matrix.json_values import JsonObject

__all__ = ["Event", "read_event"]

_EMPTY: JsonObject = {}


class Event(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One event; equal to another by its id. `json` is it whole, and is never changed.

    Of an event that was encrypted, `type` and `content` are those within; of one of stripped state the id is empty.
    """

    event_id: str
    type: str
    sender: str
    content: JsonObject
    json: JsonObject
    state_key: str | None = None
    origin_server_ts: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Event) and self.event_id == other.event_id and self.json == other.json

    def __hash__(self) -> int:
        return hash((self.event_id, self.type))

    @property
    def unsigned(self) -> JsonObject:
        """What the server adds."""
        found = self.json.get("unsigned")
        return found if isinstance(found, dict) else _EMPTY

    @property
    def transaction_id(self) -> str | None:
        """By which transaction this very device sent it."""
        found = self.unsigned.get("transaction_id")
        return found if isinstance(found, str) else None

    @property
    def body(self) -> str:
        """What is to be read of a message; empty where there is nothing."""
        return text_of(self.content, "body") or ""

    @property
    def relates_to(self) -> JsonObject:
        """The `m.relates_to` of its content."""
        found = self.content.get("m.relates_to")
        return found if isinstance(found, dict) else _EMPTY

    @property
    def replaces(self) -> str | None:
        """The id of the event that this edits."""
        # Matrix v1.19 CS §Event replacements: an edit is no state, and is of the type of what it edits.
        related = self.relates_to
        if self.state_key is None and related.get("rel_type") == "m.replace":
            return text_of(related, "event_id")
        return None

    @property
    def thread_id(self) -> str | None:
        """The id of the first event of the thread that it is in."""
        related = self.relates_to
        return text_of(related, "event_id") if related.get("rel_type") == "m.thread" else None

    @property
    def redacts(self) -> str | None:
        """The id of the event that this redacts."""
        if self.type != "m.room.redaction":
            return None
        return text_of(self.content, "redacts") or text_of(self.json, "redacts")

    @property
    def is_redacted(self) -> bool:
        """Whether its content was taken away."""
        return "redacted_because" in self.unsigned


def read_event(json: JsonObject) -> Event | None:
    """Return an event as a server sends it, or None for what has no shape of one (others are not harmed by it)."""
    kind, sender, content = json.get("type"), json.get("sender"), json.get("content")
    event_id, state_key, sent = json.get("event_id", ""), json.get("state_key"), json.get("origin_server_ts", 0)
    if not (isinstance(kind, str) and isinstance(sender, str) and isinstance(content, dict)):
        return None
    if not isinstance(event_id, str) or not isinstance(sent, int):
        return None
    return Event(event_id, kind, sender, content, json, state_key if isinstance(state_key, str) else None, sent)


def text_of(json: Mapping[str, object], key: str) -> str | None:
    """Return a string of an object; None where it is absent or something else."""
    found = json.get(key)
    return found if isinstance(found, str) else None
