"""The rooms of a space, as one server sees them."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.client_server.definitions import RoomPreview
from scop.matrix.api.client_server.space_hierarchy import StrippedChildStateEvent
from scop.matrix.api.endpoint import Access, InPath, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "GetSpaceHierarchy",
    "GetSpaceHierarchyResponse",
    "SpaceHierarchyChildRoomsChunk",
    "SpaceHierarchyParentRoom",
]


class SpaceHierarchyChildRoomsChunk(RoomPreview, frozen=True, kw_only=True):
    """A room in a space."""


class SpaceHierarchyParentRoom(RoomPreview, frozen=True, kw_only=True):
    """The room asked for."""

    children_state: tuple[StrippedChildStateEvent, ...]


class GetSpaceHierarchyResponse(Response, frozen=True, kw_only=True):
    """The room, those of its children that may be seen, and those that may not."""

    room: SpaceHierarchyParentRoom
    children: tuple[SpaceHierarchyChildRoomsChunk, ...]
    inaccessible_children: tuple[str, ...]


class GetSpaceHierarchy(Request[GetSpaceHierarchyResponse], frozen=True, kw_only=True):
    """Ask for the rooms of a space."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/hierarchy/{roomId}", Access.SERVER)

    room_id: InPath[str] = msgspec.field(name="roomId")
    suggested_only: InQuery[bool | None] = None
