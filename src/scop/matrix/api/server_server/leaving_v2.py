"""Leaving, or refusing an invite, through a server that is in the room: the second step."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, InPath, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response
from scop.matrix.json_values import JsonObject

__all__ = ["SendLeaveV2", "SendLeaveV2Response"]


class SendLeaveV2Response(Response, frozen=True, kw_only=True):
    """It is done."""


class SendLeaveV2(Request[SendLeaveV2Response], frozen=True, kw_only=True):
    """Hand in a signed leave."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "PUT", "/_matrix/federation/v2/send_leave/{roomId}/{eventId}", Access.SERVER
    )

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_id: InPath[str] = msgspec.field(name="eventId")
    event: WholeBody[JsonObject]
