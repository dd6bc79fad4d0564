"""Asking a server for its own keys."""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Access
from scop.matrix.api.request import Endpoint, Request, Response
from scop.matrix.api.server_server.definitions import ServerKeys

__all__ = ["GetServerKey", "GetServerKeyResponse"]


class GetServerKeyResponse(ServerKeys, Response, frozen=True, kw_only=True):
    """What a server says of its own keys, signed by them."""


class GetServerKey(Request[GetServerKeyResponse], frozen=True, kw_only=True):
    """Ask a server for its keys."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/key/v2/server", Access.NONE)
