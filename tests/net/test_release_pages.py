"""Fetching the pages of homes: bounded, over https, no more often than they change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.matrix import releases
from scop.net.matrix.releases import ReleasePages


@asynccontextmanager
async def home(*answers: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Answer one request after another on loopback; give the address and what was asked."""
    asked: list[bytes] = []
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(left.pop(0))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()


def answer(status: str, body: bytes = b"", *lines: str) -> bytes:
    """Return an answer in HTTP."""
    head = "".join(f"{line}\r\n" for line in (*lines, f"content-length: {len(body)}", "connection: close"))
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


async def test_pages_are_asked_for_only_if_they_changed() -> None:
    """The second time we say what we have, and hear that it is so."""
    answers = answer("200 OK", b"page", 'etag: "1"'), answer("304 Not Modified")
    async with home(*answers) as (url, asked), ReleasePages() as pages:
        assert (b"page", None) == (await pages.fetch(url), await pages.fetch(url))
    assert b'if-none-match: "1"' in asked[1].lower()


async def test_pages_are_followed_to_where_they_went_and_not_to_where_anybody_can_write() -> None:
    """A redirect on https or loopback is followed, one to http: elsewhere is not."""
    answers = answer("302 Found", b"", "location: /there"), answer("200 OK", b"x")
    async with home(*answers) as (url, _), ReleasePages() as pages:
        assert b"x" == await pages.fetch(url)
    async with home(answer("302 Found", b"", "location: http://index.test/x")) as (url, _), ReleasePages() as pages:
        with pytest.raises(PermanentFailure, match="only https: is read"):
            await pages.fetch(url)


@pytest.mark.parametrize("place", ["http://localhost:8008/x", "http://[::1]/x", "http://127.0.0.1:1/x"])
async def test_pages_never_lead_to_another_service_of_this_machine(place: str) -> None:
    """What a home on the web says must not make us ask what only loopback may ask."""
    async with home(answer("302 Found", b"", f"location: {place}")) as (url, _), ReleasePages() as pages:
        with pytest.raises(PermanentFailure, match="only https: is read"):
            await pages.fetch(url)


@pytest.mark.parametrize(
    ("status", "fault"),
    [("404 Not Found", PermanentFailure), ("503 Busy", TemporaryFailure), ("429 No", TemporaryFailure)],
)
async def test_pages_that_are_not_there_say_whether_to_come_again(status: str, fault: type[Exception]) -> None:
    """What a home may get over is temporary."""
    async with home(answer(status)) as (url, _), ReleasePages() as pages:
        with pytest.raises(fault):
            await pages.fetch(url)


async def test_pages_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound itself is read, one octet more is not."""
    monkeypatch.setattr(releases, "MAX_PAGE_OCTETS", 10)
    async with home(answer("200 OK", b"x" * 10), answer("200 OK", b"x" * 11)) as (url, _), ReleasePages() as pages:
        assert 10 == len(await pages.fetch(url) or b"")
        with pytest.raises(PermanentFailure, match="more than 10 octets"):
            await pages.fetch(url)


async def test_pages_of_nobody_are_a_fault_that_passes() -> None:
    """A connection that is refused, or broken off, is tried again later."""
    async with home(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nx") as (url, _), ReleasePages() as pages:
        with pytest.raises(TemporaryFailure):
            await pages.fetch(url)
    async with ReleasePages() as pages:
        with pytest.raises(TemporaryFailure):
            await pages.fetch(url)
