"""Send a message event.

Standards: Matrix v1.19, Client-Server API §Sending events to a room.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import InPath, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["SendMessage", "SendMessageResponse"]


class SendMessageResponse(Response, frozen=True, kw_only=True):
    """What answers `SendMessage`."""

    event_id: str


class SendMessage(Request[SendMessageResponse], frozen=True, kw_only=True):
    """Send a message event; by its transaction id it is sent once."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}")

    room_id: InPath[str] = msgspec.field(name="roomId")
    event_type: InPath[str] = msgspec.field(name="eventType")
    txn_id: InPath[str] = msgspec.field(name="txnId")
    content: WholeBody[dict[str, object]]
