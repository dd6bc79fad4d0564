"""How a user sorts rooms.

Standards: Matrix v1.19, Client-Server API §Room Tagging.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Body, InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "DeleteRoomTag",
    "DeleteRoomTagResponse",
    "GetRoomTags",
    "GetRoomTagsResponse",
    "SetRoomTag",
    "SetRoomTagResponse",
    "Tag",
]


class Tag(Body, frozen=True, kw_only=True):
    """How a room stands among others of its tag."""

    order: float | None = None


class GetRoomTagsResponse(Response, frozen=True, kw_only=True):
    """What answers `GetRoomTags`."""

    tags: dict[str, Tag] | None = None


class GetRoomTags(Request[GetRoomTagsResponse], frozen=True, kw_only=True):
    """List the tags of a room."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/user/{userId}/rooms/{roomId}/tags")

    user_id: InPath[str] = msgspec.field(name="userId")
    room_id: InPath[str] = msgspec.field(name="roomId")


class SetRoomTagResponse(Response, frozen=True, kw_only=True):
    """What answers `SetRoomTag`."""


class SetRoomTag(Request[SetRoomTagResponse], frozen=True, kw_only=True):
    """Tag a room."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/user/{userId}/rooms/{roomId}/tags/{tag}")

    user_id: InPath[str] = msgspec.field(name="userId")
    room_id: InPath[str] = msgspec.field(name="roomId")
    tag: InPath[str]
    order: float | None = None


class DeleteRoomTagResponse(Response, frozen=True, kw_only=True):
    """What answers `DeleteRoomTag`."""


class DeleteRoomTag(Request[DeleteRoomTagResponse], frozen=True, kw_only=True):
    """Take a tag from a room."""

    endpoint: ClassVar[Endpoint] = Endpoint("DELETE", "/_matrix/client/v3/user/{userId}/rooms/{roomId}/tags/{tag}")

    user_id: InPath[str] = msgspec.field(name="userId")
    room_id: InPath[str] = msgspec.field(name="roomId")
    tag: InPath[str]
