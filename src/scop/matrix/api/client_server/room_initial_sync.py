"""The state and last messages of one room.

Standards: Matrix v1.19, Client-Server API §Room Previews.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.client_server.definitions import PaginationChunk
from scop.matrix.api.client_server.events import ClientEvent, Event
from scop.matrix.api.endpoint import InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["RoomInitialSync", "RoomInitialSyncResponse"]


class RoomInitialSyncResponse(Response, frozen=True, kw_only=True):
    """What answers `RoomInitialSync`."""

    room_id: str
    membership: str | None = None
    messages: PaginationChunk | None = None
    state: tuple[ClientEvent, ...] | None = None
    visibility: str | None = None
    account_data: tuple[Event, ...] | None = None


class RoomInitialSync(Request[RoomInitialSyncResponse], frozen=True, kw_only=True):
    """Read the state and last messages of a room."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/rooms/{roomId}/initialSync")

    room_id: InPath[str] = msgspec.field(name="roomId")
