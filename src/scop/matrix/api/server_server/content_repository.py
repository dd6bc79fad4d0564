"""Media of another server, as two parts: what is known of it, and its octets or where they are."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.endpoint import Access, InHeader, InPath, InQuery, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetContent", "GetContentResponse", "GetContentThumbnail", "GetContentThumbnailResponse", "MediaInParts"]


class MediaInParts(Response, frozen=True, kw_only=True):
    """A multipart/mixed body: what is known of a file, and its octets or where they are."""

    content_type: InHeader[str] = msgspec.field(name="Content-Type")
    content: WholeBody[bytes]


class GetContentResponse(MediaInParts, frozen=True, kw_only=True):
    """A multipart/mixed body of two parts."""


class GetContent(Request[GetContentResponse], frozen=True, kw_only=True):
    """Ask for a file."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/federation/v1/media/download/{mediaId}", Access.SERVER, is_rate_limited=True
    )

    media_id: InPath[str] = msgspec.field(name="mediaId")
    timeout_ms: InQuery[int | None] = None


class GetContentThumbnailResponse(MediaInParts, frozen=True, kw_only=True):
    """A multipart/mixed body of two parts."""


class GetContentThumbnail(Request[GetContentThumbnailResponse], frozen=True, kw_only=True):
    """Ask for a small picture of a file."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/federation/v1/media/thumbnail/{mediaId}", Access.SERVER, is_rate_limited=True
    )

    media_id: InPath[str] = msgspec.field(name="mediaId")
    width: InQuery[int]
    height: InQuery[int]
    method: InQuery[Literal["crop", "scale"] | None] = None
    timeout_ms: InQuery[int | None] = None
    animated: InQuery[bool | None] = None
