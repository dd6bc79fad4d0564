"""Ask somebody into a room by mail address.

Standards: Matrix v1.19, Client-Server API §Third-party invites.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["InviteBy3PID", "InviteBy3PIDResponse"]


class InviteBy3PIDResponse(Response, frozen=True, kw_only=True):
    """What answers `InviteBy3PID`."""


class InviteBy3PID(Request[InviteBy3PIDResponse], frozen=True, kw_only=True):
    """Invite somebody by address."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/rooms/{roomId}/invite", is_rate_limited=True)

    room_id: InPath[str] = msgspec.field(name="roomId")
    id_server: str
    id_access_token: str
    medium: str
    address: str
