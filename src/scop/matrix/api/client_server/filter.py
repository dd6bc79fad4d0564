"""Filters that a server keeps for its clients.

Standards: Matrix v1.19, Client-Server API §Filtering.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.client_server.definitions import EventFilter, RoomEventFilter
from scop.matrix.api.endpoint import Body, InPath, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "DefineFilter",
    "DefineFilterResponse",
    "EventFilter",
    "Filter",
    "GetFilter",
    "GetFilterResponse",
    "RoomFilter",
]


class RoomFilter(Body, frozen=True, kw_only=True):
    """Which rooms are wanted, and what of them."""

    not_rooms: tuple[str, ...] | None = None
    rooms: tuple[str, ...] | None = None
    ephemeral: RoomEventFilter | None = None
    include_leave: bool | None = None
    state: RoomEventFilter | None = None
    timeline: RoomEventFilter | None = None
    account_data: RoomEventFilter | None = None


class Filter(Body, frozen=True, kw_only=True):
    """What a sync is to contain."""

    event_fields: tuple[str, ...] | None = None
    event_format: str | None = None
    presence: EventFilter | None = None
    account_data: EventFilter | None = None
    room: RoomFilter | None = None


class DefineFilterResponse(Response, frozen=True, kw_only=True):
    """What answers `DefineFilter`."""

    filter_id: str


class DefineFilter(Request[DefineFilterResponse], frozen=True, kw_only=True):
    """Keep a filter at the server."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/user/{userId}/filter")

    user_id: InPath[str] = msgspec.field(name="userId")
    filter: WholeBody[Filter]


class GetFilterResponse(Response, frozen=True, kw_only=True):
    """What answers `GetFilter`."""

    filter: WholeBody[Filter]


class GetFilter(Request[GetFilterResponse], frozen=True, kw_only=True):
    """Read a filter that the server keeps."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/user/{userId}/filter/{filterId}")

    user_id: InPath[str] = msgspec.field(name="userId")
    filter_id: InPath[str] = msgspec.field(name="filterId")
