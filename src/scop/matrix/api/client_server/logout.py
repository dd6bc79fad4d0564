"""The end of one access token, or of all.

Standards: Matrix v1.19, Client-Server API §Login.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["Logout", "LogoutAll", "LogoutAllResponse", "LogoutResponse"]


class LogoutResponse(Response, frozen=True, kw_only=True):
    """What answers `Logout`."""


class Logout(Request[LogoutResponse], frozen=True, kw_only=True):
    """End this access token, and its device."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/logout")


class LogoutAllResponse(Response, frozen=True, kw_only=True):
    """What answers `LogoutAll`."""


class LogoutAll(Request[LogoutAllResponse], frozen=True, kw_only=True):
    """End all access tokens of the user, and all devices."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/logout/all")
