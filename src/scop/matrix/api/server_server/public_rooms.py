"""The rooms that a server publishes."""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.client_server.list_public_rooms import PublicRooms, PublicRoomsFilter
from scop.matrix.api.endpoint import Access, InQuery
from scop.matrix.api.request import Endpoint, Request

__all__ = ["Filter", "GetPublicRooms", "GetPublicRoomsResponse", "QueryPublicRooms", "QueryPublicRoomsResponse"]


class Filter(PublicRoomsFilter, frozen=True, kw_only=True):
    """Which of them are wanted."""


class GetPublicRoomsResponse(PublicRooms, frozen=True, kw_only=True):
    """A page of them."""


class GetPublicRooms(Request[GetPublicRoomsResponse], frozen=True, kw_only=True):
    """Ask for a page of published rooms."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/publicRooms", Access.SERVER)

    limit: InQuery[int | None] = None
    since: InQuery[str | None] = None
    include_all_networks: InQuery[bool | None] = None
    third_party_instance_id: InQuery[str | None] = None


class QueryPublicRoomsResponse(PublicRooms, frozen=True, kw_only=True):
    """A page of them."""


class QueryPublicRooms(Request[QueryPublicRoomsResponse], frozen=True, kw_only=True):
    """Ask for a page of the published rooms that a filter leaves."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/federation/v1/publicRooms", Access.SERVER)

    limit: int | None = None
    since: str | None = None
    filter: Filter | None = None
    include_all_networks: bool | None = None
    third_party_instance_id: str | None = None
