"""A token that logs in another client of the same user.

Standards: Matrix v1.19, Client-Server API §Login.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.client_server.definitions import AuthenticationData
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GenerateLoginToken", "GenerateLoginTokenResponse"]


class GenerateLoginTokenResponse(Response, frozen=True, kw_only=True):
    """What answers `GenerateLoginToken`."""

    login_token: str
    expires_in_ms: int


class GenerateLoginToken(Request[GenerateLoginTokenResponse], frozen=True, kw_only=True):
    """Get a token that logs in another client."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v1/login/get_token", is_rate_limited=True)

    auth: AuthenticationData | None = None
