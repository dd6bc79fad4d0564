"""Events as a homeserver shows them to its clients.

`content` stays a plain dict: its shape is the event type's business, not the endpoint's.

Standards: Matrix v1.19, Client-Server API §Room event format, §Stripped state.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Body

__all__ = ["ClientEvent", "ClientEventWithoutRoomId", "Event", "StrippedStateEvent", "UnsignedData"]


class UnsignedData(Body, frozen=True, kw_only=True):
    """What a homeserver adds to an event and nobody signs."""

    age: int | None = None
    redacted_because: dict[str, object] | None = None
    transaction_id: str | None = None
    prev_content: dict[str, object] | None = None
    replaces_state: str | None = None
    membership: str | None = None


class ClientEventWithoutRoomId(Body, frozen=True, kw_only=True):
    """An event that stands where its room is already named, as in a sync."""

    is_foreign: ClassVar[bool] = True

    event_id: str
    type: str
    sender: str
    origin_server_ts: int
    content: dict[str, object]
    state_key: str | None = None
    unsigned: UnsignedData | None = None


class ClientEvent(ClientEventWithoutRoomId, frozen=True, kw_only=True):
    """An event that stands alone and names its room."""

    room_id: str


class StrippedStateEvent(Body, frozen=True, kw_only=True):
    """A state event reduced to what one who is not in the room may see."""

    is_foreign: ClassVar[bool] = True

    type: str
    state_key: str
    sender: str
    content: dict[str, object]


class Event(Body, frozen=True, kw_only=True):
    """The least an event has: account data, ephemeral events, presence."""

    is_foreign: ClassVar[bool] = True

    type: str
    content: dict[str, object]
    sender: str | None = None  # of presence
