"""What one may see of a room before going in.

Standards: Matrix v1.19, Client-Server API §Room Summaries.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.client_server.definitions import RoomSummary
from scop.matrix.api.endpoint import Access, InPath, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetRoomSummary", "GetRoomSummaryResponse"]


class GetRoomSummaryResponse(RoomSummary, Response, frozen=True, kw_only=True):
    """What answers `GetRoomSummary`."""

    membership: str | None = None


class GetRoomSummary(Request[GetRoomSummaryResponse], frozen=True, kw_only=True):
    """Look at a room from outside."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v1/room_summary/{roomIdOrAlias}", access=Access.OPTIONAL
    )

    room_id_or_alias: InPath[str] = msgspec.field(name="roomIdOrAlias")
    via: InQuery[tuple[str, ...] | None] = None
