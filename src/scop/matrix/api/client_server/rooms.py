"""State, members and single events of a room.

Standards: Matrix v1.19, Client-Server API §Getting events for a room.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.client_server.events import ClientEvent
from scop.matrix.api.endpoint import Body, InPath, InQuery, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "GetJoinedMembersByRoom",
    "GetJoinedMembersByRoomResponse",
    "GetMembersByRoom",
    "GetMembersByRoomResponse",
    "GetOneRoomEvent",
    "GetOneRoomEventResponse",
    "GetRoomState",
    "GetRoomStateResponse",
    "GetRoomStateWithKey",
    "GetRoomStateWithKeyResponse",
    "RoomMember",
]


class GetOneRoomEventResponse(Response, frozen=True, kw_only=True):
    """What answers `GetOneRoomEvent`."""

    event: WholeBody[ClientEvent]


class GetOneRoomEvent(Request[GetOneRoomEventResponse], frozen=True, kw_only=True):
    """Read one event of a room."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/rooms/{roomId}/event/{eventId}")

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_id: InPath[str] = msgspec.field(name="eventId")


class GetRoomStateWithKeyResponse(Response, frozen=True, kw_only=True):
    """What answers `GetRoomStateWithKey`."""

    content: WholeBody[dict[str, object]]


class GetRoomStateWithKey(Request[GetRoomStateWithKeyResponse], frozen=True, kw_only=True):
    """Read one piece of the state of a room: its content, or by `format` the event."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}")

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_type: InPath[str] = msgspec.field(name="eventType")
    state_key: InPath[str] = msgspec.field(name="stateKey")
    format: InQuery[Literal["content", "event"] | None] = None


class GetRoomStateResponse(Response, frozen=True, kw_only=True):
    """What answers `GetRoomState`."""

    events: WholeBody[tuple[ClientEvent, ...]]


class GetRoomState(Request[GetRoomStateResponse], frozen=True, kw_only=True):
    """Read the whole state of a room."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/rooms/{roomId}/state")

    room_id: InPath[str] = msgspec.field(name="roomId")


class GetMembersByRoomResponse(Response, frozen=True, kw_only=True):
    """What answers `GetMembersByRoom`."""

    chunk: tuple[ClientEvent, ...] | None = None


class GetMembersByRoom(Request[GetMembersByRoomResponse], frozen=True, kw_only=True):
    """List the members of a room as events."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/rooms/{roomId}/members")

    room_id: InPath[str] = msgspec.field(name="roomId")
    at: InQuery[str | None] = None
    membership: InQuery[Literal["join", "invite", "knock", "leave", "ban"] | None] = None
    not_membership: InQuery[Literal["join", "invite", "knock", "leave", "ban"] | None] = None


class RoomMember(Body, frozen=True, kw_only=True):
    """What a member is called and looks like."""

    display_name: str | None = None
    avatar_url: str | None = None


class GetJoinedMembersByRoomResponse(Response, frozen=True, kw_only=True):
    """What answers `GetJoinedMembersByRoom`."""

    joined: dict[str, RoomMember] | None = None


class GetJoinedMembersByRoom(Request[GetJoinedMembersByRoomResponse], frozen=True, kw_only=True):
    """List who is in a room."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/rooms/{roomId}/joined_members")

    room_id: InPath[str] = msgspec.field(name="roomId")
