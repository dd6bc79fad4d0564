"""Asking a server for what it alone knows."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, InPath, InQuery, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "QueryInfo",
    "QueryInfoResponse",
    "QueryProfile",
    "QueryProfileResponse",
    "QueryRoomDirectory",
    "QueryRoomDirectoryResponse",
]


class QueryInfoResponse(Response, frozen=True, kw_only=True):
    """Whatever the kind of question is answered with."""

    answer: WholeBody[dict[str, object]]


class QueryInfo(Request[QueryInfoResponse], frozen=True, kw_only=True):
    """Ask a question of any kind."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/query/{queryType}", Access.SERVER)

    query_type: InPath[str] = msgspec.field(name="queryType")
    arguments: InQuery[dict[str, str] | None] = None


class QueryRoomDirectoryResponse(Response, frozen=True, kw_only=True):
    """The room, and servers that are likely in it."""

    room_id: str
    servers: tuple[str, ...]


class QueryRoomDirectory(Request[QueryRoomDirectoryResponse], frozen=True, kw_only=True):
    """Ask which room an alias names."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/query/directory", Access.SERVER)

    room_alias: InQuery[str]


class QueryProfileResponse(Response, frozen=True, kw_only=True):
    """What the user says of himself; further fields are in `unknown`."""

    displayname: str | None = None
    avatar_url: str | None = None
    m_tz: str | None = msgspec.field(name="m.tz", default=None)


class QueryProfile(Request[QueryProfileResponse], frozen=True, kw_only=True):
    """Ask for the profile of a user, or one field of it."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/query/profile", Access.SERVER)

    user_id: InQuery[str]
    field: InQuery[str | None] = None
