"""Asking a notary for the keys of others."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, Body, InPath, InQuery
from scop.matrix.api.request import Endpoint, Request, Response
from scop.matrix.api.server_server.definitions import ServerKeys

__all__ = [
    "BulkPerspectivesKeyQuery",
    "BulkPerspectivesKeyQueryResponse",
    "PerspectivesKeyQuery",
    "PerspectivesKeyQueryResponse",
    "QueryCriteria",
]


class PerspectivesKeyQueryResponse(Response, frozen=True, kw_only=True):
    """What the notary knows, signed by it."""

    server_keys: tuple[ServerKeys, ...] | None = None


class PerspectivesKeyQuery(Request[PerspectivesKeyQueryResponse], frozen=True, kw_only=True):
    """Ask for the keys of one server."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/key/v2/query/{serverName}", Access.NONE)

    server_name: InPath[str] = msgspec.field(name="serverName")
    minimum_valid_until_ts: InQuery[int | None] = None


class QueryCriteria(Body, frozen=True, kw_only=True):
    """Until when a key must be valid to be of use."""

    minimum_valid_until_ts: int | None = None


class BulkPerspectivesKeyQueryResponse(Response, frozen=True, kw_only=True):
    """What the notary knows, signed by it."""

    server_keys: tuple[ServerKeys, ...] | None = None


class BulkPerspectivesKeyQuery(Request[BulkPerspectivesKeyQueryResponse], frozen=True, kw_only=True):
    """Ask for the keys of many servers."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/key/v2/query", Access.NONE)

    server_keys: dict[str, dict[str, QueryCriteria]]  # by server and key id; no key id means all
