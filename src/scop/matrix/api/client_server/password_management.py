"""Passwords: changed, and reset by mail or telephone.

Standards: Matrix v1.19, Client-Server API §Account management.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.client_server.definitions import AuthenticationData, TokenByMail, TokenByText, TokenRequested
from scop.matrix.api.endpoint import Access
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "ChangePassword",
    "ChangePasswordResponse",
    "RequestTokenToResetPasswordEmail",
    "RequestTokenToResetPasswordEmailResponse",
    "RequestTokenToResetPasswordMSISDN",
    "RequestTokenToResetPasswordMSISDNResponse",
]


class ChangePasswordResponse(Response, frozen=True, kw_only=True):
    """What answers `ChangePassword`."""


class ChangePassword(Request[ChangePasswordResponse], frozen=True, kw_only=True):
    """Change the password."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "POST", "/_matrix/client/v3/account/password", access=Access.OPTIONAL, is_rate_limited=True
    )

    new_password: str
    logout_devices: bool | None = None
    auth: AuthenticationData | None = None


class RequestTokenToResetPasswordEmailResponse(TokenRequested, frozen=True, kw_only=True):
    """What answers `RequestTokenToResetPasswordEmail`."""


class RequestTokenToResetPasswordEmail(
    TokenByMail, Request[RequestTokenToResetPasswordEmailResponse], frozen=True, kw_only=True
):
    """Have a mail sent by which a password may be reset."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "POST", "/_matrix/client/v3/account/password/email/requestToken", access=Access.NONE
    )


class RequestTokenToResetPasswordMSISDNResponse(TokenRequested, frozen=True, kw_only=True):
    """What answers `RequestTokenToResetPasswordMSISDN`."""


class RequestTokenToResetPasswordMSISDN(
    TokenByText, Request[RequestTokenToResetPasswordMSISDNResponse], frozen=True, kw_only=True
):
    """Have a text sent by which a password may be reset."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "POST", "/_matrix/client/v3/account/password/msisdn/requestToken", access=Access.NONE
    )
