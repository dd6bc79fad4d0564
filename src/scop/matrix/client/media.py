"""Files at homeservers. Bodies of any size are carried outside of steps: the requests are given here, without them.

Standards: Matrix v1.19 CS §Content Repository.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from scop.base import RemoteProtocolError, printable
from scop.matrix.api.client_server.authed_content_repo import (
    GetConfigAuthed,
    GetContentAuthed,
    GetContentOverrideNameAuthed,
    GetContentThumbnailAuthed,
    GetUrlPreviewAuthed,
    GetUrlPreviewAuthedResponse,
)
from scop.matrix.api.client_server.content_repo import (
    CreateContent,
    CreateContentResponse,
    GetConfig,
    GetContent,
    GetContentThumbnail,
    UploadContent,
    UploadContentToMXC,
)
from scop.matrix.api.errors import MatrixError
from scop.matrix.ids import ServerName
from scop.matrix.steps import Steps, ask

__all__ = ["Downloaded", "Media", "MxcUri", "ThumbnailSize"]

_MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,255}\Z")


@dataclass(frozen=True, slots=True)
class MxcUri:
    """Where a file is: mxc://server/id."""

    server_name: str
    media_id: str

    @classmethod
    def parse(cls, text: str) -> MxcUri:
        """Return the URI that text writes; raises `RemoteProtocolError`."""
        scheme, _, rest = text.partition("://")
        server, _, media_id = rest.partition("/")
        # Matrix v1.19 CS §Security considerations: nothing but these letters, so that no path can be walked.
        if scheme != "mxc" or not _MEDIA_ID.match(media_id):
            raise RemoteProtocolError(f"{printable(text)} is no mxc: URI")
        return cls(str(ServerName.parse(server)), media_id)

    def __str__(self) -> str:
        return f"mxc://{self.server_name}/{self.media_id}"


@dataclass(frozen=True, slots=True)
class ThumbnailSize:
    """How large a thumbnail is wanted."""

    width: int
    height: int
    method: Literal["crop", "scale"] = "scale"
    is_animated: bool = False


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that was fetched; what its server says of it is not to be believed."""

    octets: bytes
    content_type: str | None = None
    disposition: str | None = None


class Media:
    """Uploads and downloads; with a session always by the endpoints that want its token, where the server has them."""

    def limit_octets(self) -> Steps[int | None]:
        """Return how large an upload may be; None where the server does not say."""
        try:
            return (yield from ask(GetConfigAuthed())).upload_size
        except MatrixError as refusal:
            if not _is_old(refusal):
                raise
        return (yield from ask(GetConfig())).upload_size

    def upload(self, octets: bytes, content_type: str, filename: str | None = None) -> Steps[str]:
        """Upload a file; return its mxc: URI."""
        request = UploadContent(content=octets, content_type=content_type, filename=filename)
        return (yield from ask(request)).content_uri

    def upload_request(self, content_type: str, filename: str | None = None) -> UploadContent:
        """Return the request of an upload without its body, which is carried beside it."""
        return UploadContent(content=b"", content_type=content_type, filename=filename)

    def reserve(self) -> Steps[CreateContentResponse]:
        """Return an mxc: URI for a file that is uploaded later."""
        return (yield from ask(CreateContent()))

    def upload_to(self, uri: str, octets: bytes, content_type: str, filename: str | None = None) -> Steps[None]:
        """Upload a file to a URI that was reserved."""
        place = MxcUri.parse(uri)
        yield from ask(
            UploadContentToMXC(
                server_name=place.server_name,
                media_id=place.media_id,
                content=octets,
                content_type=content_type,
                filename=filename,
            )
        )

    def download(self, uri: str, filename: str | None = None) -> Steps[Downloaded]:
        """Fetch a file, under another name if one is given."""
        place = MxcUri.parse(uri)
        try:
            if filename is not None:
                named = yield from ask(
                    GetContentOverrideNameAuthed(
                        server_name=place.server_name, media_id=place.media_id, file_name=filename
                    )
                )
                return Downloaded(named.content, named.content_type, named.content_disposition)
            found = yield from ask(self.download_request(uri))
            return Downloaded(found.content, found.content_type, found.content_disposition)
        except MatrixError as refusal:
            if not _is_old(refusal):
                raise
        older = yield from ask(self.old_download_request(uri))
        return Downloaded(older.content, older.content_type, older.content_disposition)

    def download_request(self, uri: str) -> GetContentAuthed:
        """Return the request of a download, for those who read its body piece by piece."""
        place = MxcUri.parse(uri)
        return GetContentAuthed(server_name=place.server_name, media_id=place.media_id)

    def old_download_request(self, uri: str) -> GetContent:
        """Return the request of servers before v1.11, who answer the other with M_UNRECOGNIZED."""
        place = MxcUri.parse(uri)
        return GetContent(server_name=place.server_name, media_id=place.media_id)

    def thumbnail(self, uri: str, size: ThumbnailSize) -> Steps[Downloaded]:
        """Fetch a small picture of a file."""
        try:
            found = yield from ask(self.thumbnail_request(uri, size))
            return Downloaded(found.content, found.content_type, found.content_disposition)
        except MatrixError as refusal:
            if not _is_old(refusal):
                raise
        older = yield from ask(self.old_thumbnail_request(uri, size))
        return Downloaded(older.content, older.content_type, older.content_disposition)

    def thumbnail_request(self, uri: str, size: ThumbnailSize) -> GetContentThumbnailAuthed:
        """Return the request of a small picture, for those who read it piece by piece."""
        place = MxcUri.parse(uri)
        return GetContentThumbnailAuthed(
            server_name=place.server_name,
            media_id=place.media_id,
            width=size.width,
            height=size.height,
            method=size.method,
            animated=True if size.is_animated else None,
        )

    def old_thumbnail_request(self, uri: str, size: ThumbnailSize) -> GetContentThumbnail:
        """Return the same for servers that know no media with a token."""
        place = MxcUri.parse(uri)
        return GetContentThumbnail(
            server_name=place.server_name,
            media_id=place.media_id,
            width=size.width,
            height=size.height,
            method=size.method,
        )

    def preview(self, url: str) -> Steps[GetUrlPreviewAuthedResponse]:
        """Return what our homeserver tells of a web page; it learns that we ask."""
        return (yield from ask(GetUrlPreviewAuthed(url=url)))


def _is_old(refusal: MatrixError) -> bool:
    """Tell whether the server does not know what was asked, as those before v1.11."""
    return refusal.errcode == "M_UNRECOGNIZED" or (refusal.status in (404, 405) and refusal.errcode == "M_UNKNOWN")
