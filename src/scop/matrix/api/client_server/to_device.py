"""Messages to devices, outside of any room.

Standards: Matrix v1.19, Client-Server API §Send-to-Device messaging.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["SendToDevice", "SendToDeviceResponse"]


class SendToDeviceResponse(Response, frozen=True, kw_only=True):
    """What answers `SendToDevice`."""


class SendToDevice(Request[SendToDeviceResponse], frozen=True, kw_only=True):
    """Send messages to devices; by its transaction id they are sent once."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/sendToDevice/{eventType}/{txnId}")

    event_type: InPath[str] = msgspec.field(name="eventType")
    txn_id: InPath[str] = msgspec.field(name="txnId")
    messages: dict[str, dict[str, dict[str, object]]]
