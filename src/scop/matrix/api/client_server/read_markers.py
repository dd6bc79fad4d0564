"""How far a user has read in a room.

Standards: Matrix v1.19, Client-Server API §Fully read markers.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["SetReadMarker", "SetReadMarkerResponse"]


class SetReadMarkerResponse(Response, frozen=True, kw_only=True):
    """What answers `SetReadMarker`."""


class SetReadMarker(Request[SetReadMarkerResponse], frozen=True, kw_only=True):
    """Set the read marker, and receipts with it."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "POST", "/_matrix/client/v3/rooms/{roomId}/read_markers", is_rate_limited=True
    )

    room_id: InPath[str] = msgspec.field(name="roomId")
    fully_read: str | None = msgspec.field(name="m.fully_read", default=None)
    read: str | None = msgspec.field(name="m.read", default=None)
    read_private: str | None = msgspec.field(name="m.read.private", default=None)
