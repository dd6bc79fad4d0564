"""Go out of a room, and forget it.

Standards: Matrix v1.19, Client-Server API §Leaving rooms.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["ForgetRoom", "ForgetRoomResponse", "LeaveRoom", "LeaveRoomResponse"]


class LeaveRoomResponse(Response, frozen=True, kw_only=True):
    """What answers `LeaveRoom`."""


class LeaveRoom(Request[LeaveRoomResponse], frozen=True, kw_only=True):
    """Leave a room, or decline its invitation."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/rooms/{roomId}/leave", is_rate_limited=True)

    room_id: InPath[str] = msgspec.field(name="roomId")
    reason: str | None = None


class ForgetRoomResponse(Response, frozen=True, kw_only=True):
    """What answers `ForgetRoom`."""


class ForgetRoom(Request[ForgetRoomResponse], frozen=True, kw_only=True):
    """Forget a room that was left."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/rooms/{roomId}/forget", is_rate_limited=True)

    room_id: InPath[str] = msgspec.field(name="roomId")
