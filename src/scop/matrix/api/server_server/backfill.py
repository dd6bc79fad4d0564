"""Asking for events that came before those one has."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, InPath, InQuery
from scop.matrix.api.request import Endpoint, Request, Response
from scop.matrix.api.server_server.definitions import PdusAnswered
from scop.matrix.json_values import JsonObject

__all__ = ["BackfillRoom", "BackfillRoomResponse", "GetMissingPreviousEvents", "GetMissingPreviousEventsResponse"]


class BackfillRoomResponse(PdusAnswered, frozen=True, kw_only=True):
    """The events asked for and those before them, newest first; these may break the limits on references."""


class BackfillRoom(Request[BackfillRoomResponse], frozen=True, kw_only=True):
    """Ask for events and what preceded them."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/backfill/{roomId}", Access.SERVER)

    room_id: InPath[str] = msgspec.field(name="roomId")
    v: InQuery[tuple[str, ...]]
    limit: InQuery[int]


class GetMissingPreviousEventsResponse(Response, frozen=True, kw_only=True):
    """The events in between."""

    events: tuple[JsonObject, ...]


class GetMissingPreviousEvents(Request[GetMissingPreviousEventsResponse], frozen=True, kw_only=True):
    """Ask for the events between the latest that one has and the latest that one heard of."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/federation/v1/get_missing_events/{roomId}", Access.SERVER)

    room_id: InPath[str] = msgspec.field(name="roomId")
    limit: int | None = None
    min_depth: int | None = None
    earliest_events: tuple[str, ...]
    latest_events: tuple[str, ...]
