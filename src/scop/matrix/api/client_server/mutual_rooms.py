"""Rooms that two users share.

Standards: Matrix v1.19, Client-Server API §Mutual Rooms.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetMutualRooms", "GetMutualRoomsResponse"]


class GetMutualRoomsResponse(Response, frozen=True, kw_only=True):
    """What answers `GetMutualRooms`."""

    joined: tuple[str, ...]
    count: int
    next_batch: str | None = None


class GetMutualRooms(Request[GetMutualRoomsResponse], frozen=True, kw_only=True):
    """List rooms that the user shares with another."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v1/mutual_rooms", is_rate_limited=True)

    user_id: InQuery[str]
    from_: InQuery[str | None] = msgspec.field(name="from", default=None)
