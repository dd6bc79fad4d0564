"""The rooms that a user is in.

Standards: Matrix v1.19, Client-Server API §Listing rooms.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetJoinedRooms", "GetJoinedRoomsResponse"]


class GetJoinedRoomsResponse(Response, frozen=True, kw_only=True):
    """What answers `GetJoinedRooms`."""

    joined_rooms: tuple[str, ...]


class GetJoinedRooms(Request[GetJoinedRoomsResponse], frozen=True, kw_only=True):
    """List the rooms that the user is in."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/joined_rooms")
