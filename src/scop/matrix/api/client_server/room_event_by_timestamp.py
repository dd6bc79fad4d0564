"""Operations of room_event_by_timestamp."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.endpoint import InPath, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetEventByTimestamp", "GetEventByTimestampResponse"]


class GetEventByTimestampResponse(Response, frozen=True, kw_only=True):
    """What answers GetEventByTimestamp."""

    event_id: str
    origin_server_ts: int


class GetEventByTimestamp(Request[GetEventByTimestampResponse], frozen=True, kw_only=True):
    """Ask for getEventByTimestamp."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v1/rooms/{roomId}/timestamp_to_event", is_rate_limited=True
    )

    room_id: InPath[str] = msgspec.field(name="roomId")
    ts: InQuery[int]
    dir: InQuery[Literal["f", "b"]]
