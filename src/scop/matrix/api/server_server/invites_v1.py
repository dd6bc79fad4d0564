"""Inviting a user of another server into a room of version 1 or 2."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, Body, InPath, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response
from scop.matrix.json_values import JsonObject

__all__ = ["InviteContainerV1", "SendInviteV1", "SendInviteV1Response"]


class InviteContainerV1(Body, frozen=True, kw_only=True):
    """The invite as the other server signed it."""

    event: JsonObject


class SendInviteV1Response(Response, frozen=True, kw_only=True):
    """A list of the number 200 and the signed invite."""

    answer: WholeBody[tuple[int | InviteContainerV1, ...]]


class SendInviteV1(Request[SendInviteV1Response], frozen=True, kw_only=True):
    """Hand an invite to the server of the user invited, to be signed there."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/federation/v1/invite/{roomId}/{eventId}", Access.SERVER)

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_id: InPath[str] = msgspec.field(name="eventId")
    event: WholeBody[JsonObject]
