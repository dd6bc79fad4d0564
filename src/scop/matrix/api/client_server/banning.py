"""Operations of banning."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["Ban", "BanResponse", "Unban", "UnbanResponse"]


class BanResponse(Response, frozen=True, kw_only=True):
    """What answers Ban."""


class Ban(Request[BanResponse], frozen=True, kw_only=True):
    """Ask for ban."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/rooms/{roomId}/ban")

    room_id: InPath[str] = msgspec.field(name="roomId")
    user_id: str
    reason: str | None = None


class UnbanResponse(Response, frozen=True, kw_only=True):
    """What answers Unban."""


class Unban(Request[UnbanResponse], frozen=True, kw_only=True):
    """Ask for unban."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/rooms/{roomId}/unban")

    room_id: InPath[str] = msgspec.field(name="roomId")
    user_id: str
    reason: str | None = None
