"""Media, seen only by who is logged in.

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
from scop.matrix.api.endpoint import InPath, InQuery
from scop.matrix.api.request import Endpoint, Request

__all__ = [
    "GetConfigAuthed",
    "GetConfigAuthedResponse",
    "GetContentAuthed",
    "GetContentAuthedResponse",
    "GetContentOverrideNameAuthed",
    "GetContentOverrideNameAuthedResponse",
    "GetContentThumbnailAuthed",
    "GetContentThumbnailAuthedResponse",
    "GetUrlPreviewAuthed",
    "GetUrlPreviewAuthedResponse",
]


class GetContentAuthedResponse(Media, frozen=True, kw_only=True):
    """What answers `GetContentAuthed`."""


class GetContentAuthed(MediaAddress, Request[GetContentAuthedResponse], frozen=True, kw_only=True):
    """Download a file."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v1/media/download/{serverName}/{mediaId}", is_rate_limited=True
    )

    timeout_ms: InQuery[int | None] = None


class GetContentOverrideNameAuthedResponse(Media, frozen=True, kw_only=True):
    """What answers `GetContentOverrideNameAuthed`."""


class GetContentOverrideNameAuthed(
    MediaAddress, Request[GetContentOverrideNameAuthedResponse], frozen=True, kw_only=True
):
    """Download a file under another name."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v1/media/download/{serverName}/{mediaId}/{fileName}", is_rate_limited=True
    )

    file_name: InPath[str] = msgspec.field(name="fileName")
    timeout_ms: InQuery[int | None] = None


class GetContentThumbnailAuthedResponse(Media, frozen=True, kw_only=True):
    """What answers `GetContentThumbnailAuthed`."""


class GetContentThumbnailAuthed(Thumbnail, Request[GetContentThumbnailAuthedResponse], frozen=True, kw_only=True):
    """Download a small picture of a file."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v1/media/thumbnail/{serverName}/{mediaId}", is_rate_limited=True
    )

    timeout_ms: InQuery[int | None] = None
    animated: InQuery[bool | None] = None


class GetUrlPreviewAuthedResponse(UrlPreview, frozen=True, kw_only=True):
    """What answers `GetUrlPreviewAuthed`."""


class GetUrlPreviewAuthed(PageToPreview, Request[GetUrlPreviewAuthedResponse], frozen=True, kw_only=True):
    """Ask what a page is about."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v1/media/preview_url", is_rate_limited=True)


class GetConfigAuthedResponse(UploadLimit, frozen=True, kw_only=True):
    """What answers `GetConfigAuthed`."""


class GetConfigAuthed(Request[GetConfigAuthedResponse], frozen=True, kw_only=True):
    """Ask how large files may be."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v1/media/config", is_rate_limited=True)
