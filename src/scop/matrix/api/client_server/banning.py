"""Shut somebody out of a room, and let them in again.

Standards: Matrix v1.19, Client-Server API §Banning users in a room.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.client_server.definitions import MemberOfRoom
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["Ban", "BanResponse", "Unban", "UnbanResponse"]


class BanResponse(Response, frozen=True, kw_only=True):
    """What answers `Ban`."""


class Ban(MemberOfRoom, Request[BanResponse], frozen=True, kw_only=True):
    """Ban a user from a room."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/rooms/{roomId}/ban")


class UnbanResponse(Response, frozen=True, kw_only=True):
    """What answers `Unban`."""


class Unban(MemberOfRoom, Request[UnbanResponse], frozen=True, kw_only=True):
    """Lift a ban."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/rooms/{roomId}/unban")
