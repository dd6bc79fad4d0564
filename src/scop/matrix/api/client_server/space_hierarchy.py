"""The rooms of a space, and of the spaces in it.

Standards: Matrix v1.19, Client-Server API §Spaces.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.client_server.definitions import RoomPreview
from scop.matrix.api.endpoint import Body, InPath, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetSpaceHierarchy", "GetSpaceHierarchyResponse", "SpaceHierarchyRoomsChunk", "StrippedChildStateEvent"]


class StrippedChildStateEvent(Body, frozen=True, kw_only=True):
    """A state event that names a child of a space."""

    is_foreign: ClassVar[bool] = True

    content: dict[str, object]
    state_key: str
    type: str
    sender: str
    origin_server_ts: int


class SpaceHierarchyRoomsChunk(RoomPreview, frozen=True, kw_only=True):
    """One room of a space."""

    is_foreign: ClassVar[bool] = True

    children_state: tuple[StrippedChildStateEvent, ...]


class GetSpaceHierarchyResponse(Response, frozen=True, kw_only=True):
    """What answers `GetSpaceHierarchy`."""

    rooms: tuple[SpaceHierarchyRoomsChunk, ...]
    next_batch: str | None = None


class GetSpaceHierarchy(Request[GetSpaceHierarchyResponse], frozen=True, kw_only=True):
    """List the rooms of a space, page by page."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v1/rooms/{roomId}/hierarchy", is_rate_limited=True)

    room_id: InPath[str] = msgspec.field(name="roomId")
    suggested_only: InQuery[bool | None] = None
    limit: InQuery[int | None] = None
    max_depth: InQuery[int | None] = None
    from_: InQuery[str | None] = msgspec.field(name="from", default=None)
