"""Ask to be let into a room.

Standards: Matrix v1.19, Client-Server API §Knocking on rooms.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.client_server.definitions import RoomToEnter
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["KnockRoom", "KnockRoomResponse"]


class KnockRoomResponse(Response, frozen=True, kw_only=True):
    """What answers `KnockRoom`."""

    room_id: str


class KnockRoom(RoomToEnter, Request[KnockRoomResponse], frozen=True, kw_only=True):
    """Knock at a room."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/knock/{roomIdOrAlias}", is_rate_limited=True)

    reason: str | None = None
