"""Files up and down, piece by piece: nothing of them is held whole.

    uri = await client.media.upload(Path("chart.png"), MediaKind("image/png", "chart.png"))
    await client.media.save(uri, Path("copy.png"))

Standards: Matrix v1.19 CS §Content repository (authenticated media).
"""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from aiohttp import ClientResponse

from scop.matrix.api.client_server.authed_content_repo import GetContentAuthed, GetContentThumbnailAuthed
from scop.matrix.api.client_server.content_repo import GetContent, GetContentThumbnail, UploadContent
from scop.matrix.api.errors import MatrixError, read_error
from scop.matrix.api.http import HttpRequest
from scop.matrix.client import Session
from scop.matrix.client.media import Media as ClientMedia
from scop.matrix.client.media import ThumbnailSize
from scop.matrix.encryption.attachments import EncryptedFile, FileDecryption, FileEncryption
from scop.net.faults import PermanentFailure
from scop.net.matrix.carrier import PIECE_OCTETS, Carrier, Outgoing
from scop.net.matrix.driver import Driver
from scop.net.matrix.faults import sentences

__all__ = ["Media", "MediaKind", "Source", "Stream"]

_OK = 200


@dataclass(frozen=True, slots=True)
class Stream:
    """Octets that come once, and how many there are."""

    pieces: AsyncIterable[bytes]
    octets: int


Source: TypeAlias = Path | bytes | Stream


@dataclass(frozen=True, slots=True)
class MediaKind:
    """What a file is, and is called."""

    content_type: str = "application/octet-stream"
    filename: str | None = None


_UNKNOWN_KIND = MediaKind()
_Download: TypeAlias = GetContentAuthed | GetContent | GetContentThumbnailAuthed | GetContentThumbnail
_NewSeal: TypeAlias = Callable[[], FileEncryption] | None
_Up: TypeAlias = tuple[str, FileEncryption | None]  # where it is, and by what it was sealed


class Media:
    """The content repository of our homeserver."""

    def __init__(self, driver: Driver, carrier: Carrier) -> None:
        self._driver = driver
        self._carrier = carrier

    async def upload(self, source: Source, kind: MediaKind = _UNKNOWN_KIND) -> str:
        """Send a file up as it is; return its mxc: URI. A broken network sends it again, unless it comes but once."""
        uri, _ = await self._sent_up(source, kind, None)
        return uri

    async def upload_encrypted(self, source: Source) -> EncryptedFile:
        """Send a file up that the server cannot read, nor know what it is; return what opens it."""
        uri, encryption = await self._sent_up(source, _UNKNOWN_KIND, lambda: FileEncryption(secrets.token_bytes))
        assert encryption is not None
        return encryption.file(uri)

    async def _sent_up(self, source: Source, kind: MediaKind, new_seal: _NewSeal) -> _Up:
        request = UploadContent(content_type=kind.content_type, filename=kind.filename, content=b"")
        octets = await _size_of(source)

        async def ask(session: Session) -> _Up:
            async def once() -> _Up:
                seal = new_seal() if new_seal else None  # another key each time: no two texts under one
                outgoing = _outgoing(request.to_http(session.access_token), octets, _sealed(_pieces_of(source), seal))
                answer = await self._carrier.exchange(session.homeserver_url, outgoing)
                return request.read_response(answer).content_uri, seal

            if isinstance(source, Stream):
                return await once()
            return await self._carrier.persist(once, repeats=True)  # what came twice nobody knows of

        with sentences():
            return await self._driver.as_user(ask)

    @asynccontextmanager
    async def opened(self, uri: str, size: ThumbnailSize | None = None) -> AsyncIterator[AsyncIterator[bytes]]:
        """Ask for a file, or with a size for a small picture of it, and give its pieces as they come."""
        with sentences():
            asked = _downloads(uri, size)
        async with AsyncExitStack() as stack:

            async def ask(session: Session) -> ClientResponse:
                async def once() -> ClientResponse:
                    outgoing = Outgoing(asked[0].to_http(session.access_token), b"", None)
                    answer = await stack.enter_async_context(self._carrier.opened(session.homeserver_url, outgoing))
                    if answer.status != _OK:
                        raise read_error(await self._carrier.whole(answer))
                    return answer

                return await self._carrier.persist(once, repeats=True)

            with sentences():
                try:
                    answer = await self._driver.as_user(ask)
                except MatrixError as refusal:
                    # Matrix v1.19 CS §Content repository: before v1.11 media needed no token.
                    if refusal.errcode != "M_UNRECOGNIZED":
                        raise
                    del asked[0]
                    answer = await self._driver.as_user(ask)
                yield self._carrier.pieces(answer)

    async def read(self, file: EncryptedFile, most_octets: int) -> bytes:
        """Return a whole file that was encrypted; raises `PermanentFailure` where it is larger than we want."""
        read = bytearray()
        async with self.opened(file.url) as pieces:
            with sentences():
                async for piece in _opened(pieces, FileDecryption(file)):
                    read += piece
                    if len(read) > most_octets:
                        raise PermanentFailure(f"the file has more than {most_octets} octets")
        return bytes(read)

    async def save(self, what: str | EncryptedFile, path: Path) -> int:
        """Write a file, whole or not at all, decrypted where it was encrypted; return how many octets it has."""

        async def once() -> int:
            if isinstance(what, str):
                async with self.opened(what) as pieces:
                    return await write_whole(pieces, path)
            async with self.opened(what.url) as pieces:
                return await write_whole(_opened(pieces, FileDecryption(what)), path)

        with sentences():
            return await self._carrier.persist(once, repeats=True)

    async def save_thumbnail(self, uri: str, size: ThumbnailSize, path: Path) -> int:
        """Write a small picture of a file that is not encrypted, whole or not at all; return how many octets it has."""

        async def once() -> int:
            async with self.opened(uri, size) as pieces:
                return await write_whole(pieces, path)

        with sentences():
            return await self._carrier.persist(once, repeats=True)


