"""Publish the keys by which a user vouches for devices and other users.

Standards: Matrix v1.19, Client-Server API §Cross-signing.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.client_server.definitions import AuthenticationData, CrossSigningKey
from scop.matrix.api.endpoint import WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "CrossSigningKey",
    "UploadCrossSigningKeys",
    "UploadCrossSigningKeysResponse",
    "UploadCrossSigningSignatures",
    "UploadCrossSigningSignaturesResponse",
]


class UploadCrossSigningKeysResponse(Response, frozen=True, kw_only=True):
    """What answers `UploadCrossSigningKeys`."""


class UploadCrossSigningKeys(Request[UploadCrossSigningKeysResponse], frozen=True, kw_only=True):
    """Publish the user's own cross-signing keys."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/keys/device_signing/upload")

    master_key: CrossSigningKey | None = None
    self_signing_key: CrossSigningKey | None = None
    user_signing_key: CrossSigningKey | None = None
    auth: AuthenticationData | None = None


class UploadCrossSigningSignaturesResponse(Response, frozen=True, kw_only=True):
    """What answers `UploadCrossSigningSignatures`."""

    failures: dict[str, dict[str, dict[str, object]]] | None = None


class UploadCrossSigningSignatures(Request[UploadCrossSigningSignaturesResponse], frozen=True, kw_only=True):
    """Publish signatures of devices and of other users' keys."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/keys/signatures/upload")

    signatures: WholeBody[dict[str, dict[str, dict[str, object]]]]
