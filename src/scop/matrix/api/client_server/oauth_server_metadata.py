"""Where the authorization server of a homeserver is, and what it can do.

Standards: Matrix v1.19, Client-Server API §OAuth 2.0 API.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Access
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetAuthMetadata", "GetAuthMetadataResponse"]


class GetAuthMetadataResponse(Response, frozen=True, kw_only=True):
    """What answers `GetAuthMetadata`."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    registration_endpoint: str
    response_types_supported: tuple[str, ...]
    grant_types_supported: tuple[str, ...]
    response_modes_supported: tuple[str, ...]
    code_challenge_methods_supported: tuple[str, ...]
    prompt_values_supported: tuple[str, ...] | None = None
    account_management_uri: str | None = None
    account_management_actions_supported: tuple[str, ...] | None = None
    device_authorization_endpoint: str | None = None


class GetAuthMetadata(Request[GetAuthMetadataResponse], frozen=True, kw_only=True):
    """Ask for the metadata of the authorization server."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v1/auth_metadata", access=Access.NONE)
