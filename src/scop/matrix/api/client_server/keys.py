"""Keys of devices: published, looked up, claimed.

Standards: Matrix v1.19, Client-Server API §End-to-End Encryption §Key management API.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.client_server.definitions import CrossSigningKey
from scop.matrix.api.endpoint import Body, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "ClaimKeys",
    "ClaimKeysResponse",
    "CrossSigningKey",
    "DeviceInformation",
    "DeviceKeys",
    "GetKeysChanges",
    "GetKeysChangesResponse",
    "KeyObject",
    "QueryKeys",
    "QueryKeysResponse",
    "UnsignedDeviceInfo",
    "UploadKeys",
    "UploadKeysResponse",
]


class DeviceKeys(Body, frozen=True, kw_only=True):
    """The keys of one device, signed by it."""

    user_id: str
    device_id: str
    algorithms: tuple[str, ...]
    keys: dict[str, str]
    signatures: dict[str, dict[str, str]]


class KeyObject(Body, frozen=True, kw_only=True):
    """A one-time key with a signature."""

    is_foreign: ClassVar[bool] = True

    key: str
    signatures: dict[str, dict[str, str]]


class UploadKeysResponse(Response, frozen=True, kw_only=True):
    """What answers `UploadKeys`."""

    one_time_key_counts: dict[str, int]


class UploadKeys(Request[UploadKeysResponse], frozen=True, kw_only=True):
    """Publish keys of this device."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/keys/upload")

    device_keys: DeviceKeys | None = None
    one_time_keys: dict[str, str | KeyObject] | None = None
    fallback_keys: dict[str, str | KeyObject] | None = None


class UnsignedDeviceInfo(Body, frozen=True, kw_only=True):
    """What a server adds to the keys of a device."""

    device_display_name: str | None = None


class DeviceInformation(DeviceKeys, frozen=True, kw_only=True):
    """The keys of a device as they are looked up."""

    is_foreign: ClassVar[bool] = True

    unsigned: UnsignedDeviceInfo | None = None


class QueryKeysResponse(Response, frozen=True, kw_only=True):
    """What answers `QueryKeys`."""

    failures: dict[str, dict[str, object]] | None = None
    device_keys: dict[str, dict[str, DeviceInformation]] | None = None
    master_keys: dict[str, CrossSigningKey] | None = None
    self_signing_keys: dict[str, CrossSigningKey] | None = None
    user_signing_keys: dict[str, CrossSigningKey] | None = None


class QueryKeys(Request[QueryKeysResponse], frozen=True, kw_only=True):
    """Look up the devices and keys of users."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/keys/query")

    timeout: int | None = None
    device_keys: dict[str, tuple[str, ...]]


class ClaimKeysResponse(Response, frozen=True, kw_only=True):
    """What answers `ClaimKeys`."""

    failures: dict[str, dict[str, object]] | None = None
    one_time_keys: dict[str, dict[str, dict[str, str | KeyObject]]]


class ClaimKeys(Request[ClaimKeysResponse], frozen=True, kw_only=True):
    """Claim one-time keys of devices."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/keys/claim")

    timeout: int | None = None
    one_time_keys: dict[str, dict[str, str]]


class GetKeysChangesResponse(Response, frozen=True, kw_only=True):
    """What answers `GetKeysChanges`."""

    changed: tuple[str, ...] | None = None
    left: tuple[str, ...] | None = None


class GetKeysChanges(Request[GetKeysChangesResponse], frozen=True, kw_only=True):
    """List users whose devices have changed between two syncs."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/keys/changes")

    from_: InQuery[str] = msgspec.field(name="from")
    to: InQuery[str]
