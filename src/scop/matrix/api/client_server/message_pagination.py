"""The history of a room, page by page.

Standards: Matrix v1.19, Client-Server API §Room events.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.client_server.events import ClientEvent
from scop.matrix.api.endpoint import InPath, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetRoomEvents", "GetRoomEventsResponse"]


class GetRoomEventsResponse(Response, frozen=True, kw_only=True):
    """What answers `GetRoomEvents`."""

    start: str
    end: str | None = None
    chunk: tuple[ClientEvent, ...]
    state: tuple[ClientEvent, ...] | None = None


class GetRoomEvents(Request[GetRoomEventsResponse], frozen=True, kw_only=True):
    """Read a page of the history of a room."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/rooms/{roomId}/messages")

    room_id: InPath[str] = msgspec.field(name="roomId")
    from_: InQuery[str | None] = msgspec.field(name="from", default=None)
    to: InQuery[str | None] = None
    dir: InQuery[Literal["b", "f"]]
    limit: InQuery[int | None] = None
    filter: InQuery[str | None] = None
