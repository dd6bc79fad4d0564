"""Asking for single events, and for the state of a room at one."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.endpoint import Access, InPath, InQuery
from scop.matrix.api.request import Endpoint, Request, Response
from scop.matrix.api.server_server.definitions import PdusAnswered
from scop.matrix.json_values import JsonObject

__all__ = [
    "GetEvent",
    "GetEventByTimestamp",
    "GetEventByTimestampResponse",
    "GetEventResponse",
    "GetRoomState",
    "GetRoomStateIds",
    "GetRoomStateIdsResponse",
    "GetRoomStateResponse",
]


class GetRoomStateResponse(Response, frozen=True, kw_only=True):
    """The state before an event, and its auth chain."""

    auth_chain: tuple[JsonObject, ...]
    pdus: tuple[JsonObject, ...]


class GetRoomState(Request[GetRoomStateResponse], frozen=True, kw_only=True):
    """Ask for the state of a room before an event."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/state/{roomId}", Access.SERVER)

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_id: InQuery[str]


class GetRoomStateIdsResponse(Response, frozen=True, kw_only=True):
    """The ids of the state before an event, and of its auth chain."""

    auth_chain_ids: tuple[str, ...]
    pdu_ids: tuple[str, ...]


class GetRoomStateIds(Request[GetRoomStateIdsResponse], frozen=True, kw_only=True):
    """Ask for the ids of the state of a room before an event."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/state_ids/{roomId}", Access.SERVER)

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_id: InQuery[str]


class GetEventResponse(PdusAnswered, frozen=True, kw_only=True):
    """One event, in the shape of a transaction."""


class GetEvent(Request[GetEventResponse], frozen=True, kw_only=True):
    """Ask for one event."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/event/{eventId}", Access.SERVER)

    event_id: InPath[str] = msgspec.field(name="eventId")


class GetEventByTimestampResponse(Response, frozen=True, kw_only=True):
    """The event nearest to the time."""

    event_id: str
    origin_server_ts: int


class GetEventByTimestamp(Request[GetEventByTimestampResponse], frozen=True, kw_only=True):
    """Ask which event is nearest to a time."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/timestamp_to_event/{roomId}", Access.SERVER)

    room_id: InPath[str] = msgspec.field(name="roomId")
    ts: InQuery[int]
    dir: InQuery[Literal["f", "b"]]
