"""Operations of third_party_membership."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["InviteBy3PID", "InviteBy3PIDResponse"]


class InviteBy3PIDResponse(Response, frozen=True, kw_only=True):
    """What answers InviteBy3PID."""


class InviteBy3PID(Request[InviteBy3PIDResponse], frozen=True, kw_only=True):
    """Ask for inviteBy3PID."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/rooms/{roomId}/invite", is_rate_limited=True)

    room_id: InPath[str] = msgspec.field(name="roomId")
    id_server: str
    id_access_token: str
    medium: str
    address: str
