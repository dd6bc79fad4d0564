"""How a client gets its access token.

Standards: Matrix v1.19, Client-Server API §Login.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.client_server.definitions import DiscoveryInformation
from scop.matrix.api.endpoint import Access, Body
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "DiscoveryInformation",
    "GetLoginFlows",
    "GetLoginFlowsResponse",
    "Login",
    "LoginFlow",
    "LoginResponse",
    "UserIdentifier",
]


class LoginFlow(Body, frozen=True, kw_only=True):
    """One way to log in."""

    type: str
    get_login_token: bool | None = None


class GetLoginFlowsResponse(Response, frozen=True, kw_only=True):
    """What answers `GetLoginFlows`."""

    flows: tuple[LoginFlow, ...] | None = None


class GetLoginFlows(Request[GetLoginFlowsResponse], frozen=True, kw_only=True):
    """Ask which ways to log in there are."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/login", access=Access.NONE, is_rate_limited=True)


class UserIdentifier(Body, frozen=True, kw_only=True):
    """Who logs in; what its type needs is in `unknown`."""

    type: str


class LoginResponse(Response, frozen=True, kw_only=True):
    """What answers `Login`."""

    user_id: str
    access_token: str
    refresh_token: str | None = None
    expires_in_ms: int | None = None
    home_server: str | None = None  # deprecated
    device_id: str
    well_known: DiscoveryInformation | None = None


class Login(Request[LoginResponse], frozen=True, kw_only=True):
    """Log in."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "POST", "/_matrix/client/v3/login", access=Access.NONE, is_rate_limited=True
    )

    type: str
    identifier: UserIdentifier | None = None
    user: str | None = None  # deprecated
    medium: str | None = None  # deprecated
    address: str | None = None  # deprecated
    password: str | None = None
    token: str | None = None
    device_id: str | None = None
    initial_device_display_name: str | None = None
    refresh_token: bool | None = None
