"""Carries requests to a homeserver and answers back: bounded in octets and seconds, repeated where that is safe.

    429, M_LIMIT_EXCEEDED   asked again when the server says
    5xx, broken networks    asked again after growing pauses, if it does no more than the first time (`may_repeat`)
    redirects               followed a few times, never from TLS into the clear; tokens, and whatever is sent, stay with
                            their server
    a long poll             has its own deadline: what the server may wait, and a little
    proxies                 as the environment says ($https_proxy, $no_proxy)

Standards: Matrix v1.19 CS (Rate limiting, Well-known URIs), RFC 9110.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote, urlencode
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.connector import AddrInfoType
from yarl import URL

from scop.base import RemoteProtocolError, printable
from scop.matrix.api.endpoint import Access
from scop.matrix.api.errors import MatrixError
from scop.matrix.api.http import HttpRequest, HttpResponse
from scop.matrix.api.request import Request, Response
from scop.net.faults import PermanentFailure
from scop.net.matrix.faults import BrokenOff, NoSuchHost, Unreached, fault_of_network
from scop.net.matrix.options import NetworkOptions
from scop.net.matrix.places import SAFE_METHODS, check_place, is_loopback, place_of, redirected
from scop.net.matrix.repeating import Pauses, Rest, SystemRest, may_repeat
from scop.net.trust import web_trust

__all__ = ["PIECE_OCTETS", "Carrier", "Outgoing"]

PIECE_OCTETS = 65_536
_IDLE_SECONDS = 20.0  # a connection that nobody used for so long may be dead, and is not used again
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 15), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 4))
_UNACKNOWLEDGED_MS = 30_000  # what was sent and is not acknowledged for so long ends the connection
_SYNC = "/_matrix/client/v3/sync"
_WHOLE_SYNC_TIMES = 5  # as long as others
MAX_STRANGER_OCTETS = 1_048_576  # of an answer to who shows no token: a page of words about a server, or a login
_Answer = TypeVar("_Answer", bound=Response)
_Outcome = TypeVar("_Outcome")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request as HTTP, and how long its answer may take (None: as long as it keeps moving)."""

    request: HttpRequest
    body: bytes | AsyncIterator[bytes]
    seconds: float | None


