"""Tell the administrators of a server what is bad.

Standards: Matrix v1.19, Client-Server API §Reporting Content.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["ReportEvent", "ReportEventResponse", "ReportRoom", "ReportRoomResponse", "ReportUser", "ReportUserResponse"]


class ReportRoomResponse(Response, frozen=True, kw_only=True):
    """What answers `ReportRoom`."""


class ReportRoom(Request[ReportRoomResponse], frozen=True, kw_only=True):
    """Report a room."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/rooms/{roomId}/report", is_rate_limited=True)

    room_id: InPath[str] = msgspec.field(name="roomId")
    reason: str


class ReportEventResponse(Response, frozen=True, kw_only=True):
    """What answers `ReportEvent`."""


class ReportEvent(Request[ReportEventResponse], frozen=True, kw_only=True):
    """Report an event."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/rooms/{roomId}/report/{eventId}")

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_id: InPath[str] = msgspec.field(name="eventId")
    reason: str | None = None


class ReportUserResponse(Response, frozen=True, kw_only=True):
    """What answers `ReportUser`."""


class ReportUser(Request[ReportUserResponse], frozen=True, kw_only=True):
    """Report a user."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/users/{userId}/report", is_rate_limited=True)

    user_id: InPath[str] = msgspec.field(name="userId")
    reason: str
