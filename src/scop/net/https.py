"""Fetches one small text over HTTPS: certificate checked, no redirects, bounded in octets and seconds.

Made for policies that a domain publishes at a well-known place. The name is looked up by our own resolver, the
connection leaves from our own address. `aiohttp` is loaded at the first fetch, not before: most processes that
could fetch never do. It runs with its parser in Python: what foreign web servers say is read by no C of its own.

Standards: RFC 9110 (HTTP), RFC 2818 §3.1 (whom the certificate must name), RFC 8461 §3.3 (what is required of a fetch).
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scop.base import printable
from scop.dns import AAAA, A, Question
from scop.net.dns_client import Names
from scop.net.faults import TemporaryFailure

if TYPE_CHECKING:
    from aiohttp import ClientResponse
    from aiohttp.abc import AbstractResolver
    from yarl import URL

__all__ = ["NotCertified", "WebOptions", "fetch_text"]

MAX_TEXT_OCTETS = 65_536  # RFC 8461 §3.3
MAX_ADDRESSES = 8  # of one host
PIECE_OCTETS = 8192
HEADER = {"Accept": "text/plain", "Accept-Encoding": "identity", "User-Agent": "SCoP"}


class NotCertified(TemporaryFailure):
    """The server's certificate does not prove that it is the one asked for."""


@dataclass(frozen=True, slots=True)
class WebOptions:
    """How we ask web servers."""

    names: Names
    tls: ssl.SSLContext  # whom to trust; it must check names
    port: int = 443
    source: str = ""  # our address, where one is wanted
    seconds: float = 60.0  # RFC 8461 §3.3: one minute

    def __post_init__(self) -> None:
        """Refuse a context that would believe anybody."""
        if self.tls.verify_mode is not ssl.CERT_REQUIRED or not self.tls.check_hostname:
            raise ValueError("the TLS context checks no certificates")


async def fetch_text(url: str, options: WebOptions) -> bytes:
    """Return the text/plain at `url`; raises `TemporaryFailure` for whatever is in the way."""
    try:
        async with asyncio.timeout(options.seconds):
            await asyncio.to_thread(_load)  # a third of a second, in which others go on
            return await _fetch(url, options)
    except TimeoutError:
        raise TemporaryFailure(f"no answer within {options.seconds:g} s") from None


def _load() -> None:
    if "aiohttp" not in sys.modules:
        os.environ["AIOHTTP_NO_EXTENSIONS"] = "1"


async def _fetch(url: str, options: WebOptions) -> bytes:
    from yarl import URL

    place = URL(url).with_port(options.port)
    addresses = await _addresses(place.raw_host or "", options.names)
    failure = TemporaryFailure("the web server has no address")
    for source, some in _by_source(addresses, options.source):
        try:
            return await _fetch_from(place, source, some, options)
        except NotCertified:
            raise
        except TemporaryFailure as fault:
            failure = fault
    raise failure


async def _addresses(host: str, names: Names) -> list[str]:
    answers = [await names.lookup(Question(host, type_)) for type_ in ("AAAA", "A")]
    records = [record for answer in answers if not answer.is_temporary for record in answer.records]
    return [record.address for record in records if isinstance(record, (A, AAAA))][:MAX_ADDRESSES]


def _by_source(addresses: list[str], source: str) -> Iterator[tuple[str, list[str]]]:
    """Return the addresses that can be reached from `source`, and the others to be reached from wherever."""
    same = [address for address in addresses if source and (":" in address) == (":" in source)]
    others = [address for address in addresses if address not in same]
    yield from [(from_, some) for from_, some in ((source, same), ("", others)) if some]


async def _fetch_from(place: URL, source: str, addresses: list[str], options: WebOptions) -> bytes:
    import aiohttp

    connector = aiohttp.TCPConnector(
        resolver=_known(addresses),
        ssl=options.tls,
        local_addr=(source, 0) if source else None,
        force_close=True,
        use_dns_cache=False,
    )
    try:
        async with (
            aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            ) as web,
            web.get(place, allow_redirects=False, headers=HEADER) as found,
        ):
            return await _text(found)
    except aiohttp.ClientConnectorCertificateError as fault:
        raise NotCertified(f"the web server's certificate: {fault.certificate_error}") from fault
    except (aiohttp.ClientError, OSError, ValueError) as fault:
        raise TemporaryFailure(f"no text from the web server: {fault}") from fault


async def _text(found: ClientResponse) -> bytes:
    """Return the body of an answer that is what was asked for, whole."""
    # RFC 8461 §3.3: 200 and no redirect, text/plain and nothing that only looks like it
    if (found.status, found.content_type) != (200, "text/plain"):
        raise TemporaryFailure(f"the web server answers {found.status}, {printable(found.content_type)}")
    if found.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise TemporaryFailure("the web server compresses what it was asked not to")
    text = bytearray()
    async for piece in found.content.iter_chunked(PIECE_OCTETS):
        text += piece
        if len(text) > MAX_TEXT_OCTETS:
            raise TemporaryFailure(f"the text is longer than {MAX_TEXT_OCTETS} octets")
    return bytes(text)


def _known(addresses: list[str]) -> AbstractResolver:
    """Return a resolver that knows the answer, so that nobody else is asked."""
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Known(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            return [
                ResolveResult(
                    hostname=host,
                    host=address,
                    port=port,
                    family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                    proto=socket.IPPROTO_TCP,
                    flags=socket.AI_NUMERICHOST,
                )
                for address in addresses
            ]

        async def close(self) -> None:
            """Nothing is held."""

    return Known()
