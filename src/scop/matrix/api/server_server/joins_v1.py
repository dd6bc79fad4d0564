"""Joining through a server that is in the room: the first step."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, InPath, InQuery
from scop.matrix.api.request import Endpoint, Request, Response
from scop.matrix.json_values import JsonObject

__all__ = ["MakeJoin", "MakeJoinResponse"]


class MakeJoinResponse(Response, frozen=True, kw_only=True):
    """A join that lacks hashes and a signature."""

    room_version: str | None = None  # absent from rooms of version 1 and 2
    event: JsonObject | None = None


class MakeJoin(Request[MakeJoinResponse], frozen=True, kw_only=True):
    """Ask for a join to fill in, naming the room versions one knows."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/make_join/{roomId}/{userId}", Access.SERVER)

    room_id: InPath[str] = msgspec.field(name="roomId")
    user_id: InPath[str] = msgspec.field(name="userId")
    ver: InQuery[tuple[str, ...] | None] = None
