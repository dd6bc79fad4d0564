"""What a server lets its users do.

Standards: Matrix v1.19, Client-Server API §Capabilities negotiation.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Body
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "AccountModerationCapability",
    "BooleanCapability",
    "Capabilities",
    "GetCapabilities",
    "GetCapabilitiesResponse",
    "ProfileFieldsCapability",
    "RoomVersionsCapability",
]


class BooleanCapability(Body, frozen=True, kw_only=True):
    """Something that is allowed or not."""

    enabled: bool


class RoomVersionsCapability(Body, frozen=True, kw_only=True):
    """Which room versions there are, and which one new rooms get."""

    default: str
    available: dict[str, str]


class ProfileFieldsCapability(Body, frozen=True, kw_only=True):
    """Which fields of a profile the user may change."""

    allowed: tuple[str, ...] | None = None
    disallowed: tuple[str, ...] | None = None
    enabled: bool


class AccountModerationCapability(Body, frozen=True, kw_only=True):
    """What the user may do to other accounts."""

    suspend: bool | None = None
    lock: bool | None = None


class Capabilities(Body, frozen=True, kw_only=True):
    """All that a server says of itself."""

    change_password: BooleanCapability | None = msgspec.field(name="m.change_password", default=None)
    forget_forced_upon_leave: BooleanCapability | None = msgspec.field(name="m.forget_forced_upon_leave", default=None)
    room_versions: RoomVersionsCapability | None = msgspec.field(name="m.room_versions", default=None)
    set_displayname: BooleanCapability | None = msgspec.field(name="m.set_displayname", default=None)  # deprecated
    set_avatar_url: BooleanCapability | None = msgspec.field(name="m.set_avatar_url", default=None)  # deprecated
    threepid_changes: BooleanCapability | None = msgspec.field(name="m.3pid_changes", default=None)
    get_login_token: BooleanCapability | None = msgspec.field(name="m.get_login_token", default=None)
    profile_fields: ProfileFieldsCapability | None = msgspec.field(name="m.profile_fields", default=None)
    account_moderation: AccountModerationCapability | None = msgspec.field(name="m.account_moderation", default=None)


class GetCapabilitiesResponse(Response, frozen=True, kw_only=True):
    """What answers `GetCapabilities`."""

    capabilities: Capabilities


class GetCapabilities(Request[GetCapabilitiesResponse], frozen=True, kw_only=True):
    """Ask what the server allows."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/capabilities", is_rate_limited=True)
