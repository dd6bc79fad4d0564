"""What stood around an event.

Standards: Matrix v1.19, Client-Server API §Event Context.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.client_server.events import ClientEvent
from scop.matrix.api.endpoint import InPath, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetEventContext", "GetEventContextResponse"]


class GetEventContextResponse(Response, frozen=True, kw_only=True):
    """What answers `GetEventContext`."""

    start: str | None = None
    end: str | None = None
    events_before: tuple[ClientEvent, ...] | None = None
    event: ClientEvent | None = None
    events_after: tuple[ClientEvent, ...] | None = None
    state: tuple[ClientEvent, ...] | None = None


class GetEventContext(Request[GetEventContextResponse], frozen=True, kw_only=True):
    """Read an event and what stood around it."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/rooms/{roomId}/context/{eventId}")

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_id: InPath[str] = msgspec.field(name="eventId")
    limit: InQuery[int | None] = None
    filter: InQuery[str | None] = None
