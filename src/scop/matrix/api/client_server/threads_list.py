"""The threads of a room.

Standards: Matrix v1.19, Client-Server API §Threading.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.client_server.events import ClientEvent
from scop.matrix.api.endpoint import InPath, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetThreadRoots", "GetThreadRootsResponse"]


class GetThreadRootsResponse(Response, frozen=True, kw_only=True):
    """What answers `GetThreadRoots`."""

    chunk: tuple[ClientEvent, ...]
    next_batch: str | None = None


class GetThreadRoots(Request[GetThreadRootsResponse], frozen=True, kw_only=True):
    """List the first events of threads."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v1/rooms/{roomId}/threads", is_rate_limited=True)

    room_id: InPath[str] = msgspec.field(name="roomId")
    include: InQuery[Literal["all", "participated"] | None] = None
    limit: InQuery[int | None] = None
    from_: InQuery[str | None] = msgspec.field(name="from", default=None)
