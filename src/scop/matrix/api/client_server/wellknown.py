"""How a client finds its homeserver by the name of the server.

Standards: Matrix v1.19, Client-Server API §Server Discovery.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.client_server.definitions import DiscoveryInformation
from scop.matrix.api.endpoint import Access
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetWellknown", "GetWellknownResponse"]


class GetWellknownResponse(DiscoveryInformation, Response, frozen=True, kw_only=True):
    """What answers `GetWellknown`."""


class GetWellknown(Request[GetWellknownResponse], frozen=True, kw_only=True):
    """Read the file that names the homeserver."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/.well-known/matrix/client", access=Access.NONE)
