"""The endpoints before /sync.

Standards: Matrix v1.19, Client-Server API §Deprecated endpoints.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.client_server.definitions import EventStream, PaginationChunk
from scop.matrix.api.client_server.events import ClientEvent, Event
from scop.matrix.api.endpoint import Body, InPath, InQuery, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "GetEvents",
    "GetEventsResponse",
    "GetOneEvent",
    "GetOneEventResponse",
    "InitialSync",
    "InitialSyncResponse",
    "RoomInfo",
]


class GetEventsResponse(EventStream, frozen=True, kw_only=True):
    """What answers `GetEvents`."""


class GetEvents(Request[GetEventsResponse], frozen=True, kw_only=True):
    """Wait for events."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/events", is_deprecated=True)

    from_: InQuery[str | None] = msgspec.field(name="from", default=None)
    timeout: InQuery[int | None] = None


class RoomInfo(Body, frozen=True, kw_only=True):
    """One room in a first sync of old."""

    room_id: str
    membership: str
    invite: ClientEvent | None = None
    messages: PaginationChunk | None = None
    state: tuple[ClientEvent, ...] | None = None
    visibility: str | None = None
    account_data: tuple[Event, ...] | None = None


class InitialSyncResponse(Response, frozen=True, kw_only=True):
    """What answers `InitialSync`."""

    end: str
    presence: tuple[Event, ...]
    rooms: tuple[RoomInfo, ...]
    account_data: tuple[Event, ...] | None = None


class InitialSync(Request[InitialSyncResponse], frozen=True, kw_only=True):
    """Read the state of all rooms, as clients began before /sync."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/initialSync", is_deprecated=True)

    limit: InQuery[int | None] = None
    archived: InQuery[bool | None] = None


class GetOneEventResponse(Response, frozen=True, kw_only=True):
    """What answers `GetOneEvent`."""

    event: WholeBody[ClientEvent]


class GetOneEvent(Request[GetOneEventResponse], frozen=True, kw_only=True):
    """Read one event, whatever room it is in."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/events/{eventId}", is_deprecated=True)

    event_id: InPath[str] = msgspec.field(name="eventId")
