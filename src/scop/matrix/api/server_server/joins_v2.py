"""Joining through a server that is in the room: the second step."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, InPath, InQuery, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response
from scop.matrix.json_values import JsonObject

__all__ = ["SendJoinV2", "SendJoinV2Response"]


class SendJoinV2Response(Response, frozen=True, kw_only=True):
    """The room as it was before the join."""

    members_omitted: bool | None = None
    auth_chain: tuple[JsonObject, ...]
    state: tuple[JsonObject, ...]
    event: JsonObject | None = None  # with a signature of the server that let in
    servers_in_room: tuple[str, ...] | None = None


class SendJoinV2(Request[SendJoinV2Response], frozen=True, kw_only=True):
    """Hand in a signed join."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/federation/v2/send_join/{roomId}/{eventId}", Access.SERVER)

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_id: InPath[str] = msgspec.field(name="eventId")
    omit_members: InQuery[bool | None] = None
    event: WholeBody[JsonObject]
