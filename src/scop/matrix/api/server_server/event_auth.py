"""Asking what allowed an event."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, InPath
from scop.matrix.api.request import Endpoint, Request, Response
from scop.matrix.json_values import JsonObject

__all__ = ["GetEventAuth", "GetEventAuthResponse"]


class GetEventAuthResponse(Response, frozen=True, kw_only=True):
    """The whole auth chain."""

    auth_chain: tuple[JsonObject, ...]


class GetEventAuth(Request[GetEventAuthResponse], frozen=True, kw_only=True):
    """Ask for the auth chain of an event."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/federation/v1/event_auth/{roomId}/{eventId}", Access.SERVER
    )

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_id: InPath[str] = msgspec.field(name="eventId")
