"""Asking who a token of a third party belongs to."""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Access, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["ExchangeOpenIdToken", "ExchangeOpenIdTokenResponse"]


class ExchangeOpenIdTokenResponse(Response, frozen=True, kw_only=True):
    """The user."""

    sub: str


class ExchangeOpenIdToken(Request[ExchangeOpenIdTokenResponse], frozen=True, kw_only=True):
    """Ask which user made an OpenID token."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/openid/userinfo", Access.NONE)

    access_token: InQuery[str]
