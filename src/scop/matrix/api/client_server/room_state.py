"""Set the state of a room.

Standards: Matrix v1.19, Client-Server API §Sending events to a room.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import InPath, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["SetRoomStateWithKey", "SetRoomStateWithKeyResponse"]


class SetRoomStateWithKeyResponse(Response, frozen=True, kw_only=True):
    """What answers `SetRoomStateWithKey`."""

    event_id: str


class SetRoomStateWithKey(Request[SetRoomStateWithKeyResponse], frozen=True, kw_only=True):
    """Set one piece of the state of a room."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}")

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_type: InPath[str] = msgspec.field(name="eventType")
    state_key: InPath[str] = msgspec.field(name="stateKey")
    content: WholeBody[dict[str, object]]
