"""The rooms that a server publishes."""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.client_server.list_public_rooms import PublishedRoomsChunk
from scop.matrix.api.endpoint import Access, Body, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["Filter", "GetPublicRooms", "GetPublicRoomsResponse", "QueryPublicRooms", "QueryPublicRoomsResponse"]


class Filter(Body, frozen=True, kw_only=True):
    """Which of them are wanted."""

    generic_search_term: str | None = None
    room_types: tuple[str | None, ...] | None = None  # None: rooms without a type


class GetPublicRoomsResponse(Response, frozen=True, kw_only=True):
    """A page of them."""

    chunk: tuple[PublishedRoomsChunk, ...]
    next_batch: str | None = None
    prev_batch: str | None = None
    total_room_count_estimate: int | None = None


class GetPublicRooms(Request[GetPublicRoomsResponse], frozen=True, kw_only=True):
    """Ask for a page of published rooms."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/publicRooms", Access.SERVER)

    limit: InQuery[int | None] = None
    since: InQuery[str | None] = None
    include_all_networks: InQuery[bool | None] = None
    third_party_instance_id: InQuery[str | None] = None


class QueryPublicRoomsResponse(Response, frozen=True, kw_only=True):
    """A page of them."""

    chunk: tuple[PublishedRoomsChunk, ...]
    next_batch: str | None = None
    prev_batch: str | None = None
    total_room_count_estimate: int | None = None


class QueryPublicRooms(Request[QueryPublicRoomsResponse], frozen=True, kw_only=True):
    """Ask for a page of the published rooms that a filter leaves."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/federation/v1/publicRooms", Access.SERVER)

    limit: int | None = None
    since: str | None = None
    filter: Filter | None = None
    include_all_networks: bool | None = None
    third_party_instance_id: str | None = None
