"""The directory of published rooms.

Standards: Matrix v1.19, Client-Server API §Published room directory.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.client_server.definitions import PublishedRoom
from scop.matrix.api.endpoint import Access, Body, InPath, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "GetPublicRooms",
    "GetPublicRoomsResponse",
    "GetRoomVisibilityOnDirectory",
    "GetRoomVisibilityOnDirectoryResponse",
    "PublicRooms",
    "PublicRoomsFilter",
    "PublishedRoomsChunk",
    "QueryPublicRooms",
    "QueryPublicRoomsResponse",
    "SetRoomVisibilityOnDirectory",
    "SetRoomVisibilityOnDirectoryResponse",
]


class GetRoomVisibilityOnDirectoryResponse(Response, frozen=True, kw_only=True):
    """What answers `GetRoomVisibilityOnDirectory`."""

    visibility: str | None = None


class GetRoomVisibilityOnDirectory(Request[GetRoomVisibilityOnDirectoryResponse], frozen=True, kw_only=True):
    """Ask whether a room is published."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v3/directory/list/room/{roomId}", access=Access.OPTIONAL
    )

    room_id: InPath[str] = msgspec.field(name="roomId")


class SetRoomVisibilityOnDirectoryResponse(Response, frozen=True, kw_only=True):
    """What answers `SetRoomVisibilityOnDirectory`."""


class SetRoomVisibilityOnDirectory(Request[SetRoomVisibilityOnDirectoryResponse], frozen=True, kw_only=True):
    """Publish a room, or take it from the directory."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/directory/list/room/{roomId}")

    room_id: InPath[str] = msgspec.field(name="roomId")
    visibility: Literal["private", "public"] | None = None


class PublishedRoomsChunk(PublishedRoom, frozen=True, kw_only=True):
    """One published room."""

    is_foreign: ClassVar[bool] = True


class PublicRooms(Response, frozen=True, kw_only=True):
    """A page of published rooms."""

    chunk: tuple[PublishedRoomsChunk, ...]
    next_batch: str | None = None
    prev_batch: str | None = None
    total_room_count_estimate: int | None = None


class GetPublicRoomsResponse(PublicRooms, frozen=True, kw_only=True):
    """What answers `GetPublicRooms`."""


class GetPublicRooms(Request[GetPublicRoomsResponse], frozen=True, kw_only=True):
    """List published rooms."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/publicRooms", access=Access.OPTIONAL)

    limit: InQuery[int | None] = None
    since: InQuery[str | None] = None
    server: InQuery[str | None] = None


class PublicRoomsFilter(Body, frozen=True, kw_only=True):
    """Which published rooms are wanted."""

    generic_search_term: str | None = None
    room_types: tuple[str | None, ...] | None = None  # None: rooms without a type


class QueryPublicRoomsResponse(PublicRooms, frozen=True, kw_only=True):
    """What answers `QueryPublicRooms`."""


class QueryPublicRooms(Request[QueryPublicRoomsResponse], frozen=True, kw_only=True):
    """Search among published rooms."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/publicRooms")

    server: InQuery[str | None] = None
    limit: int | None = None
    since: str | None = None
    filter: PublicRoomsFilter | None = None
    include_all_networks: bool | None = None
    third_party_instance_id: str | None = None
