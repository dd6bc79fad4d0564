"""Whose an access token is.

Standards: Matrix v1.19, Client-Server API §Current account information.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetTokenOwner", "GetTokenOwnerResponse"]


class GetTokenOwnerResponse(Response, frozen=True, kw_only=True):
    """What answers `GetTokenOwner`."""

    user_id: str
    device_id: str | None = None
    is_guest: bool | None = None


class GetTokenOwner(Request[GetTokenOwnerResponse], frozen=True, kw_only=True):
    """Ask whose this access token is."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/account/whoami", is_rate_limited=True)
