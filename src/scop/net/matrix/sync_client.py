"""The client for programs without an event loop: each call waits until it is done.

with SyncClient(SealedShelves.open(path, passphrase)) as client:
    client.login("@me:example.org", password)
    client.send_text("!sea:example.org", "Hello.")
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from types import TracebackType
from typing import ParamSpec, TypeVar

from scop.matrix import Client
from scop.matrix.client import ClientOptions, Session
from scop.matrix.steps import Steps
from scop.matrix.verification import Identity
from scop.net.matrix.client import AsyncClient
from scop.net.matrix.keeping import Keeper
from scop.net.matrix.options import NetworkOptions
from scop.net.matrix.whole_sync import News

__all__ = ["SyncClient"]

_P = ParamSpec("_P")
_Outcome = TypeVar("_Outcome")


class SyncClient:
    """An `AsyncClient` whose event loop runs in a thread of its own; any thread may call, each call waits."""

    def __init__(
        self, keeper: Keeper | None = None, options: ClientOptions | None = None, network: NetworkOptions | None = None
    ) -> None:
        self._client = AsyncClient(keeper, options, network)

    def __enter__(self) -> SyncClient:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="matrix client", daemon=True)
        self._thread.start()
        try:
            self.wait(self._client.__aenter__())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.wait(self._client.__aexit__(kind, fault, trace))
        finally:
            self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def core(self) -> Client:
        """The client without I/O: what it knows, and what `do` can do."""
        return self._client.core

    @property
    def session(self) -> Session:
        """Who is logged in; raises `NotLoggedIn`."""
        return self._client.session

    def wait(self, work: Coroutine[object, object, _Outcome]) -> _Outcome:
        """Return what a coroutine of the `AsyncClient` returns."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # where this thread was interrupted
            raise

    def do(self, what: Callable[_P, Steps[_Outcome]], *things: _P.args, **named: _P.kwargs) -> _Outcome:
        """Do something that the client can."""
        return self.wait(self._client.do(what, *things, **named))

    def login(self, user: str, password: str, homeserver_url: str = "") -> Session:
        """Log in by a user id (or a name, and where), and a password."""
        return self.wait(self._client.login(user, password, homeserver_url))

    def logout(self) -> None:
        """End the session, here and at the server."""
        self.wait(self._client.logout())

    def send_text(self, room_id: str, body: str, html: str | None = None) -> str:
        """Send a message; return its id."""
        return self.wait(self._client.send_text(room_id, body, html))

    @property
    def identity(self) -> Identity:
        """Whom we believe; raises `NotLoggedIn`."""
        return self._client.identity

    def sync(self, timeout_seconds: float = 0.0) -> tuple[News, ...]:
        """Return what is new."""
        return self.wait(self._client.sync(timeout_seconds))

    def listen(self) -> Iterator[News]:
        """Give what happens, for as long as it is asked for."""
        coming = self._client.listen()
        while True:
            yield self.wait(_next_of(coming))


async def _next_of(coming: AsyncIterator[News]) -> News:
    return await anext(coming)
