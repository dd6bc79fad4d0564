"""Fetches one small text over HTTPS: certificate checked, no redirects, bounded in octets and seconds.

Made for policies that a domain publishes at a well-known place. The name is looked up by our own resolver, the
connection leaves from our own address, one request goes over it. It is no browser: it follows nothing, keeps
nothing, decodes nothing. What the server says is read by `h11`, which is Python throughout.

Standards: RFC 9110, RFC 9112 (HTTP/1.1), RFC 9110 §4.3.4 (whom the certificate must name), RFC 8461 §3.3 (what is
required of a fetch).
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import cast

import h11

from scop.base import printable
from scop.dns import AAAA, A, Question
from scop.net.dialer import in_turn, tcp_dialer
from scop.net.dns_client import Names
from scop.net.faults import TemporaryFailure

__all__ = ["NotCertified", "WebOptions", "fetch_text"]

MAX_TEXT_OCTETS = 65_536  # RFC 8461 §3.3
MAX_HEADER_OCTETS = 16_384
MAX_ADDRESSES = 8  # of one host
_SCHEME = "https://"


class NotCertified(TemporaryFailure):
    """The server's certificate does not prove that it is the one asked for."""


@dataclass(frozen=True, slots=True)
class WebOptions:
    """How we ask web servers."""

    names: Names
    tls: ssl.SSLContext  # whom to trust; it must check names
    port: int = 443
    source: str = ""  # our address, where one is wanted
    seconds: float = 60.0  # RFC 8461 §3.3: one minute, for all addresses together
    connect_seconds: float = 10.0  # for one address: others may answer

    def __post_init__(self) -> None:
        """Refuse a context that would believe anybody."""
        if self.tls.verify_mode is not ssl.CERT_REQUIRED or not self.tls.check_hostname:
            raise ValueError("the TLS context checks no certificates")


async def fetch_text(url: str, options: WebOptions) -> bytes:
    """Return the text/plain at `url`; raises `TemporaryFailure` for whatever is in the way."""
    if not url.startswith(_SCHEME):
        raise ValueError(f"only {_SCHEME} is fetched")
    host, _, target = url.removeprefix(_SCHEME).partition("/")
    try:
        async with asyncio.timeout(options.seconds):
            return await _fetch(host, f"/{target}", options)
    except TimeoutError:
        raise TemporaryFailure(f"no answer within {options.seconds:g} s") from None


async def _fetch(host: str, target: str, options: WebOptions) -> bytes:
    failure = TemporaryFailure("the web server has no address")
    for address in await _addresses(host, options.names):
        try:
            return await _fetch_from(address, host, target, options)
        except _Unreached as fault:
            failure = fault
    raise failure


async def _addresses(host: str, names: Names) -> tuple[str, ...]:
    answers = [await names.lookup(Question(host, type_)) for type_ in ("AAAA", "A")]
    families = [
        [each.address for each in answer.records if isinstance(each, (A, AAAA))]
        for answer in answers
        if not answer.is_temporary
    ]
    return in_turn(families)[:MAX_ADDRESSES]


class _Unreached(TemporaryFailure):
    """Nobody answers at this address; there may be others."""


async def _fetch_from(address: str, host: str, target: str, options: WebOptions) -> bytes:
    source = options.source if (":" in address) == (":" in options.source) else ""
    dial = tcp_dialer(
        address,
        options.port,
        source=source,
        tls=options.tls,
        server_name=host,
        connect_seconds=options.connect_seconds,
    )
    try:
        transport, exchange = await dial(lambda: _Exchange(host, target))
    except TemporaryFailure as failure:
        if isinstance(failure.__cause__, ssl.SSLCertVerificationError):
            raise NotCertified(f"the web server's certificate: {failure.__cause__.verify_message}") from failure
        raise _Unreached(str(failure)) from failure
    try:
        return await exchange.text
    finally:
        transport.abort()


class _Exchange(asyncio.Protocol):
    """One request and its answer; `text` is what came."""

    def __init__(self, host: str, target: str) -> None:
        header = [
            ("Host", host),
            ("Accept", "text/plain"),
            ("Accept-Encoding", "identity"),
            ("User-Agent", "SCoP"),
            ("Connection", "close"),
        ]
        self._request = h11.Request(method="GET", target=target, headers=header)
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADER_OCTETS)
        self._body = bytearray()
        self.text: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        question = (self._http.send(self._request) or b"") + (self._http.send(h11.EndOfMessage()) or b"")
        cast("asyncio.Transport", transport).write(question)

    def data_received(self, octets: bytes) -> None:
        """Read on."""
        self._receive(octets)

    def connection_lost(self, fault: Exception | None) -> None:
        """End; what is not whole by now never will be."""
        self._receive(b"")
        self._fail(f"the web server closed the connection: {fault or 'too early'}")

    def _receive(self, octets: bytes) -> None:
        if self.text.done():
            return
        try:
            self._http.receive_data(octets)
            while not self.text.done() and (event := self._http.next_event()) is not h11.NEED_DATA:
                self._take(event)
        except h11.RemoteProtocolError as fault:
            self._fail(f"the web server speaks no HTTP: {fault}")

    def _take(self, event: object) -> None:
        if isinstance(event, h11.Response):
            self._check(event)
        elif isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > MAX_TEXT_OCTETS:
                self._fail(f"the text is longer than {MAX_TEXT_OCTETS} octets")
        elif isinstance(event, h11.EndOfMessage):
            self.text.set_result(bytes(self._body))
        elif not isinstance(event, h11.InformationalResponse):
            self._fail("the web server closed the connection")

    def _check(self, response: h11.Response) -> None:
        """Fail where this is not the answer that was asked for."""
        header = dict(response.headers)
        media_type = header.get(b"content-type", b"").partition(b";")[0].strip().lower()
        # RFC 8461 §3.3: 200 and no redirect, text/plain and nothing that only looks like it
        if (response.status_code, media_type) != (200, b"text/plain"):
            self._fail(f"the web server answers {response.status_code}, {printable(media_type)}")
        elif header.get(b"content-encoding", b"identity").lower() != b"identity":
            self._fail("the web server compresses what it was asked not to")
        elif not header.keys() & {b"content-length", b"transfer-encoding"}:
            # Stricter than RFC 9112 §6.3: a text that ends with its connection may have been cut off by anybody.
            self._fail("the web server does not say where the text ends")

    def _fail(self, reason: str) -> None:
        if not self.text.done():
            self.text.set_exception(TemporaryFailure(reason))
