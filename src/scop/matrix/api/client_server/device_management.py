"""The devices of an account.

Standards: Matrix v1.19, Client-Server API §Device Management.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.client_server.definitions import AuthenticationData
from scop.matrix.api.endpoint import Body, InPath, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "DeleteDevice",
    "DeleteDeviceResponse",
    "DeleteDevices",
    "DeleteDevicesResponse",
    "Device",
    "GetDevice",
    "GetDeviceResponse",
    "GetDevices",
    "GetDevicesResponse",
    "UpdateDevice",
    "UpdateDeviceResponse",
]


class Device(Body, frozen=True, kw_only=True):
    """A device of the account, and where it was last seen."""

    device_id: str
    display_name: str | None = None
    last_seen_ip: str | None = None
    last_seen_ts: int | None = None


class GetDevicesResponse(Response, frozen=True, kw_only=True):
    """What answers `GetDevices`."""

    devices: tuple[Device, ...] | None = None


class GetDevices(Request[GetDevicesResponse], frozen=True, kw_only=True):
    """List the devices of the account."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/devices")


class GetDeviceResponse(Response, frozen=True, kw_only=True):
    """What answers `GetDevice`."""

    device: WholeBody[Device]


class GetDevice(Request[GetDeviceResponse], frozen=True, kw_only=True):
    """Look up one device of the account."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/devices/{deviceId}")

    device_id: InPath[str] = msgspec.field(name="deviceId")


class UpdateDeviceResponse(Response, frozen=True, kw_only=True):
    """What answers `UpdateDevice`."""


class UpdateDevice(Request[UpdateDeviceResponse], frozen=True, kw_only=True):
    """Name a device."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/devices/{deviceId}")

    device_id: InPath[str] = msgspec.field(name="deviceId")
    display_name: str | None = None


class DeleteDeviceResponse(Response, frozen=True, kw_only=True):
    """What answers `DeleteDevice`."""


class DeleteDevice(Request[DeleteDeviceResponse], frozen=True, kw_only=True):
    """Log a device out and forget it."""

    endpoint: ClassVar[Endpoint] = Endpoint("DELETE", "/_matrix/client/v3/devices/{deviceId}")

    device_id: InPath[str] = msgspec.field(name="deviceId")
    auth: AuthenticationData | None = None


class DeleteDevicesResponse(Response, frozen=True, kw_only=True):
    """What answers `DeleteDevices`."""


class DeleteDevices(Request[DeleteDevicesResponse], frozen=True, kw_only=True):
    """Log several devices out and forget them."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/delete_devices")

    devices: tuple[str, ...]
    auth: AuthenticationData | None = None
