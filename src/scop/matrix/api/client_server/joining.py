"""Go into a room.

Standards: Matrix v1.19, Client-Server API §Joining rooms.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.client_server.definitions import RoomToEnter
from scop.matrix.api.endpoint import Body, InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["JoinRoom", "JoinRoomById", "JoinRoomByIdResponse", "JoinRoomResponse", "ThirdPartySigned"]


class ThirdPartySigned(Body, frozen=True, kw_only=True):
    """What an identity server has signed about an invitation by address."""

    sender: str
    mxid: str
    token: str
    signatures: dict[str, dict[str, str]]


class JoinRoomByIdResponse(Response, frozen=True, kw_only=True):
    """What answers `JoinRoomById`."""

    room_id: str


class JoinRoomById(Request[JoinRoomByIdResponse], frozen=True, kw_only=True):
    """Join a room by its id, of which the server already knows."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/rooms/{roomId}/join", is_rate_limited=True)

    room_id: InPath[str] = msgspec.field(name="roomId")
    third_party_signed: ThirdPartySigned | None = None
    reason: str | None = None


class JoinRoomResponse(Response, frozen=True, kw_only=True):
    """What answers `JoinRoom`."""

    room_id: str


class JoinRoom(RoomToEnter, Request[JoinRoomResponse], frozen=True, kw_only=True):
    """Join a room by its id or alias, through servers that are in it."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/join/{roomIdOrAlias}", is_rate_limited=True)

    third_party_signed: ThirdPartySigned | None = None
    reason: str | None = None
