"""What a user was notified of.

Standards: Matrix v1.19, Client-Server API §Push Notifications.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.client_server.events import ClientEventWithoutRoomId
from scop.matrix.api.endpoint import Body, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetNotifications", "GetNotificationsResponse", "Notification"]


class Notification(Body, frozen=True, kw_only=True):
    """One event that notified, and by which actions."""

    actions: tuple[dict[str, object] | str, ...]
    event: ClientEventWithoutRoomId
    profile_tag: str | None = None
    read: bool
    room_id: str
    ts: int


class GetNotificationsResponse(Response, frozen=True, kw_only=True):
    """What answers `GetNotifications`."""

    next_token: str | None = None
    notifications: tuple[Notification, ...]


class GetNotifications(Request[GetNotificationsResponse], frozen=True, kw_only=True):
    """List what the user was notified of."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/notifications")

    from_: InQuery[str | None] = msgspec.field(name="from", default=None)
    limit: InQuery[int | None] = None
    only: InQuery[str | None] = None
