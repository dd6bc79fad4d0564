"""New tokens for old.

Standards: Matrix v1.19, Client-Server API §Refreshing access tokens.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Access
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["Refresh", "RefreshResponse"]


class RefreshResponse(Response, frozen=True, kw_only=True):
    """What answers `Refresh`."""

    access_token: str
    refresh_token: str | None = None
    expires_in_ms: int | None = None


class Refresh(Request[RefreshResponse], frozen=True, kw_only=True):
    """Get a new access token for a refresh token."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "POST", "/_matrix/client/v3/refresh", access=Access.NONE, is_rate_limited=True
    )

    refresh_token: str
