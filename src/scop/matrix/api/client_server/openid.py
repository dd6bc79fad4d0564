"""A token by which others learn who a user is.

Standards: Matrix v1.19, Client-Server API §OpenID.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["RequestOpenIdToken", "RequestOpenIdTokenResponse"]


class RequestOpenIdTokenResponse(Response, frozen=True, kw_only=True):
    """What answers `RequestOpenIdToken`."""

    access_token: str
    token_type: str
    matrix_server_name: str
    expires_in: int


class RequestOpenIdToken(Request[RequestOpenIdTokenResponse], frozen=True, kw_only=True):
    """Get a token that proves to others who the user is."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "POST", "/_matrix/client/v3/user/{userId}/openid/request_token", is_rate_limited=True
    )

    user_id: InPath[str] = msgspec.field(name="userId")
