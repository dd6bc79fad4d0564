"""Operations of cross_signing."""

from __future__ import annotations

from typing import ClassVar, Literal

from scop.matrix.api.client_server.definitions import AuthenticationData
from scop.matrix.api.endpoint import Body, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "CrossSigningKey",
    "UploadCrossSigningKeys",
    "UploadCrossSigningKeysResponse",
    "UploadCrossSigningSignatures",
    "UploadCrossSigningSignaturesResponse",
]


class CrossSigningKey(Body, frozen=True, kw_only=True):
    """What is named CrossSigningKey in an answer or a question."""

    user_id: str
    usage: tuple[Literal["master", "self_signing", "user_signing"], ...]
    keys: dict[str, str]
    signatures: dict[str, dict[str, str]] | None = None


class UploadCrossSigningKeysResponse(Response, frozen=True, kw_only=True):
    """What answers UploadCrossSigningKeys."""


class UploadCrossSigningKeys(Request[UploadCrossSigningKeysResponse], frozen=True, kw_only=True):
    """Ask for uploadCrossSigningKeys."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/keys/device_signing/upload")

    master_key: CrossSigningKey | None = None
    self_signing_key: CrossSigningKey | None = None
    user_signing_key: CrossSigningKey | None = None
    auth: AuthenticationData | None = None


class UploadCrossSigningSignaturesResponse(Response, frozen=True, kw_only=True):
    """What answers UploadCrossSigningSignatures."""

    failures: dict[str, dict[str, dict[str, object]]] | None = None


class UploadCrossSigningSignatures(Request[UploadCrossSigningSignaturesResponse], frozen=True, kw_only=True):
    """Ask for uploadCrossSigningSignatures."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/keys/signatures/upload")

    signatures: WholeBody[dict[str, dict[str, dict[str, object]]]]
