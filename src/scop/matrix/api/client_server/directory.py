"""Aliases of rooms.

Standards: Matrix v1.19, Client-Server API §Room aliases.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "DeleteRoomAlias",
    "DeleteRoomAliasResponse",
    "GetLocalAliases",
    "GetLocalAliasesResponse",
    "GetRoomIdByAlias",
    "GetRoomIdByAliasResponse",
    "SetRoomAlias",
    "SetRoomAliasResponse",
]


class SetRoomAliasResponse(Response, frozen=True, kw_only=True):
    """What answers `SetRoomAlias`."""


class SetRoomAlias(Request[SetRoomAliasResponse], frozen=True, kw_only=True):
    """Give a room an alias."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/directory/room/{roomAlias}")

    room_alias: InPath[str] = msgspec.field(name="roomAlias")
    room_id: str


class GetRoomIdByAliasResponse(Response, frozen=True, kw_only=True):
    """What answers `GetRoomIdByAlias`."""

    room_id: str | None = None
    servers: tuple[str, ...] | None = None


class GetRoomIdByAlias(Request[GetRoomIdByAliasResponse], frozen=True, kw_only=True):
    """Look up the room of an alias, and servers that are in it."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v3/directory/room/{roomAlias}", access=Access.OPTIONAL
    )

    room_alias: InPath[str] = msgspec.field(name="roomAlias")


class DeleteRoomAliasResponse(Response, frozen=True, kw_only=True):
    """What answers `DeleteRoomAlias`."""


class DeleteRoomAlias(Request[DeleteRoomAliasResponse], frozen=True, kw_only=True):
    """Take an alias away."""

    endpoint: ClassVar[Endpoint] = Endpoint("DELETE", "/_matrix/client/v3/directory/room/{roomAlias}")

    room_alias: InPath[str] = msgspec.field(name="roomAlias")


class GetLocalAliasesResponse(Response, frozen=True, kw_only=True):
    """What answers `GetLocalAliases`."""

    aliases: tuple[str, ...]


class GetLocalAliases(Request[GetLocalAliasesResponse], frozen=True, kw_only=True):
    """List the aliases that the server knows of a room."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/rooms/{roomId}/aliases", is_rate_limited=True)

    room_id: InPath[str] = msgspec.field(name="roomId")
