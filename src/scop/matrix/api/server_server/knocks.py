"""Knocking through a server that is in the room."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, InPath, InQuery, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response
from scop.matrix.json_values import JsonObject

__all__ = ["MakeKnock", "MakeKnockResponse", "SendKnock", "SendKnockResponse"]


class MakeKnockResponse(Response, frozen=True, kw_only=True):
    """A knock that lacks hashes and a signature."""

    room_version: str
    event: JsonObject


class MakeKnock(Request[MakeKnockResponse], frozen=True, kw_only=True):
    """Ask for a knock to fill in, naming the room versions one knows."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/make_knock/{roomId}/{userId}", Access.SERVER)

    room_id: InPath[str] = msgspec.field(name="roomId")
    user_id: InPath[str] = msgspec.field(name="userId")
    ver: InQuery[tuple[str, ...]]


class SendKnockResponse(Response, frozen=True, kw_only=True):
    """What may be shown of the room to one who waits."""

    knock_room_state: tuple[JsonObject, ...]


class SendKnock(Request[SendKnockResponse], frozen=True, kw_only=True):
    """Hand in a signed knock."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "PUT", "/_matrix/federation/v1/send_knock/{roomId}/{eventId}", Access.SERVER
    )

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_id: InPath[str] = msgspec.field(name="eventId")
    event: WholeBody[JsonObject]
