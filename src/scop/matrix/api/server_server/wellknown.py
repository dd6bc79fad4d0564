"""Where the server of a name really is."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetWellKnown", "GetWellKnownResponse"]


class GetWellKnownResponse(Response, frozen=True, kw_only=True):
    """The server to talk to instead."""

    m_server: str | None = msgspec.field(name="m.server", default=None)


class GetWellKnown(Request[GetWellKnownResponse], frozen=True, kw_only=True):
    """Ask a host which server speaks for it."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/.well-known/matrix/server", Access.NONE)
