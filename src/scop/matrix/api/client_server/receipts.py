"""Tell others what was read.

Standards: Matrix v1.19, Client-Server API §Receipts.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.endpoint import InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["PostReceipt", "PostReceiptResponse"]


class PostReceiptResponse(Response, frozen=True, kw_only=True):
    """What answers `PostReceipt`."""


class PostReceipt(Request[PostReceiptResponse], frozen=True, kw_only=True):
    """Send a receipt for an event."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "POST", "/_matrix/client/v3/rooms/{roomId}/receipt/{receiptType}/{eventId}", is_rate_limited=True
    )

    room_id: InPath[str] = msgspec.field(name="roomId")
    receipt_type: InPath[Literal["m.read", "m.read.private", "m.fully_read"]] = msgspec.field(name="receiptType")
    event_id: InPath[str] = msgspec.field(name="eventId")
    thread_id: str | None = None
