"""Who is there.

Standards: Matrix v1.19, Client-Server API §Presence.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.endpoint import InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetPresence", "GetPresenceResponse", "SetPresence", "SetPresenceResponse"]


class SetPresenceResponse(Response, frozen=True, kw_only=True):
    """What answers `SetPresence`."""


class SetPresence(Request[SetPresenceResponse], frozen=True, kw_only=True):
    """Say whether the user is there."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/presence/{userId}/status", is_rate_limited=True)

    user_id: InPath[str] = msgspec.field(name="userId")
    presence: Literal["online", "offline", "unavailable"]
    status_msg: str | None = None


class GetPresenceResponse(Response, frozen=True, kw_only=True):
    """What answers `GetPresence`."""

    presence: str
    last_active_ago: int | None = None
    status_msg: str | None = None
    currently_active: bool | None = None


class GetPresence(Request[GetPresenceResponse], frozen=True, kw_only=True):
    """Ask whether a user is there."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/presence/{userId}/status")

    user_id: InPath[str] = msgspec.field(name="userId")
