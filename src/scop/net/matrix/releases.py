"""Asks the homes of packages what is new: one bounded GET, which says what we have seen already.

Standards: RFC 9110 §13.1.2 (If-None-Match), §15.4.5 (304).
"""

from __future__ import annotations

import aiohttp
from yarl import URL

from scop.base import printable
from scop.net.faults import PermanentFailure, TemporaryFailure, reason_of
from scop.net.matrix.places import is_loopback
from scop.net.trust import web_trust

__all__ = ["ReleasePages"]

MAX_PAGE_OCTETS = 32 * 1024 * 1024  # PyPI's JSON of a package with many files has some megabytes
PAGE_SECONDS = 30.0
MAX_REDIRECTS = 3


class ReleasePages:
    """Fetches pages within `async with`."""

    def __init__(self) -> None:
        self._tags: dict[str, str] = {}
        self._trust = web_trust()  # read while it can be

    async def __aenter__(self) -> ReleasePages:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._trust),
            timeout=aiohttp.ClientTimeout(total=PAGE_SECONDS),
            headers={"user-agent": "scop-notifier", "accept": "application/json, application/atom+xml, */*;q=0.5"},
        )
        return self

    async def __aexit__(self, *_fault: object) -> None:
        await self._session.close()

    async def fetch(self, url: str) -> bytes | None:
        """Return a page, None where it is as it was; raises `TemporaryFailure`, `PermanentFailure`."""
        try:
            return await self._fetched(_checked(URL(url)), url)
        except (aiohttp.ClientError, TimeoutError, ValueError) as fault:
            reason = reason_of(fault) or type(fault).__name__
            raise TemporaryFailure(f"{url}: {printable(reason)}") from fault

    async def _fetched(self, place: URL, url: str) -> bytes | None:
        headers = {"if-none-match": self._tags[url]} if url in self._tags else {}
        for _ in range(MAX_REDIRECTS + 1):
            async with self._session.get(place, headers=headers, allow_redirects=False) as answer:
                if answer.status in (301, 302, 303, 307, 308) and "location" in answer.headers:
                    place = _led(place, place.join(URL(answer.headers["location"])))
                    continue
                return await self._page(answer, url)
        raise PermanentFailure(f"{url}: leads from place to place")

    async def _page(self, answer: aiohttp.ClientResponse, url: str) -> bytes | None:
        if answer.status == 304:
            return None
        if answer.status == 429 or answer.status >= 500:
            raise TemporaryFailure(f"{url}: answers {answer.status}")
        if answer.status != 200:
            raise PermanentFailure(f"{url}: answers {answer.status}")
        page = bytearray()
        async for piece in answer.content.iter_chunked(65_536):
            page += piece
            if len(page) > MAX_PAGE_OCTETS:
                raise PermanentFailure(f"{url}: has more than {MAX_PAGE_OCTETS} octets")
        if tag := answer.headers.get("etag"):
            self._tags[url] = tag
        return bytes(page)


def _checked(place: URL) -> URL:
    """Return a place that may be asked: what is read decides what a command runs on, so nobody may change it."""
    if place.host and (place.scheme == "https" or (place.scheme == "http" and is_loopback(place.host))):
        return place
    raise PermanentFailure(f"{printable(str(place))}: only https: is read")


def _led(place: URL, to: URL) -> URL:
    """Return where a home leads to, which must not be what only this machine may ask."""
    if to.origin() == place.origin():
        return to
    if to.host and is_loopback(to.host):
        raise PermanentFailure(
            f"{printable(str(to))}: only https: is read, and nothing of this machine that others name"
        )
    return _checked(to)
