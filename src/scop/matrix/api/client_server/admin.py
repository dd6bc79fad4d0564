"""Operations of admin."""

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
    """What is named ConnectionInfo in an answer or a question."""

    ip: str | None = None
    last_seen: int | None = None
    user_agent: str | None = None


class SessionInfo(Body, frozen=True, kw_only=True):
    """What is named SessionInfo in an answer or a question."""

    connections: tuple[ConnectionInfo, ...] | None = None


class WhoIsDevice(Body, frozen=True, kw_only=True):
    """What is named WhoIsDevice in an answer or a question."""

    sessions: tuple[SessionInfo, ...] | None = None


class GetWhoIsResponse(Response, frozen=True, kw_only=True):
    """What answers GetWhoIs."""

    user_id: str | None = None
    devices: dict[str, WhoIsDevice] | None = None


class GetWhoIs(Request[GetWhoIsResponse], frozen=True, kw_only=True):
    """Ask for getWhoIs."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/admin/whois/{userId}")

    user_id: InPath[str] = msgspec.field(name="userId")


class GetAdminSuspendUserResponse(Response, frozen=True, kw_only=True):
    """What answers GetAdminSuspendUser."""

    suspended: bool


class GetAdminSuspendUser(Request[GetAdminSuspendUserResponse], frozen=True, kw_only=True):
    """Ask for getAdminSuspendUser."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v1/admin/suspend/{userId}")

    user_id: InPath[str] = msgspec.field(name="userId")


class SetAdminSuspendUserResponse(Response, frozen=True, kw_only=True):
    """What answers SetAdminSuspendUser."""

    suspended: bool


class SetAdminSuspendUser(Request[SetAdminSuspendUserResponse], frozen=True, kw_only=True):
    """Ask for setAdminSuspendUser."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v1/admin/suspend/{userId}")

    user_id: InPath[str] = msgspec.field(name="userId")
    suspended: bool


class GetAdminLockUserResponse(Response, frozen=True, kw_only=True):
    """What answers GetAdminLockUser."""

    locked: bool


class GetAdminLockUser(Request[GetAdminLockUserResponse], frozen=True, kw_only=True):
    """Ask for getAdminLockUser."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v1/admin/lock/{userId}")

    user_id: InPath[str] = msgspec.field(name="userId")


class SetAdminLockUserResponse(Response, frozen=True, kw_only=True):
    """What answers SetAdminLockUser."""

    locked: bool


class SetAdminLockUser(Request[SetAdminLockUserResponse], frozen=True, kw_only=True):
    """Ask for setAdminLockUser."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v1/admin/lock/{userId}")

    user_id: InPath[str] = msgspec.field(name="userId")
    locked: bool
