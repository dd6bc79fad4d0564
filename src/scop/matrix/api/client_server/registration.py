"""New accounts.

Standards: Matrix v1.19, Client-Server API §Account registration.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from scop.matrix.api.client_server.definitions import AuthenticationData, TokenByMail, TokenByText, TokenRequested
from scop.matrix.api.endpoint import Access, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "CheckUsernameAvailability",
    "CheckUsernameAvailabilityResponse",
    "Register",
    "RegisterResponse",
    "RequestTokenToRegisterEmail",
    "RequestTokenToRegisterEmailResponse",
    "RequestTokenToRegisterMSISDN",
    "RequestTokenToRegisterMSISDNResponse",
]


class RegisterResponse(Response, frozen=True, kw_only=True):
    """What answers `Register`."""

    user_id: str
    access_token: str | None = None
    refresh_token: str | None = None
    expires_in_ms: int | None = None
    home_server: str | None = None  # deprecated
    device_id: str | None = None


class Register(Request[RegisterResponse], frozen=True, kw_only=True):
    """Register an account."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "POST", "/_matrix/client/v3/register", access=Access.NONE, is_rate_limited=True
    )

    kind: InQuery[Literal["guest", "user"] | None] = None
    auth: AuthenticationData | None = None
    username: str | None = None
    password: str | None = None
    device_id: str | None = None
    initial_device_display_name: str | None = None
    inhibit_login: bool | None = None
    refresh_token: bool | None = None


class RequestTokenToRegisterEmailResponse(TokenRequested, frozen=True, kw_only=True):
    """What answers `RequestTokenToRegisterEmail`."""


class RequestTokenToRegisterEmail(TokenByMail, Request[RequestTokenToRegisterEmailResponse], frozen=True, kw_only=True):
    """Have a mail sent that proves an address for a new account."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "POST", "/_matrix/client/v3/register/email/requestToken", access=Access.NONE
    )


class RequestTokenToRegisterMSISDNResponse(TokenRequested, frozen=True, kw_only=True):
    """What answers `RequestTokenToRegisterMSISDN`."""


class RequestTokenToRegisterMSISDN(
    TokenByText, Request[RequestTokenToRegisterMSISDNResponse], frozen=True, kw_only=True
):
    """Have a text sent that proves a number for a new account."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "POST", "/_matrix/client/v3/register/msisdn/requestToken", access=Access.NONE
    )


class CheckUsernameAvailabilityResponse(Response, frozen=True, kw_only=True):
    """What answers `CheckUsernameAvailability`."""

    available: bool | None = None


class CheckUsernameAvailability(Request[CheckUsernameAvailabilityResponse], frozen=True, kw_only=True):
    """Ask whether a user name is free."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v3/register/available", access=Access.NONE, is_rate_limited=True
    )

    username: InQuery[str]
