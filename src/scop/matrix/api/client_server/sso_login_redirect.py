"""Where a browser goes to log in by single sign-on.

Standards: Matrix v1.19, Client-Server API §SSO client login.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.endpoint import Access, InHeader, InPath, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["RedirectToIdP", "RedirectToIdPResponse", "RedirectToSSO", "RedirectToSSOResponse"]


class RedirectToSSOResponse(Response, frozen=True, kw_only=True):
    """What answers `RedirectToSSO`."""

    status: ClassVar[int] = 302

    location: InHeader[str] = msgspec.field(name="Location")


class RedirectToSSO(Request[RedirectToSSOResponse], frozen=True, kw_only=True):
    """Send a browser to single sign-on."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/login/sso/redirect", access=Access.NONE)

    redirect_url: InQuery[str] = msgspec.field(name="redirectUrl")
    action: InQuery[Literal["login", "register"] | None] = None


class RedirectToIdPResponse(Response, frozen=True, kw_only=True):
    """What answers `RedirectToIdP`."""

    status: ClassVar[int] = 302

    location: InHeader[str] = msgspec.field(name="Location")


class RedirectToIdP(Request[RedirectToIdPResponse], frozen=True, kw_only=True):
    """Send a browser to one provider of single sign-on."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/login/sso/redirect/{idpId}", access=Access.NONE)

    idp_id: InPath[str] = msgspec.field(name="idpId")
    redirect_url: InQuery[str] = msgspec.field(name="redirectUrl")
    action: InQuery[Literal["login", "register"] | None] = None
