"""Events that relate to another: edits, reactions, threads.

Standards: Matrix v1.19, Client-Server API §Relationships API.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.client_server.events import ClientEvent
from scop.matrix.api.endpoint import InPath, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "GetRelatingEvents",
    "GetRelatingEventsResponse",
    "GetRelatingEventsWithRelType",
    "GetRelatingEventsWithRelTypeAndEventType",
    "GetRelatingEventsWithRelTypeAndEventTypeResponse",
    "GetRelatingEventsWithRelTypeResponse",
    "RelatingEvents",
]


class RelatingEvents(Response, frozen=True, kw_only=True):
    """A page of events that relate to another."""

    next_batch: str | None = None
    prev_batch: str | None = None
    recursion_depth: int | None = None
    chunk: tuple[ClientEvent, ...]


class GetRelatingEventsResponse(RelatingEvents, frozen=True, kw_only=True):
    """What answers `GetRelatingEvents`."""


class GetRelatingEvents(Request[GetRelatingEventsResponse], frozen=True, kw_only=True):
    """List events that relate to an event."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v1/rooms/{roomId}/relations/{eventId}")

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_id: InPath[str] = msgspec.field(name="eventId")
    from_: InQuery[str | None] = msgspec.field(name="from", default=None)
    to: InQuery[str | None] = None
    limit: InQuery[int | None] = None
    dir: InQuery[Literal["b", "f"] | None] = None
    recurse: InQuery[bool | None] = None


class GetRelatingEventsWithRelTypeResponse(RelatingEvents, frozen=True, kw_only=True):
    """What answers `GetRelatingEventsWithRelType`."""


class GetRelatingEventsWithRelType(Request[GetRelatingEventsWithRelTypeResponse], frozen=True, kw_only=True):
    """List events that relate to an event in one way."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v1/rooms/{roomId}/relations/{eventId}/{relType}")

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_id: InPath[str] = msgspec.field(name="eventId")
    rel_type: InPath[str] = msgspec.field(name="relType")
    from_: InQuery[str | None] = msgspec.field(name="from", default=None)
    to: InQuery[str | None] = None
    limit: InQuery[int | None] = None
    dir: InQuery[Literal["b", "f"] | None] = None
    recurse: InQuery[bool | None] = None


class GetRelatingEventsWithRelTypeAndEventTypeResponse(RelatingEvents, frozen=True, kw_only=True):
    """What answers `GetRelatingEventsWithRelTypeAndEventType`."""


class GetRelatingEventsWithRelTypeAndEventType(
    Request[GetRelatingEventsWithRelTypeAndEventTypeResponse], frozen=True, kw_only=True
):
    """List events of one type that relate to an event in one way."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v1/rooms/{roomId}/relations/{eventId}/{relType}/{eventType}"
    )

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_id: InPath[str] = msgspec.field(name="eventId")
    rel_type: InPath[str] = msgspec.field(name="relType")
    event_type: InPath[str] = msgspec.field(name="eventType")
    from_: InQuery[str | None] = msgspec.field(name="from", default=None)
    to: InQuery[str | None] = None
    limit: InQuery[int | None] = None
    dir: InQuery[Literal["b", "f"] | None] = None
    recurse: InQuery[bool | None] = None
