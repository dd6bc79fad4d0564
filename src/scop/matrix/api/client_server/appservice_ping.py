"""Operations of appservice_ping."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["PingAppservice", "PingAppserviceResponse"]


class PingAppserviceResponse(Response, frozen=True, kw_only=True):
    """What answers PingAppservice."""

    duration_ms: int


class PingAppservice(Request[PingAppserviceResponse], frozen=True, kw_only=True):
    """Ask for pingAppservice."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "POST", "/_matrix/client/v1/appservice/{appserviceId}/ping", access=Access.APP_SERVICE
    )

    appservice_id: InPath[str] = msgspec.field(name="appserviceId")
    transaction_id: str | None = None
