"""The devices of a user."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.client_server.cross_signing import CrossSigningKey
from scop.matrix.api.client_server.keys import DeviceKeys
from scop.matrix.api.endpoint import Access, Body, InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetUserDevices", "GetUserDevicesResponse", "UserDevice"]


class UserDevice(Body, frozen=True, kw_only=True):
    """One of them."""

    device_id: str
    keys: DeviceKeys
    device_display_name: str | None = None


class GetUserDevicesResponse(Response, frozen=True, kw_only=True):
    """All of them, as of a number that grows."""

    user_id: str
    stream_id: int
    devices: tuple[UserDevice, ...]
    master_key: CrossSigningKey | None = None
    self_signing_key: CrossSigningKey | None = None


class GetUserDevices(Request[GetUserDevicesResponse], frozen=True, kw_only=True):
    """Ask for the devices of a user."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/federation/v1/user/devices/{userId}", Access.SERVER)

    user_id: InPath[str] = msgspec.field(name="userId")
