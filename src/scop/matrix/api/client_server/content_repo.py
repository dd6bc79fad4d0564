"""Media: up, and down by the endpoints that needed no login.

Standards: Matrix v1.19, Client-Server API §Content repository.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.client_server.definitions import (
    Media,
    MediaAddress,
    PageToPreview,
    Thumbnail,
    UploadLimit,
    UrlPreview,
)
from scop.matrix.api.endpoint import Access, InHeader, InPath, InQuery, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "CreateContent",
    "CreateContentResponse",
    "GetConfig",
    "GetConfigResponse",
    "GetContent",
    "GetContentOverrideName",
    "GetContentOverrideNameResponse",
    "GetContentResponse",
    "GetContentThumbnail",
    "GetContentThumbnailResponse",
    "GetUrlPreview",
    "GetUrlPreviewResponse",
    "UploadContent",
    "UploadContentResponse",
    "UploadContentToMXC",
    "UploadContentToMXCResponse",
]


class UploadContentResponse(Response, frozen=True, kw_only=True):
    """What answers `UploadContent`."""

    content_uri: str


class UploadContent(Request[UploadContentResponse], frozen=True, kw_only=True):
    """Upload a file."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/media/v3/upload", is_rate_limited=True)

    content_type: InHeader[str | None] = msgspec.field(name="Content-Type", default=None)
    filename: InQuery[str | None] = None
    content: WholeBody[bytes]


class UploadContentToMXCResponse(Response, frozen=True, kw_only=True):
    """What answers `UploadContentToMXC`."""


class UploadContentToMXC(MediaAddress, Request[UploadContentToMXCResponse], frozen=True, kw_only=True):
    """Upload a file to an address that was given before."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "PUT", "/_matrix/media/v3/upload/{serverName}/{mediaId}", is_rate_limited=True
    )

    content_type: InHeader[str | None] = msgspec.field(name="Content-Type", default=None)
    filename: InQuery[str | None] = None
    content: WholeBody[bytes]


class CreateContentResponse(Response, frozen=True, kw_only=True):
    """What answers `CreateContent`."""

    content_uri: str
    unused_expires_at: int | None = None


class CreateContent(Request[CreateContentResponse], frozen=True, kw_only=True):
    """Get an address for a file that is to be uploaded later."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/media/v1/create", is_rate_limited=True)


class GetContentResponse(Media, frozen=True, kw_only=True):
    """What answers `GetContent`."""


class GetContent(MediaAddress, Request[GetContentResponse], frozen=True, kw_only=True):
    """Download a file, as before media needed a login."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET",
        "/_matrix/media/v3/download/{serverName}/{mediaId}",
        access=Access.NONE,
        is_rate_limited=True,
        is_deprecated=True,
    )

    allow_remote: InQuery[bool | None] = None
    timeout_ms: InQuery[int | None] = None
    allow_redirect: InQuery[bool | None] = None


class GetContentOverrideNameResponse(Media, frozen=True, kw_only=True):
    """What answers `GetContentOverrideName`."""


class GetContentOverrideName(MediaAddress, Request[GetContentOverrideNameResponse], frozen=True, kw_only=True):
    """Download a file under another name, as before media needed a login."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET",
        "/_matrix/media/v3/download/{serverName}/{mediaId}/{fileName}",
        access=Access.NONE,
        is_rate_limited=True,
        is_deprecated=True,
    )

    file_name: InPath[str] = msgspec.field(name="fileName")
    allow_remote: InQuery[bool | None] = None
    timeout_ms: InQuery[int | None] = None
    allow_redirect: InQuery[bool | None] = None


class GetContentThumbnailResponse(Media, frozen=True, kw_only=True):
    """What answers `GetContentThumbnail`."""


class GetContentThumbnail(Thumbnail, Request[GetContentThumbnailResponse], frozen=True, kw_only=True):
    """Download a small picture of a file, as before media needed a login."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET",
        "/_matrix/media/v3/thumbnail/{serverName}/{mediaId}",
        access=Access.NONE,
        is_rate_limited=True,
        is_deprecated=True,
    )

    allow_remote: InQuery[bool | None] = None
    timeout_ms: InQuery[int | None] = None
    allow_redirect: InQuery[bool | None] = None
    animated: InQuery[bool | None] = None


class GetUrlPreviewResponse(UrlPreview, frozen=True, kw_only=True):
    """What answers `GetUrlPreview`."""


class GetUrlPreview(PageToPreview, Request[GetUrlPreviewResponse], frozen=True, kw_only=True):
    """Ask what a page is about, as before media needed a login."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/media/v3/preview_url", is_rate_limited=True, is_deprecated=True
    )


class GetConfigResponse(UploadLimit, frozen=True, kw_only=True):
    """What answers `GetConfig`."""


class GetConfig(Request[GetConfigResponse], frozen=True, kw_only=True):
    """Ask how large files may be, as before media needed a login."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/media/v3/config", is_rate_limited=True, is_deprecated=True)
