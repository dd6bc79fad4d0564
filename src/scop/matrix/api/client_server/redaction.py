"""Take back what an event says.

Standards: Matrix v1.19, Client-Server API §Redactions.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["RedactEvent", "RedactEventResponse"]


class RedactEventResponse(Response, frozen=True, kw_only=True):
    """What answers `RedactEvent`."""

    event_id: str | None = None


class RedactEvent(Request[RedactEventResponse], frozen=True, kw_only=True):
    """Redact an event."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/rooms/{roomId}/redact/{eventId}/{txnId}")

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_id: InPath[str] = msgspec.field(name="eventId")
    txn_id: InPath[str] = msgspec.field(name="txnId")
    reason: str | None = None
