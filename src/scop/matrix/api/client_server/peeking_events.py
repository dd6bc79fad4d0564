"""Events of a room that one is not in.

Standards: Matrix v1.19, Client-Server API §Room Previews.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.client_server.definitions import EventStream
from scop.matrix.api.endpoint import InQuery
from scop.matrix.api.request import Endpoint, Request

__all__ = ["PeekEvents", "PeekEventsResponse"]


class PeekEventsResponse(EventStream, frozen=True, kw_only=True):
    """What answers `PeekEvents`."""


class PeekEvents(Request[PeekEventsResponse], frozen=True, kw_only=True):
    """Wait for events of one room, also from outside."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/events")

    from_: InQuery[str | None] = msgspec.field(name="from", default=None)
    timeout: InQuery[int | None] = None
    room_id: InQuery[str]
