"""Ask a user into a room.

Standards: Matrix v1.19, Client-Server API §Joining rooms.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.client_server.definitions import MemberOfRoom
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["InviteUser", "InviteUserResponse"]


class InviteUserResponse(Response, frozen=True, kw_only=True):
    """What answers `InviteUser`."""


class InviteUser(MemberOfRoom, Request[InviteUserResponse], frozen=True, kw_only=True):
    """Invite a user into a room."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/rooms/{roomId}/invite", is_rate_limited=True)
