"""Leaving, or refusing an invite, through a server that is in the room: the first step."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, InPath
from scop.matrix.api.request import Endpoint, Request, Response
from scop.matrix.json_values import JsonObject

__all__ = ["MakeLeave", "MakeLeaveResponse"]


class MakeLeaveResponse(Response, frozen=True, kw_only=True):
    """A leave that lacks hashes and a signature."""

    room_version: str | None = None
    event: JsonObject | None = None


class MakeLeave(Request[MakeLeaveResponse], frozen=True, kw_only=True):
    """Ask for a leave to fill in."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/make_leave/{roomId}/{userId}", Access.SERVER)

    room_id: InPath[str] = msgspec.field(name="roomId")
    user_id: InPath[str] = msgspec.field(name="userId")
