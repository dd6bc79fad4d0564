"""Keys for encrypting to users of another server."""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.client_server.cross_signing import CrossSigningKey
from scop.matrix.api.client_server.keys import DeviceInformation, KeyObject
from scop.matrix.api.endpoint import Access
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "ClaimUserEncryptionKeys",
    "ClaimUserEncryptionKeysResponse",
    "QueryUserEncryptionKeys",
    "QueryUserEncryptionKeysResponse",
]


class ClaimUserEncryptionKeysResponse(Response, frozen=True, kw_only=True):
    """A key for each device, by user, device and key id."""

    one_time_keys: dict[str, dict[str, dict[str, str | KeyObject]]]


class ClaimUserEncryptionKeys(Request[ClaimUserEncryptionKeysResponse], frozen=True, kw_only=True):
    """Ask for one-time keys."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/federation/v1/user/keys/claim", Access.SERVER)

    one_time_keys: dict[str, dict[str, str]]  # algorithms by user and device


class QueryUserEncryptionKeysResponse(Response, frozen=True, kw_only=True):
    """The keys of devices and of cross-signing, by user."""

    device_keys: dict[str, dict[str, DeviceInformation]]
    master_keys: dict[str, CrossSigningKey] | None = None
    self_signing_keys: dict[str, CrossSigningKey] | None = None


class QueryUserEncryptionKeys(Request[QueryUserEncryptionKeysResponse], frozen=True, kw_only=True):
    """Ask for the keys of devices."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/federation/v1/user/keys/query", Access.SERVER)

    device_keys: dict[str, tuple[str, ...]]  # devices by user; none means all
