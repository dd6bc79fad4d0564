"""Tell others that one is typing.

Standards: Matrix v1.19, Client-Server API §Typing Notifications.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["SetTyping", "SetTypingResponse"]


class SetTypingResponse(Response, frozen=True, kw_only=True):
    """What answers `SetTyping`."""


class SetTyping(Request[SetTypingResponse], frozen=True, kw_only=True):
    """Say that the user is typing, or no longer."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "PUT", "/_matrix/client/v3/rooms/{roomId}/typing/{userId}", is_rate_limited=True
    )

    user_id: InPath[str] = msgspec.field(name="userId")
    room_id: InPath[str] = msgspec.field(name="roomId")
    typing: bool
    timeout: int | None = None
