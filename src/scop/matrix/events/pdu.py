"""A PDU: one event of a room as servers exchange, hash and sign it."""

from __future__ import annotations

from dataclasses import dataclass

from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import RoomVersion

__all__ = ["Pdu"]


@dataclass(frozen=True, slots=True, eq=False)
class Pdu:
    """One event; equal to another by its id.

    `json` is the event whole, as it came, and is never changed; `state_key` is None for what is not state.
    `room_id` stands here also where the event does not bear it (m.room.create of version 12).
    `auth_event_ids` and `prev_event_ids` are ids in every version.
    """

    event_id: str
    room_id: str
    type: str
    sender: str
    origin_server_ts: int
    content: JsonObject
    auth_event_ids: tuple[str, ...]
    prev_event_ids: tuple[str, ...]
    json: JsonObject
    rules: RoomVersion
    state_key: str | None = None
    depth: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pdu) and self.event_id == other.event_id

    def __hash__(self) -> int:
        return hash(self.event_id)
