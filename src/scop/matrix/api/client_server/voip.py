"""Relays for calls.

Standards: Matrix v1.19, Client-Server API §Voice over IP.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetTurnServer", "GetTurnServerResponse"]


class GetTurnServerResponse(Response, frozen=True, kw_only=True):
    """What answers `GetTurnServer`."""

    username: str | None = None
    password: str | None = None
    uris: tuple[str, ...] | None = None
    ttl: int | None = None


class GetTurnServer(Request[GetTurnServerResponse], frozen=True, kw_only=True):
    """Get an account at a relay for calls."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/voip/turnServer", is_rate_limited=True)
