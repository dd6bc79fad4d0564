"""Operations of logout."""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["Logout", "LogoutAll", "LogoutAllResponse", "LogoutResponse"]


class LogoutResponse(Response, frozen=True, kw_only=True):
    """What answers Logout."""


class Logout(Request[LogoutResponse], frozen=True, kw_only=True):
    """Ask for logout."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/logout")


class LogoutAllResponse(Response, frozen=True, kw_only=True):
    """What answers LogoutAll."""


class LogoutAll(Request[LogoutAllResponse], frozen=True, kw_only=True):
    """Ask for logout_all."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/logout/all")
