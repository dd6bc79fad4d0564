"""Takes webhooks in over HTTP and answers 2xx once each is durable.

It is meant to stand on loopback behind a web server that has the certificate. Bodies, times and numbers of connections
are bounded; each connection serves one request, so that a slow client has one deadline. What a sender reads is one
sentence; why something was refused is in the log.

Standards: RFC 9110 §15 (status codes), §10.2.3 (Retry-After).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from scop.base import Clock, printable
from scop.matrix.notifier.hooks import Delivery, Hook, HookRefused, receive
from scop.net.clock import SystemClock
from scop.net.log import Log

__all__ = ["HEALTH_PATH", "Webhooks", "WebhooksOptions", "serve_webhooks"]

HEALTH_PATH = "/health"
MAX_BODY_OCTETS = 25 * 1024 * 1024  # GitHub's own bound on what it sends
MAX_HEADER_OCTETS = 32 * 1024
MAX_CONNECTIONS = 2048  # beyond, all are told 503, and GitHub does not send again by itself
BODY_SECONDS = 30.0  # a forge gives up after ten
HEADER_SECONDS = 10.0
RETRY_SECONDS = 30
MAX_READ_AT_ONCE = 4  # bodies beyond SMALL_OCTETS that are in memory at one time
MAX_HELD_OCTETS = 192 * 1024 * 1024  # of all bodies that are being read: half is for those four
SMALL_OCTETS = 256 * 1024

Keep = Callable[[Delivery], Awaitable[bool]]  # makes it durable; False where it was there before


@dataclass(frozen=True, slots=True)
class WebhooksOptions:
    """What is listened for, and who keeps what comes."""

    hooks: Sequence[Hook]
    keep: Keep
    log: Log
    clock: Clock = SystemClock()  # noqa: RUF009 - it has no state
    max_body_octets: int = MAX_BODY_OCTETS
    max_held_octets: int = MAX_HELD_OCTETS
    body_seconds: float = BODY_SECONDS


class Webhooks:
    """The ASGI application."""

    def __init__(self, options: WebhooksOptions) -> None:
        self._options = options
        self._hooks = {hook.path: hook for hook in options.hooks}
        self._big = asyncio.Semaphore(MAX_READ_AT_ONCE)
        self._held_octets = 0

    async def __call__(self, scope: Scope, receive_message: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive_message)
        with contextlib.suppress(ClientDisconnect):
            response = await self._answer(request)
            response.headers["connection"] = "close"
            await response(scope, receive_message, send)

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        if path == HEALTH_PATH and request.method in ("GET", "HEAD"):
            return PlainTextResponse("ok\n")
        hook = self._hooks.get(path)
        if hook is None:
            return self._refusal(request, HookRefused(404, "no such path", reply_hint="there is no such hook"))
        if request.method != "POST":
            return self._refusal(request, HookRefused(405, request.method, reply_hint="post to it"))
        try:
            return await self._taken(hook, request)
        except HookRefused as refused:
            return self._refusal(request, refused)
        except TimeoutError:
            return self._refusal(request, HookRefused(408, "the body did not come", reply_hint="too slow"))
        except ClientDisconnect:
            raise
        except Exception as fault:  # a full disk, or a bug: whoever sends again may succeed
            self._options.log.fault(fault)
            return PlainTextResponse("not now\n", 503, {"retry-after": str(RETRY_SECONDS)})

    async def _taken(self, hook: Hook, request: Request) -> Response:
        octets = self._announced(request)
        async with self._big if octets is None or octets > SMALL_OCTETS else contextlib.nullcontext():
            body = await self._body(request)
            delivery = receive(hook, _headers(request), body, self._options.clock.unix())
        is_new = await self._options.keep(delivery)
        said = "taken" if delivery.report else "nothing to tell"
        self._options.log.info(
            "webhook.taken",
            hook=hook.path,
            delivery=printable(delivery.id),
            kind=delivery.event,
            told=said if is_new else "again",
        )
        return PlainTextResponse((said if is_new else "taken before") + "\n", 200)

    def _announced(self, request: Request) -> int | None:
        """Return how long the body is said to be; raises `HookRefused` where that is too long."""
        length = request.headers.get("content-length")
        if length is None:
            return None
        if int(length) > self._options.max_body_octets:  # h11 has seen to it that it is a number
            raise self._too_long()
        return int(length)

    async def _body(self, request: Request) -> bytes:
        pieces, size = [], 0
        try:
            async with asyncio.timeout(self._options.body_seconds):
                async for piece in request.stream():
                    size += len(piece)
                    self._held_octets += len(piece)
                    if size > self._options.max_body_octets:
                        raise self._too_long()
                    if self._held_octets > self._options.max_held_octets:
                        raise HookRefused(503, "too many bodies at once", reply_hint="not now")
                    pieces.append(piece)
            return b"".join(pieces)
        finally:
            self._held_octets -= size

    def _too_long(self) -> HookRefused:
        most = self._options.max_body_octets
        return HookRefused(413, f"more than {most} octets", reply_hint=f"more than {most} octets")

    def _refusal(self, request: Request, refused: HookRefused) -> Response:
        client = request.client.host if request.client else ""
        self._options.log.warning(
            "webhook.refused",
            path=printable(request.url.path),
            client=client,
            status=refused.status,
            reason=printable(str(refused)),
        )
        later = {"retry-after": str(RETRY_SECONDS)} if refused.status == 503 else {}
        return PlainTextResponse(refused.reply_hint + "\n", refused.status, later)


def _headers(request: Request) -> Mapping[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


class _Patience(H11Protocol):
    """Lets go of a client that does not bring the head of its request in time."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own is
        """Begin, with a deadline."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._deadline.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        if getattr(self, "cycle", None) is None:  # uvicorn's own type leaves None out
            self.transport.close()


class _Server(uvicorn.Server):
    """One that leaves signals alone and says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to who runs us."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self._ready()


async def serve_webhooks(
    options: WebhooksOptions,
    listeners: Sequence[socket.socket],
    stop: asyncio.Event,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Take webhooks until `stop`; what is being taken then is finished."""
    config = uvicorn.Config(
        Webhooks(options),
        http=_Patience,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        h11_max_incomplete_event_size=MAX_HEADER_OCTETS,
        timeout_graceful_shutdown=10,
    )
    server = _Server(config, ready)
    serving = asyncio.create_task(server.serve(sockets=list(listeners)))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.should_exit = True
        stopping.cancel()
        await serving
