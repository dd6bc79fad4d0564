"""Names, pictures and other fields of users.

Standards: Matrix v1.19, Client-Server API §Profiles.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, InPath, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "DeleteProfileField",
    "DeleteProfileFieldResponse",
    "GetProfileField",
    "GetProfileFieldResponse",
    "GetUserProfile",
    "GetUserProfileResponse",
    "SetProfileField",
    "SetProfileFieldResponse",
]


class SetProfileFieldResponse(Response, frozen=True, kw_only=True):
    """What answers `SetProfileField`."""


class SetProfileField(Request[SetProfileFieldResponse], frozen=True, kw_only=True):
    """Set one field of a profile."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "PUT", "/_matrix/client/v3/profile/{userId}/{keyName}", is_rate_limited=True
    )

    user_id: InPath[str] = msgspec.field(name="userId")
    key_name: InPath[str] = msgspec.field(name="keyName")
    content: WholeBody[dict[str, object]]


class GetProfileFieldResponse(Response, frozen=True, kw_only=True):
    """What answers `GetProfileField`."""

    content: WholeBody[dict[str, object]]


class GetProfileField(Request[GetProfileFieldResponse], frozen=True, kw_only=True):
    """Read one field of a profile."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v3/profile/{userId}/{keyName}", access=Access.OPTIONAL
    )

    user_id: InPath[str] = msgspec.field(name="userId")
    key_name: InPath[str] = msgspec.field(name="keyName")


class DeleteProfileFieldResponse(Response, frozen=True, kw_only=True):
    """What answers `DeleteProfileField`."""


class DeleteProfileField(Request[DeleteProfileFieldResponse], frozen=True, kw_only=True):
    """Delete one field of a profile."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "DELETE", "/_matrix/client/v3/profile/{userId}/{keyName}", is_rate_limited=True
    )

    user_id: InPath[str] = msgspec.field(name="userId")
    key_name: InPath[str] = msgspec.field(name="keyName")


class GetUserProfileResponse(Response, frozen=True, kw_only=True):
    """What answers `GetUserProfile`."""

    avatar_url: str | None = None
    displayname: str | None = None
    tz: str | None = msgspec.field(name="m.tz", default=None)


class GetUserProfile(Request[GetUserProfileResponse], frozen=True, kw_only=True):
    """Read a profile."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/profile/{userId}", access=Access.OPTIONAL)

    user_id: InPath[str] = msgspec.field(name="userId")
