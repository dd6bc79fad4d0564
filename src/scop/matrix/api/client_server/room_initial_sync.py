"""Operations of room_initial_sync."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.client_server.definitions import PaginationChunk
from scop.matrix.api.client_server.events import ClientEvent, Event
from scop.matrix.api.endpoint import InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["RoomInitialSync", "RoomInitialSyncResponse"]


class RoomInitialSyncResponse(Response, frozen=True, kw_only=True):
    """What answers RoomInitialSync."""

    room_id: str
    membership: str | None = None
    messages: PaginationChunk | None = None
    state: tuple[ClientEvent, ...] | None = None
    visibility: str | None = None
    account_data: tuple[Event, ...] | None = None


class RoomInitialSync(Request[RoomInitialSyncResponse], frozen=True, kw_only=True):
    """Ask for roomInitialSync."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/rooms/{roomId}/initialSync")

    room_id: InPath[str] = msgspec.field(name="roomId")
