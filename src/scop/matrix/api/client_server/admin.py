"""What an administrator of a server may look at and do to accounts.

Standards: Matrix v1.19, Client-Server API §Server Administration.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Body, InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "ConnectionInfo",
    "GetAdminLockUser",
    "GetAdminLockUserResponse",
    "GetAdminSuspendUser",
    "GetAdminSuspendUserResponse",
    "GetWhoIs",
    "GetWhoIsResponse",
    "SessionInfo",
    "SetAdminLockUser",
    "SetAdminLockUserResponse",
    "SetAdminSuspendUser",
    "SetAdminSuspendUserResponse",
    "WhoIsDevice",
]


class ConnectionInfo(Body, frozen=True, kw_only=True):
    """From where a device was used, and when last."""

    ip: str | None = None
    last_seen: int | None = None
    user_agent: str | None = None


class SessionInfo(Body, frozen=True, kw_only=True):
    """One session of a device."""

    connections: tuple[ConnectionInfo, ...] | None = None


class WhoIsDevice(Body, frozen=True, kw_only=True):
    """One device of the user, and its sessions."""

    sessions: tuple[SessionInfo, ...] | None = None


class GetWhoIsResponse(Response, frozen=True, kw_only=True):
    """What answers `GetWhoIs`."""

    user_id: str | None = None
    devices: dict[str, WhoIsDevice] | None = None


class GetWhoIs(Request[GetWhoIsResponse], frozen=True, kw_only=True):
    """Look up where a user is connected from."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/admin/whois/{userId}")

    user_id: InPath[str] = msgspec.field(name="userId")


class GetAdminSuspendUserResponse(Response, frozen=True, kw_only=True):
    """What answers `GetAdminSuspendUser`."""

    suspended: bool


class GetAdminSuspendUser(Request[GetAdminSuspendUserResponse], frozen=True, kw_only=True):
    """Ask whether an account is suspended."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v1/admin/suspend/{userId}")

    user_id: InPath[str] = msgspec.field(name="userId")


class SetAdminSuspendUserResponse(Response, frozen=True, kw_only=True):
    """What answers `SetAdminSuspendUser`."""

    suspended: bool


class SetAdminSuspendUser(Request[SetAdminSuspendUserResponse], frozen=True, kw_only=True):
    """Suspend an account, or let it write again."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v1/admin/suspend/{userId}")

    user_id: InPath[str] = msgspec.field(name="userId")
    suspended: bool


class GetAdminLockUserResponse(Response, frozen=True, kw_only=True):
    """What answers `GetAdminLockUser`."""

    locked: bool


class GetAdminLockUser(Request[GetAdminLockUserResponse], frozen=True, kw_only=True):
    """Ask whether an account is locked."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v1/admin/lock/{userId}")

    user_id: InPath[str] = msgspec.field(name="userId")


class SetAdminLockUserResponse(Response, frozen=True, kw_only=True):
    """What answers `SetAdminLockUser`."""

    locked: bool


class SetAdminLockUser(Request[SetAdminLockUserResponse], frozen=True, kw_only=True):
    """Lock an account, or open it again."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v1/admin/lock/{userId}")

    user_id: InPath[str] = msgspec.field(name="userId")
    locked: bool
