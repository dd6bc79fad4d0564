"""Which software a server is."""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Access, Body
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetVersion", "GetVersionResponse", "Server"]


class Server(Body, frozen=True, kw_only=True):
    """Its name and version."""

    name: str | None = None
    version: str | None = None


class GetVersionResponse(Response, frozen=True, kw_only=True):
    """What it says it is."""

    server: Server | None = None


class GetVersion(Request[GetVersionResponse], frozen=True, kw_only=True):
    """Ask a server what it is."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/version", Access.NONE)
