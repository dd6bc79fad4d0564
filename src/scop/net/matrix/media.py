"""Files up and down, piece by piece: nothing of them is held whole.

    uri = await client.media.upload(Path("chart.png"), MediaKind("image/png", "chart.png"))
    await client.media.save(uri, Path("copy.png"))

Standards: Matrix v1.19 CS §Content repository (authenticated media).
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from aiohttp import ClientResponse

from scop.base import printable
from scop.matrix.api.client_server.authed_content_repo import GetContentAuthed
from scop.matrix.api.client_server.content_repo import GetContent, UploadContent
from scop.matrix.api.errors import MatrixError, read_error
from scop.matrix.client import Session
from scop.matrix.ids import ServerName
from scop.net.faults import PermanentFailure
from scop.net.matrix.carrier import PIECE_OCTETS, Carrier, Outgoing
from scop.net.matrix.driver import Driver
from scop.net.matrix.faults import sentences

__all__ = ["Media", "MediaKind", "Source", "Stream"]

_OK = 200
_MXC = re.compile(r"mxc://([^/]+)/([A-Za-z0-9_-]{1,255})")  # Matrix v1.19 CS §Matrix Content (mxc://) URIs


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


class Media:
    """The content repository of our homeserver."""

    def __init__(self, driver: Driver, carrier: Carrier) -> None:
        self._driver = driver
        self._carrier = carrier

    async def upload(self, source: Source, kind: MediaKind | None = None) -> str:
        """Send a file up as it is; return its mxc: URI. A broken network sends it again, unless it comes but once."""
        kind = kind or MediaKind()
        octets = await _size_of(source)
        request = UploadContent(content_type=kind.content_type, filename=kind.filename, content=b"")

        async def ask(session: Session) -> str:
            async def once() -> str:
                outgoing = _upload(request, session.access_token, source, octets)
                return request.read_response(await self._carrier.exchange(session.homeserver_url, outgoing)).content_uri

            if isinstance(source, Stream):
                return await once()
            return await self._carrier.persist(once, repeats=True)  # what came twice nobody knows of

        with sentences():
            return await self._driver.as_user(ask)

    @asynccontextmanager
    async def opened(self, uri: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Ask for a file, and give its pieces as they come."""
        with sentences():
            asked = [_download(uri, GetContentAuthed), _download(uri, GetContent)]
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

    async def save(self, uri: str, path: Path) -> int:
        """Write a file, whole or not at all; return how many octets it has."""

        async def once() -> int:
            async with self.opened(uri) as pieces:
                return await write_whole(pieces, path)

        return await self._carrier.persist(once, repeats=True)


def _download(uri: str, kind: type[GetContentAuthed] | type[GetContent]) -> GetContentAuthed | GetContent:
    found = _MXC.fullmatch(uri)
    if found is None:
        raise PermanentFailure(f"{printable(uri)} is no address of a file (mxc://server/id)")
    return kind(server_name=str(ServerName.parse(found[1])), media_id=found[2])


async def _size_of(source: Source) -> int:
    if isinstance(source, Path):
        return (await asyncio.to_thread(source.stat)).st_size
    return len(source) if isinstance(source, bytes) else source.octets


def _upload(request: UploadContent, token: str, source: Source, octets: int) -> Outgoing:
    # A server wants to know beforehand how much comes; aiohttp sends in chunks what it does not know the length of.
    http = request.to_http(token)
    headers = (*http.headers, ("content-length", str(octets)))
    return Outgoing(replace(http, headers=headers), _pieces_of(source), None)


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
