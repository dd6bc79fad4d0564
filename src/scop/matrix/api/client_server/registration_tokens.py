"""Whether a token that opens registration is good.

Standards: Matrix v1.19, Client-Server API §Token-authenticated registration.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Access, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["RegistrationTokenValidity", "RegistrationTokenValidityResponse"]


class RegistrationTokenValidityResponse(Response, frozen=True, kw_only=True):
    """What answers `RegistrationTokenValidity`."""

    valid: bool


class RegistrationTokenValidity(Request[RegistrationTokenValidityResponse], frozen=True, kw_only=True):
    """Ask whether a registration token is good."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET",
        "/_matrix/client/v1/register/m.login.registration_token/validity",
        access=Access.NONE,
        is_rate_limited=True,
    )

    token: InQuery[str]
