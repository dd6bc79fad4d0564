"""Operations of pusher."""

from __future__ import annotations

from typing import ClassVar, Literal

from scop.matrix.api.endpoint import Body
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "GetPushers",
    "GetPushersPusherData",
    "GetPushersResponse",
    "PostPusher",
    "PostPusherPusherData",
    "PostPusherResponse",
    "Pusher",
]


class GetPushersPusherData(Body, frozen=True, kw_only=True):
    """What is named GetPushersPusherData in an answer or a question."""

    url: str | None = None
    format: str | None = None


class Pusher(Body, frozen=True, kw_only=True):
    """What is named Pusher in an answer or a question."""

    pushkey: str
    kind: str
    app_id: str
    app_display_name: str
    device_display_name: str
    profile_tag: str | None = None
    lang: str
    data: GetPushersPusherData


class GetPushersResponse(Response, frozen=True, kw_only=True):
    """What answers GetPushers."""

    pushers: tuple[Pusher, ...] | None = None


class GetPushers(Request[GetPushersResponse], frozen=True, kw_only=True):
    """Ask for getPushers."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/pushers")


class PostPusherPusherData(Body, frozen=True, kw_only=True):
    """What is named PostPusherPusherData in an answer or a question."""

    url: str | None = None
    format: Literal["event_id_only"] | None = None


class PostPusherResponse(Response, frozen=True, kw_only=True):
    """What answers PostPusher."""


class PostPusher(Request[PostPusherResponse], frozen=True, kw_only=True):
    """Ask for postPusher."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/pushers/set", is_rate_limited=True)

    pushkey: str
    kind: str | None
    app_id: str
    app_display_name: str | None = None
    device_display_name: str | None = None
    profile_tag: str | None = None
    lang: str | None = None
    data: PostPusherPusherData | None = None
    append: bool | None = None