def _downloads(uri: str, size: ThumbnailSize | None) -> list[_Download]:
    """Return the requests for a file: as it is asked for with a token, and as it was before v1.11."""
    sought = ClientMedia()
    if size is None:
        return [sought.download_request(uri), sought.old_download_request(uri)]
    return [sought.thumbnail_request(uri, size), sought.old_thumbnail_request(uri, size)]


async def _size_of(source: Source) -> int:
    if isinstance(source, Path):
        return (await asyncio.to_thread(source.stat)).st_size
    return len(source) if isinstance(source, bytes) else source.octets


def _outgoing(request: HttpRequest, octets: int, pieces: AsyncIterator[bytes]) -> Outgoing:
    # A server wants to know beforehand how much comes; aiohttp sends in chunks what it does not know the length of.
    return Outgoing(replace(request, headers=(*request.headers, ("content-length", str(octets)))), pieces, None)


async def _sealed(pieces: AsyncIterator[bytes], seal: FileEncryption | None) -> AsyncIterator[bytes]:
    async for piece in pieces:
        yield piece if seal is None else seal.update(piece)
    if seal is not None and (last := seal.finish()):
        yield last


async def _opened(pieces: AsyncIterator[bytes], decryption: FileDecryption) -> AsyncIterator[bytes]:
    """Give a file in the clear; whoever takes it uses nothing of it unless it ends well."""
    async for piece in pieces:
        yield decryption.update(piece)
    yield decryption.finish()


async def _pieces_of(source: Source) -> AsyncIterator[bytes]:
    if isinstance(source, bytes):
        for start in range(0, len(source), PIECE_OCTETS):
            yield source[start : start + PIECE_OCTETS]
    elif isinstance(source, Stream):
        async for piece in source.pieces:
            yield piece
    else:
        with await asyncio.to_thread(source.open, "rb") as file:
            while piece := await asyncio.to_thread(file.read, PIECE_OCTETS):
                yield piece


async def write_whole(pieces: AsyncIterable[bytes], path: Path) -> int:
    """Write pieces beside `path` and give it its name at the end; return how many octets came."""
    descriptor, name = await asyncio.to_thread(tempfile.mkstemp, dir=path.parent, prefix=f".{path.name}.")
    octets, beside = 0, Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            async for piece in pieces:
                octets += await asyncio.to_thread(file.write, piece)
        await asyncio.to_thread(beside.replace, path)
    except BaseException:
        with suppress(OSError):
            await asyncio.to_thread(beside.unlink)
        raise
    return octets
