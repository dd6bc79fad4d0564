"""The client for programs without an event loop: each call waits until it is done.

with SyncClient(SealedShelves.open(path, passphrase)) as client:
    client.login("@me:example.org", password)
    client.send_text("!sea:example.org", "Hello.")
    client.send_file("!sea:example.org", Path("chart.png"))
    for happening in client.listen():
        ...

All else that `scop.matrix.Client` can do is done by `do`, all that `AsyncClient` can by `wait`:
`client.wait(lambda inner: inner.media.upload(stream))`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, TypeVar

from scop.matrix import Client
from scop.matrix.client import ClientOptions, Session
from scop.matrix.client.logging_in import Registration
from scop.matrix.client.media import ThumbnailSize
from scop.matrix.encryption.attachments import EncryptedFile
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Steps
from scop.matrix.verification import Identity
from scop.net.matrix.client import AsyncClient, Trouble
from scop.net.matrix.keeping import Keeper
from scop.net.matrix.media import MediaKind
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
            self._waited(self._client.__aenter__())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._waited(self._client.__aexit__(kind, fault, trace))
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

    def wait(self, ask: Callable[[AsyncClient], Coroutine[object, object, _Outcome]]) -> _Outcome:
        """Return what something that is asked of the `AsyncClient` comes to."""
        return self._waited(ask(self._client))

    def _waited(self, work: Coroutine[object, object, _Outcome]) -> _Outcome:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # where this thread was interrupted
            raise

    def do(self, what: Callable[_P, Steps[_Outcome]], *things: _P.args, **named: _P.kwargs) -> _Outcome:
        """Do something that the client can."""
        return self._waited(self._client.do(what, *things, **named))

    def run(self, steps: Steps[_Outcome], room_id: str = "") -> _Outcome:
        """Return the outcome of steps; those for one room are taken in turn."""
        return self._waited(self._client.run(steps, room_id))

    def find(self, server_name: str) -> str:
        """Return the URL of the homeserver of a server name."""
        return self._waited(self._client.find(server_name))

    def login(self, user: str, password: str, homeserver_url: str = "") -> Session:
        """Log in by a user id (or a name, and where), and a password."""
        return self._waited(self._client.login(user, password, homeserver_url))

    def login_with_token(self, token: str, homeserver_url: str, user: str | None = None) -> Session:
        """Log in by a token of another login or of single sign-on; where `user` says so, as them and nobody else."""
        return self._waited(self._client.login_with_token(token, homeserver_url, user))

    def login_as_service(self, user: str, service_token: str, homeserver_url: str = "") -> Session:
        """Log in as a user of an application service, by the service's own token."""
        return self._waited(self._client.login_as_service(user, service_token, homeserver_url))

    def register(self, homeserver_url: str, wanted: Registration) -> Session | None:
        """Make an account, and log in to it where the server does so at once; None where it does not."""
        return self._waited(self._client.register(homeserver_url, wanted))

    def logout(self) -> None:
        """End the session, here and at the server."""
        self._waited(self._client.logout())

    def send(self, room_id: str, event_type: str, content: JsonObject) -> str:
        """Send an event, encrypted where the room is, once whatever happens; return its id."""
        return self._waited(self._client.send(room_id, event_type, content))

    def send_text(self, room_id: str, body: str, html: str | None = None) -> str:
        """Send a message; return its id."""
        return self._waited(self._client.send_text(room_id, body, html))

    def send_file(self, room_id: str, path: Path, content_type: str = "", caption: str | None = None) -> str:
        """Send a file from the disk, piece by piece, encrypted where the room is; return the id of the event."""
        return self._waited(self._client.send_file(room_id, path, content_type, caption))

    def edit(self, room_id: str, event_id: str, body: str, html: str | None = None) -> str:
        """Replace what a message of ours says; return the id of the edit."""
        return self._waited(self._client.edit(room_id, event_id, body, html))

    def reply(self, room_id: str, event_id: str, body: str, html: str | None = None) -> str:
        """Answer a message; return the id of the answer."""
        return self._waited(self._client.reply(room_id, event_id, body, html))

    def react(self, room_id: str, event_id: str, key: str) -> str:
        """Annotate an event by an emoji or a word; return the id of the reaction."""
        return self._waited(self._client.react(room_id, event_id, key))

    def redact(self, room_id: str, event_id: str, reason: str | None = None) -> str:
        """Take the content of an event away; return the id of the redaction."""
        return self._waited(self._client.redact(room_id, event_id, reason))

    def upload(self, source: Path | bytes, kind: MediaKind | None = None) -> str:
        """Send a file up as it is, piece by piece; return its mxc: URI."""
        return self._waited(self._client.media.upload(source, kind or MediaKind()))

    def upload_encrypted(self, source: Path | bytes) -> EncryptedFile:
        """Send a file up that the server cannot read, nor know what it is; return what opens it."""
        return self._waited(self._client.media.upload_encrypted(source))

    def save(self, what: str | EncryptedFile, path: Path) -> int:
        """Write a file, whole or not at all, decrypted where it was encrypted; return how many octets it has."""
        return self._waited(self._client.media.save(what, path))

    def save_thumbnail(self, uri: str, size: ThumbnailSize, path: Path) -> int:
        """Write a small picture of a file that is not encrypted, whole or not at all; return how many octets it has."""
        return self._waited(self._client.media.save_thumbnail(uri, size, path))

    @property
    def identity(self) -> Identity:
        """Whom we believe; raises `NotLoggedIn`."""
        return self._client.identity

    def sync(self, timeout_seconds: float = 0.0) -> tuple[News, ...]:
        """Return what is new."""
        return self._waited(self._client.sync(timeout_seconds))

    def listen(self, on_trouble: Trouble | None = None) -> Iterator[News]:
        """Give what happens, for as long as it is asked for; `on_trouble` is called in the thread of the event loop."""
        coming = self._client.listen(on_trouble)
        while True:
            yield self._waited(_next_of(coming))

    def listen_in_turns(self, on_trouble: Trouble | None = None) -> Iterator[tuple[News, ...]]:
        """Give what each sync brings, nothing too; other processes may have the account while it waits for more."""
        coming = self._client.listen_in_turns(on_trouble)
        while True:
            yield self._waited(_next_of(coming))

    def working(self) -> AbstractContextManager[None]:
        """Have the account until the block ends, as each thread must that goes on beside one that rests."""
        return self._within(self._client.working())

    def resting(self) -> AbstractContextManager[None]:
        """Let other processes have the account until the block ends; nothing is done with it there."""
        return self._within(self._client.resting())

    @contextmanager
    def _within(self, block: AbstractAsyncContextManager[None]) -> Iterator[None]:
        self._waited(_entered(block))
        try:
            yield
        finally:
            self._waited(_left(block))


async def _next_of(coming: AsyncIterator[_Outcome]) -> _Outcome:
    return await anext(coming)


async def _entered(block: AbstractAsyncContextManager[None]) -> None:
    await block.__aenter__()


async def _left(block: AbstractAsyncContextManager[None]) -> None:
    await block.__aexit__(None, None, None)
