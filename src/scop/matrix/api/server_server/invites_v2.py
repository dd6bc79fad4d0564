"""Inviting a user of another server."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, InPath
from scop.matrix.api.request import Endpoint, Request, Response
from scop.matrix.json_values import JsonObject

__all__ = ["SendInviteV2", "SendInviteV2Response"]


class SendInviteV2Response(Response, frozen=True, kw_only=True):
    """The invite as the other server signed it."""

    event: JsonObject


class SendInviteV2(Request[SendInviteV2Response], frozen=True, kw_only=True):
    """Hand an invite to the server of the user invited, to be signed there."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/federation/v2/invite/{roomId}/{eventId}", Access.SERVER)

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_id: InPath[str] = msgspec.field(name="eventId")
    room_version: str
    event: JsonObject
    invite_room_state: tuple[JsonObject, ...] | None = None
