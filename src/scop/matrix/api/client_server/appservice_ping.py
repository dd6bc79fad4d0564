"""An application service asks whether its homeserver reaches it.

Standards: Matrix v1.19, Application Service API §Pinging.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["PingAppservice", "PingAppserviceResponse"]


class PingAppserviceResponse(Response, frozen=True, kw_only=True):
    """What answers `PingAppservice`."""

    duration_ms: int


class PingAppservice(Request[PingAppserviceResponse], frozen=True, kw_only=True):
    """Have the homeserver call the application service, and say how long it took."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "POST", "/_matrix/client/v1/appservice/{appserviceId}/ping", access=Access.APP_SERVICE
    )

    appservice_id: InPath[str] = msgspec.field(name="appserviceId")
    transaction_id: str | None = None
