"""What one may see of a room before going in.

Standards: Matrix v1.19, Client-Server API §Room Summaries.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.client_server.definitions import RoomPreview, RoomToEnter
from scop.matrix.api.endpoint import Access
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetRoomSummary", "GetRoomSummaryResponse"]


class GetRoomSummaryResponse(RoomPreview, Response, frozen=True, kw_only=True):
    """What answers `GetRoomSummary`."""

    membership: str | None = None


class GetRoomSummary(RoomToEnter, Request[GetRoomSummaryResponse], frozen=True, kw_only=True):
    """Look at a room from outside."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v1/room_summary/{roomIdOrAlias}", access=Access.OPTIONAL
    )
