"""Put somebody out of a room.

Standards: Matrix v1.19, Client-Server API §Leaving rooms.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.client_server.definitions import MemberOfRoom
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["Kick", "KickResponse"]


class KickResponse(Response, frozen=True, kw_only=True):
    """What answers `Kick`."""


class Kick(MemberOfRoom, Request[KickResponse], frozen=True, kw_only=True):
    """Put a user out of a room."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/rooms/{roomId}/kick")
