"""Where notifications are pushed to.

Standards: Matrix v1.19, Client-Server API §Push Notifications.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Body
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetPushers", "GetPushersResponse", "PostPusher", "PostPusherResponse", "Pusher", "PusherData"]


class PusherData(Body, frozen=True, kw_only=True):
    """What a pusher needs to know."""

    url: str | None = None
    format: str | None = None


class Pusher(Body, frozen=True, kw_only=True):
    """One place that notifications are pushed to."""

    pushkey: str
    kind: str
    app_id: str
    app_display_name: str
    device_display_name: str
    profile_tag: str | None = None
    lang: str
    data: PusherData


class GetPushersResponse(Response, frozen=True, kw_only=True):
    """What answers `GetPushers`."""

    pushers: tuple[Pusher, ...] | None = None


class GetPushers(Request[GetPushersResponse], frozen=True, kw_only=True):
    """List where notifications are pushed to."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/pushers")


class PostPusherResponse(Response, frozen=True, kw_only=True):
    """What answers `PostPusher`."""


class PostPusher(Request[PostPusherResponse], frozen=True, kw_only=True):
    """Add, change or delete a place that notifications are pushed to."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/pushers/set", is_rate_limited=True)

    pushkey: str
    kind: str | None
    app_id: str
    app_display_name: str | None = None
    device_display_name: str | None = None
    profile_tag: str | None = None
    lang: str | None = None
    data: PusherData | None = None
    append: bool | None = None
