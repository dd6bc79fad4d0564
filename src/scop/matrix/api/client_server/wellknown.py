"""How a client finds its homeserver by the name of the server.

Standards: Matrix v1.19, Client-Server API §Server Discovery.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.client_server.definitions import HomeserverInformation, IdentityServerInformation
from scop.matrix.api.endpoint import Access
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetWellknown", "GetWellknownResponse"]


class GetWellknownResponse(Response, frozen=True, kw_only=True):
    """What answers `GetWellknown`."""

    homeserver: HomeserverInformation = msgspec.field(name="m.homeserver")
    identity_server: IdentityServerInformation | None = msgspec.field(name="m.identity_server", default=None)


class GetWellknown(Request[GetWellknownResponse], frozen=True, kw_only=True):
    """Read the file that names the homeserver."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/.well-known/matrix/client", access=Access.NONE)
