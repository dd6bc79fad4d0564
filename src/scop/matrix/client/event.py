"""An event of a room as a client sees it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import dropwhile

import msgspec

from scop.matrix.api.client_server.events import ClientEventWithoutRoomId, StrippedStateEvent, UnsignedData
from scop.matrix.api.unknown_keys import with_unknown
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import RoomVersion

__all__ = ["Event", "event_of", "read_event", "stripped_event", "text_of"]


class Event(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):  # JSON has no cycles
    """One event. Of one that was encrypted, `type` and `content` are those within; stripped state has no id."""

    event_id: str
    type: str
    sender: str
    content: JsonObject
    state_key: str | None = None
    origin_server_ts: int = 0
    unsigned: UnsignedData | None = None
    unknown: JsonObject = msgspec.field(default_factory=dict)  # keys of the event that the specification does not name

    @property
    def json(self) -> JsonObject:
        """The event as a server shows it, without its room."""
        event: JsonObject = {
            "event_id": self.event_id,
            "type": self.type,
            "sender": self.sender,
            "content": self.content,
            "origin_server_ts": self.origin_server_ts,
        }
        if self.state_key is not None:
            event["state_key"] = self.state_key
        if self.unsigned is not None:
            event["unsigned"] = with_unknown(self.unsigned)
        return {**self.unknown, **event}

    @property
    def transaction_id(self) -> str | None:
        """By which transaction this very device sent it."""
        return None if self.unsigned is None else self.unsigned.transaction_id

    @property
    def body(self) -> str:
        """What is to be read of a message; empty where there is nothing."""
        body = text_of(self.content, "body") or ""
        return _without_quotation(body) if "m.in_reply_to" in self.relates_to else body

    @property
    def relates_to(self) -> JsonObject:
        """The `m.relates_to` of its content."""
        found = self.content.get("m.relates_to")
        return found if isinstance(found, dict) else {}

    @property
    def replaces(self) -> str | None:
        """The id of the event that this edits."""
        # Matrix v1.19 CS §Validity of replacement events: state is not edited, and there must be new content.
        if self.state_key is not None or not isinstance(self.content.get("m.new_content"), dict):
            return None
        return self._related("m.replace")

    @property
    def replies_to(self) -> str | None:
        """The id of the event that this answers; not where it only stands for the thread."""
        # Matrix v1.19 CS §Fallback for unthreaded clients.
        related = self.relates_to
        if related.get("is_falling_back") is True:
            return None
        answered = related.get("m.in_reply_to")
        return text_of(answered, "event_id") if isinstance(answered, dict) else None

    @property
    def thread_id(self) -> str | None:
        """The id of the first event of the thread that it is in."""
        return self._related("m.thread")

    @property
    def is_redacted(self) -> bool:
        """Whether its content was taken away."""
        return self.unsigned is not None and self.unsigned.redacted_because is not None

    def redacts_in(self, rules: RoomVersion) -> str | None:
        """Return the id of the event that this redacts in a room of a version."""
        if self.type != "m.room.redaction":
            return None
        # Matrix v1.19 rooms/v11 §Redactions: in its content; before, beside it. The other place nobody checked.
        return text_of(self.content if rules.has_redacts_in_content else self.unknown, "redacts")

    def _related(self, rel_type: str) -> str | None:
        related = self.relates_to
        return text_of(related, "event_id") if related.get("rel_type") == rel_type else None


def _without_quotation(body: str) -> str:
    # Matrix v1.19 CS §Rich replies: until v1.12 what is answered stood before the answer.
    lines = body.split("\n")
    said = list(dropwhile(lambda line: line.startswith("> "), lines))
    return body if len(said) == len(lines) else "\n".join(said).removeprefix("\n")


def read_event(event: ClientEventWithoutRoomId) -> Event:
    """Return an event that a server sent."""
    return Event(
        event.event_id,
        event.type,
        event.sender,
        event.content,
        event.state_key,
        event.origin_server_ts,
        event.unsigned,
        event.unknown,
    )


def event_of(json: JsonObject) -> Event | None:
    """Return an event from its JSON; None where it has no shape of one."""
    try:
        return read_event(msgspec.convert(json, ClientEventWithoutRoomId))
    except msgspec.ValidationError:
        return None


def stripped_event(event: StrippedStateEvent) -> Event:
    """Return a piece of stripped state as an event without an id."""
    return Event("", event.type, event.sender, event.content, event.state_key)


def text_of(json: Mapping[str, object], key: str) -> str | None:
    """Return a string of an object; None where it is absent or something else."""
    found = json.get(key)
    return found if isinstance(found, str) else None
