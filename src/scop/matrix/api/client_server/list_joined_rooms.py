"""Operations of list_joined_rooms."""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetJoinedRooms", "GetJoinedRoomsResponse"]


class GetJoinedRoomsResponse(Response, frozen=True, kw_only=True):
    """What answers GetJoinedRooms."""

    joined_rooms: tuple[str, ...]


class GetJoinedRooms(Request[GetJoinedRoomsResponse], frozen=True, kw_only=True):
    """Ask for getJoinedRooms."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/joined_rooms")
