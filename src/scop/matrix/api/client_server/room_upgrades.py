"""Move a room to another version.

Standards: Matrix v1.19, Client-Server API §Room Upgrades.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["UpgradeRoom", "UpgradeRoomResponse"]


class UpgradeRoomResponse(Response, frozen=True, kw_only=True):
    """What answers `UpgradeRoom`."""

    replacement_room: str


class UpgradeRoom(Request[UpgradeRoomResponse], frozen=True, kw_only=True):
    """Replace a room by one of another version."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/rooms/{roomId}/upgrade")

    room_id: InPath[str] = msgspec.field(name="roomId")
    new_version: str
    additional_creators: tuple[str, ...] | None = None
