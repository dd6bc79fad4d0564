"""The event nearest to a time.

Standards: Matrix v1.19, Client-Server API §Jump to Date.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.endpoint import InPath, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetEventByTimestamp", "GetEventByTimestampResponse"]


class GetEventByTimestampResponse(Response, frozen=True, kw_only=True):
    """What answers `GetEventByTimestamp`."""

    event_id: str
    origin_server_ts: int


class GetEventByTimestamp(Request[GetEventByTimestampResponse], frozen=True, kw_only=True):
    """Find the event nearest to a time."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v1/rooms/{roomId}/timestamp_to_event", is_rate_limited=True
    )

    room_id: InPath[str] = msgspec.field(name="roomId")
    ts: InQuery[int]
    dir: InQuery[Literal["f", "b"]]
