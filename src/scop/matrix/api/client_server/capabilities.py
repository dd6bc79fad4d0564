"""Operations of capabilities."""

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
    """What is named BooleanCapability in an answer or a question."""

    enabled: bool


class RoomVersionsCapability(Body, frozen=True, kw_only=True):
    """What is named RoomVersionsCapability in an answer or a question."""

    default: str
    available: dict[str, str]


class ProfileFieldsCapability(Body, frozen=True, kw_only=True):
    """What is named ProfileFieldsCapability in an answer or a question."""

    allowed: tuple[str, ...] | None = None
    disallowed: tuple[str, ...] | None = None
    enabled: bool


class AccountModerationCapability(Body, frozen=True, kw_only=True):
    """What is named AccountModerationCapability in an answer or a question."""

    suspend: bool | None = None
    lock: bool | None = None


class Capabilities(Body, frozen=True, kw_only=True):
    """What is named Capabilities in an answer or a question."""

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
    """What answers GetCapabilities."""

    capabilities: Capabilities


class GetCapabilities(Request[GetCapabilitiesResponse], frozen=True, kw_only=True):
    """Ask for getCapabilities."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/capabilities", is_rate_limited=True)