class Carrier:
    """Owns the connections; made and closed within one event loop."""

    def __init__(self, options: NetworkOptions, rest: Rest | None = None) -> None:
        self.options = options
        self._rest = rest or SystemRest()
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def carry(self, base_url: str, request: Request[_Answer], token: str | None) -> _Answer:
        """Return what is answered.

        Raises `MatrixError` for a refusal that stays one, `TemporaryFailure` and `PermanentFailure` of the network,
        `RemoteProtocolError` for an answer that is none.
        """
        http = request.to_http(token)
        outgoing = Outgoing(http, http.body, self._seconds_for(http))

        async def once() -> _Answer:
            answer = await self.exchange(base_url, outgoing, self._most_octets(request))
            try:
                return request.read_response(answer)
            except RemoteProtocolError:
                # Whoever has a token knows its homeserver: a page in its place is of what stands before it for now.
                if request.endpoint.access is not Access.USER or not _is_page(answer):
                    raise
                raise BrokenOff(f"{_host(URL(base_url))} shows a page, as if no homeserver was there") from None

        if _long_poll_seconds(http):
            return await once()  # who listens is told at once that the network is gone, and asks again
        return await self.persist(once, repeats=may_repeat(request.endpoint))

    async def persist(self, attempt: Callable[[], Awaitable[_Outcome]], *, repeats: bool) -> _Outcome:
        """Return what an attempt returns, made again where that is safe (`repeats`: whatever happened)."""
        pauses = Pauses(self.options, self._rest)
        while True:
            try:
                return await attempt()
            except MatrixError as refusal:
                await self._bide(refusal, pauses, repeats=repeats)
            except NoSuchHost:
                raise
            except Unreached as fault:
                await pauses.wait(fault)
            except BrokenOff as fault:
                if not repeats:
                    raise
                await pauses.wait(fault)

    async def _bide(self, refusal: MatrixError, pauses: Pauses, *, repeats: bool) -> None:
        """Wait until the request may be repeated; raise the refusal if it may not."""
        # Matrix v1.19 CS §Rate limiting: what was limited was not done.
        is_limited = refusal.status == 429 or refusal.errcode == "M_LIMIT_EXCEEDED"
        if not is_limited and not (repeats and refusal.may_pass):
            raise refusal
        await pauses.wait(refusal, refusal.retry_after_seconds or 0.0)

    def _seconds_for(self, request: HttpRequest) -> float:
        """Return how long an answer may take: a long poll what the server may wait, and a little."""
        if waits := _long_poll_seconds(request):
            return waits + self.options.silence_seconds
        # The first sync of a large account takes a server long, and the first after weeks.
        return self.options.request_seconds * (_WHOLE_SYNC_TIMES if request.path == _SYNC else 1)

    def _most_octets(self, request: Request[_Answer]) -> int:
        most = self.options.max_answer_octets
        return min(most, MAX_STRANGER_OCTETS) if request.endpoint.access is Access.NONE else most

    async def exchange(self, base_url: str, outgoing: Outgoing, most_octets: int | None = None) -> HttpResponse:
        """Ask once, and return the whole answer, if it is not larger than that (None: than the largest of all)."""
        async with self.opened(base_url, outgoing) as answer:
            return await self.whole(answer, most_octets)

    @asynccontextmanager
    async def opened(self, base_url: str, outgoing: Outgoing) -> AsyncIterator[aiohttp.ClientResponse]:
        """Ask once, following redirects; the answer's header is there, its body is for `pieces` or `read`."""
        request = outgoing.request
        url = place_of(base_url, request.path, urlencode(request.query, quote_via=quote))
        headers, first = dict(request.headers), url
        for _ in range(self.options.max_redirects + 1):
            check_place(url, plain_anywhere=self.options.plain_http_anywhere)
            if url.origin() != first.origin():
                headers.pop("authorization", None)  # a token is for the server that gave it
            answer = await self._asked(url, headers, outgoing)
            try:
                to = redirected(url, request.method, answer.status, answer.headers.get("Location"))
                if to is None:
                    yield answer
                    return
            finally:
                answer.release()
            is_elsewhere = to.origin() != url.origin() and request.method not in SAFE_METHODS
            if is_elsewhere or not isinstance(outgoing.body, bytes):  # passwords and refresh tokens stand in bodies
                raise PermanentFailure(f"{_host(url)} wants what is sent to go elsewhere")
            url = to
        raise PermanentFailure(f"{_host(first)} leads round in circles: {self.options.max_redirects} redirects")

    async def _asked(self, url: URL, headers: dict[str, str], outgoing: Outgoing) -> aiohttp.ClientResponse:
        timeout = aiohttp.ClientTimeout(
            total=outgoing.seconds,
            sock_connect=self.options.connect_seconds,
            sock_read=None if outgoing.seconds else self.options.stall_seconds,
        )
        with _faults_of(url):
            return await self._opened_session().request(
                outgoing.request.method,
                url,
                headers=headers,
                data=outgoing.body or None,
                timeout=timeout,
                allow_redirects=False,
                proxy=_proxy_for(url),
            )

    async def whole(self, answer: aiohttp.ClientResponse, most_octets: int | None = None) -> HttpResponse:
        """Return an answer with its body."""
        headers = {name.lower(): value for name, value in answer.headers.items()}
        most = self.options.max_answer_octets if most_octets is None else most_octets
        return HttpResponse(answer.status, headers, await self._read(answer, most))

    async def _read(self, answer: aiohttp.ClientResponse, most: int) -> bytes:
        """Return a body that is not larger than what we hold; what was compressed counts unpacked."""
        pieces, octets = [], 0
        async for piece in self.pieces(answer):
            octets += len(piece)
            if octets > most:
                answer.close()
                raise PermanentFailure(f"{_host(answer.url)} answers with more than {most} octets")
            pieces.append(piece)
        return b"".join(pieces)

    async def pieces(self, answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        """Give a body as it comes."""
        with _faults_of(answer.url):
            async for piece in answer.content.iter_chunked(PIECE_OCTETS):
                yield piece

    def _opened_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                ssl=self.options.tls or web_trust(), keepalive_timeout=_IDLE_SECONDS, socket_factory=_socket
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),  # a client has a token, and nothing else tells who it is
                headers={"User-Agent": "SCoP"},
                trust_env=False,
            )
        return self._session


def _proxy_for(url: URL) -> str | None:
    """Return by which proxy the environment wants a place asked; never this machine itself."""
    # aiohttp's own way (`trust_env`) takes passwords of netrc for tokens, too.
    host = url.host or ""
    return None if is_loopback(host) or proxy_bypass(host) else getproxies().get(url.scheme)


def _socket(address: AddrInfoType) -> socket.socket:
    """Return a socket that notices by itself when nobody is there any more."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        made.setsockopt(socket.IPPROTO_TCP, name, value)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)
    return made


@contextmanager
def _faults_of(url: URL) -> Iterator[None]:
    """Raise what goes wrong in the network as faults of ours."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, ssl.SSLError, OSError) as fault:
        raise fault_of_network(fault, _host(url)) from fault


def _long_poll_seconds(request: HttpRequest) -> float:
    """Return how long a server may wait for something to happen; 0 for what is answered at once."""
    if request.path != _SYNC:
        return 0.0
    return next((int(value) for name, value in request.query if name == "timeout"), 0) / 1000


def _is_page(answer: HttpResponse) -> bool:
    return answer.headers.get("content-type", "").lower().startswith("text/html")


def _host(url: URL) -> str:
    return printable(url.host or str(url))
