"""The client with its sockets and its store: logs in, sends, listens, moves files.

    async with AsyncClient(SealedShelves.open(path, passphrase)) as client:
        await client.login("@me:example.org", password)
        await client.send_text("!sea:example.org", "Hello.")
        async for happening in client.listen():
            ...

All else that `scop.matrix.Client` can do is done by `do`: `await client.do(client.core.joining.join, room)`. What is
done in one room by `do` and `send…` is done in the order in which it was asked for.

What is kept is this process's alone until the client is left. Who waits for long lets others have it meanwhile:
`listen_in_turns`, and `resting` for other waits; each further task does what it does within `working`. Another process
may have changed what is kept then, so `core`, `identity` and `media` are new ones after a wait.
"""

from __future__ import annotations

import asyncio
import mimetypes
import secrets
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

from scop.matrix import Client
from scop.matrix.client import ClientOptions, Session
from scop.matrix.client.contents import Attachment, Message
from scop.matrix.client.logging_in import Registration
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Change, Shelf, Steps, Surroundings
from scop.matrix.verification import Identity
from scop.net.clock import SystemClock
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.matrix.carrier import Carrier
from scop.net.matrix.driver import Driver
from scop.net.matrix.faults import Busy, NotLoggedIn
from scop.net.matrix.histories import Histories
from scop.net.matrix.keeping import Keeper, MemoryShelves
from scop.net.matrix.media import Media, MediaKind
from scop.net.matrix.options import NetworkOptions
from scop.net.matrix.repeating import Pauses, Rest, SystemRest
from scop.net.matrix.turns import Overtaken, Turns
from scop.net.matrix.whole_sync import News, sync_whole

__all__ = ["AsyncClient", "Trouble"]

LONG_POLL_SECONDS = 30.0
_P = ParamSpec("_P")
_Outcome = TypeVar("_Outcome")
_Waiting = Callable[[], AbstractAsyncContextManager[object]]
Trouble = Callable[[TemporaryFailure | None], object]  # told when the network is gone, and, with None, when it is back


class AsyncClient:
    """One account on one device; used within one event loop, between `async with` and its end."""

    def __init__(
        self,
        keeper: Keeper | None = None,
        options: ClientOptions | None = None,
        network: NetworkOptions | None = None,
        rest: Rest | None = None,
    ) -> None:
        self._keeper = keeper or MemoryShelves()
        self._options = options or ClientOptions()
        self._network = network or NetworkOptions()
        self._rest = rest or SystemRest()
        self._carrier = Carrier(self._network, self._rest)
        self._rooms: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._syncing = asyncio.Lock()
        self._history_tries: Counter[str] = Counter()
        self._has_unsent = True  # something may be waiting to go out: since the last process, or a failure

    async def __aenter__(self) -> AsyncClient:
        try:
            await self._load()
        except BaseException:
            await self._keeper.close()  # nobody else will
            raise
        self._turns = Turns(self._keeper, self._load_again)
        return self

    async def _load(self) -> None:
        """Begin with what is kept."""
        clock = SystemClock()
        entries = await self._keeper.entries()
        self._surroundings = Surroundings(clock, secrets.token_bytes)
        self._core = Client(None, entries, self._surroundings, self._options)
        self._core.syncing.noted = self._noted
        self._join(entries)
        self._driver = Driver(self._core, self._carrier, self._keeper, clock)
        self._media = Media(self._driver, self._carrier)
        self._histories = Histories(self._core, self._driver, self._media, self._history_tries)

    async def _load_again(self) -> None:
        """Go on from what another process made of it; what it left unsent is ours to send."""
        self._driver.retire()
        await self._load()
        self._has_unsent = True

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._carrier.close()
        await self._keeper.close()

    def _join(self, entries: Mapping[Shelf, Mapping[str, bytes]]) -> None:
        """Let the encryption ask us whom to believe."""
        self._machine = machine = self._core.encryption
        self._identity = None
        if machine is not None:
            self._identity = Identity(machine, entries, self._surroundings)
            self._identity.send_by(self._core.send)
            self._core.shared_history.restore_by(self._identity.backup.restore)

    @property
    def core(self) -> Client:
        """The client without I/O: what it knows, and what `do` can do."""
        self._check_turn()
        return self._core

    @property
    def media(self) -> Media:
        """The content repository of our homeserver."""
        self._check_turn()
        return self._media

    def _check_turn(self) -> None:
        if not self._turns.is_ours:
            raise RuntimeError("another process may be at work with this account: `working` waits for it")

    def working(self) -> AbstractAsyncContextManager[None]:
        """Have the account until the block ends, as each task must that goes on beside one that rests."""
        return self._turns.working()

    def resting(self) -> AbstractAsyncContextManager[None]:
        """Let other processes have the account until the block ends; nothing is done with it there."""
        return self._turns.resting()

    @property
    def identity(self) -> Identity:
        """Whom we believe: cross-signing, verifications, secrets and backup; raises `NotLoggedIn`."""
        self._check_turn()
        if self._identity is None:
            raise NotLoggedIn("nobody is logged in here who could encrypt")
        return self._identity

    @property
    def session(self) -> Session:
        """Who is logged in; raises `NotLoggedIn`."""
        if self.core.session is None:
            raise NotLoggedIn("nobody is logged in here")
        return self.core.session

    async def run(self, steps: Steps[_Outcome], room_id: str = "") -> _Outcome:
        """Return the outcome of steps; those for one room are taken in turn."""
        async with self._in_turn(room_id):
            return await self._run(steps)

    async def do(self, what: Callable[_P, Steps[_Outcome]], *things: _P.args, **named: _P.kwargs) -> _Outcome:
        """Do something that the client can; where its first argument is a room id, after what is being done there."""
        room_id = things[0] if things and isinstance(things[0], str) and things[0].startswith("!") else ""
        async with self._in_turn(room_id):
            return await self._run(what(*things, **named))

    async def _run(self, steps: Steps[_Outcome]) -> _Outcome:
        self._check_turn()
        try:
            return await self._driver.run(steps)
        except (TemporaryFailure, asyncio.CancelledError):
            self._has_unsent = True
            raise
        finally:
            if self._core.encryption is not self._machine:
                self._join({})  # another device, or none any more: nothing is known yet

    def _in_turn(self, room_id: str) -> AbstractAsyncContextManager[object]:
        return self._rooms.setdefault(room_id, asyncio.Lock()) if room_id else nullcontext()

    async def find(self, server_name: str) -> str:
        """Return the URL of the homeserver of a server name."""
        return await self.do(self.core.discover, server_name)

    async def login(self, user: str, password: str, homeserver_url: str = "") -> Session:
        """Log in by a user id (or a name, and where), and a password."""
        url = homeserver_url.rstrip("/") or await self._homeserver_of(user)
        return await self.do(self.core.login_with_password, url, user, password)

    async def login_with_token(self, token: str, homeserver_url: str, user: str | None = None) -> Session:
        """Log in by a token of another login or of single sign-on; where `user` says so, as them and nobody else."""
        url = homeserver_url.rstrip("/") or await self._homeserver_of(user or "")
        return await self.do(self.core.login_with_token, url, token, user)

    async def login_as_service(self, user: str, service_token: str, homeserver_url: str = "") -> Session:
        """Log in as a user of an application service, by the service's own token."""
        url = homeserver_url.rstrip("/") or await self._homeserver_of(user)
        return await self.do(self.core.login_as_service, url, user, service_token)

    async def register(self, homeserver_url: str, wanted: Registration) -> Session | None:
        """Make an account, and log in to it where the server does so at once; None where it does not."""
        return await self.do(self.core.login.register, homeserver_url, wanted)

    async def _homeserver_of(self, user: str) -> str:
        _, colon, server_name = user.partition(":")
        if not colon or not user.startswith("@"):
            raise PermanentFailure(f"{user} does not say at which homeserver: @{user.lstrip('@')}:example.org does")
        return await self.find(server_name)

    async def logout(self) -> None:
        """End the session, here and at the server."""
        await self.do(self.core.logout)

    async def send(self, room_id: str, event_type: str, content: JsonObject) -> str:
        """Send an event, encrypted where the room is, once whatever happens; return its id.

        After a `TemporaryFailure` it waits, and goes out after a later sync by itself.
        """
        return await self.do(self.core.send, room_id, event_type, content)

    async def send_text(self, room_id: str, body: str, html: str | None = None) -> str:
        """Send a message; return its id."""
        return await self.do(self.core.send_text, room_id, body, html)

    async def send_file(self, room_id: str, path: Path, content_type: str = "", caption: str | None = None) -> str:
        """Send a file from the disk, piece by piece, encrypted where the room is; return the id of the event."""
        kind = content_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        octets = (await asyncio.to_thread(path.stat)).st_size
        shown = Attachment(path.name, kind, octets, caption=None if caption is None else Message(caption))
        room, machine = await self.do(self.core.loading.room, room_id), self.core.encryption
        if room.is_encrypted or (machine is not None and machine.is_encrypted(room_id)):
            sealed = await self.media.upload_encrypted(path)
            shown = replace(shown, encrypted_file=sealed.to_json())
        else:
            shown = replace(shown, url=await self.media.upload(path, MediaKind(kind, path.name)))
        return await self.do(self.core.sending.file, room_id, shown)

    async def edit(self, room_id: str, event_id: str, body: str, html: str | None = None) -> str:
        """Replace what a message of ours says; return the id of the edit."""
        return await self.do(self.core.edit, room_id, event_id, body, html)

    async def reply(self, room_id: str, event_id: str, body: str, html: str | None = None) -> str:
        """Answer a message; return the id of the answer."""
        return await self.do(self.core.reply, room_id, event_id, body, html)

    async def react(self, room_id: str, event_id: str, key: str) -> str:
        """Annotate an event by an emoji or a word; return the id of the reaction."""
        return await self.do(self.core.react, room_id, event_id, key)

    async def redact(self, room_id: str, event_id: str, reason: str | None = None) -> str:
        """Take the content of an event away; return the id of the redaction."""
        return await self.do(self.core.redact, room_id, event_id, reason)

    def _noted(self, news: Sequence[object]) -> tuple[Change, ...]:
        """Return what is to be kept of the news of a sync, durable together with how far was read: nothing here."""
        del news
        return ()

    async def sync(self, timeout_seconds: float = 0.0) -> tuple[News, ...]:
        """Return what is new; what could not be sent before, or before a restart, goes out after it."""
        async with self._syncing:
            _ = self.session  # or there is none
            happenings = await self.run(sync_whole(self.core, self._identity, timeout_seconds))
            await self._histories.take()
        if self._has_unsent:
            await self._resume()
        return (*happenings, *self.core.outbox.take_refused())

    async def _resume(self) -> None:
        """Send what waits; what cannot go out now does after a later sync, and holds no news up."""
        self._has_unsent = False
        with suppress(TemporaryFailure, PermanentFailure):  # whoever does something next hears of what lasts
            await self.do(self.core.resume)

    async def listen(self, on_trouble: Trouble | None = None) -> AsyncGenerator[News, None]:
        """Give what happens, for as long as it is asked for; a network that is gone is waited for.

        Ends by a `PermanentFailure` where the server takes us no longer.
        """
        async with aclosing(self._syncs(on_trouble, nullcontext)) as coming:
            async for batch in coming:
                for happening in batch:
                    yield happening

    async def listen_in_turns(self, on_trouble: Trouble | None = None) -> AsyncGenerator[tuple[News, ...], None]:
        """Give what each sync brings, nothing too, and let other processes have the account while it waits for more.

        What they take in does not come here; `core` is another one where they took in anything.
        """
        async with aclosing(self._syncs(on_trouble, self.resting)) as coming:
            async for batch in coming:
                yield batch

    async def _syncs(self, on_trouble: Trouble | None, waiting: _Waiting) -> AsyncGenerator[tuple[News, ...], None]:
        pauses: Pauses | None = None
        wait = 0.0  # first what is there already
        while True:
            try:
                self._driver.polling = waiting
                happenings = await self.sync(wait)
            except Overtaken:
                wait = 0.0
                continue
            except TemporaryFailure as failure:
                if pauses is None and on_trouble is not None:
                    on_trouble(failure)
                pauses = pauses or Pauses(self._endless, self._rest)
                asked_for = failure.error.retry_after_seconds if isinstance(failure, Busy) else None
                async with waiting():
                    await pauses.wait(failure, asked_for or 0.0)
                continue
            if pauses is not None and on_trouble is not None:
                on_trouble(None)
            pauses, wait = None, LONG_POLL_SECONDS
            yield happenings

    @property
    def _endless(self) -> NetworkOptions:
        return replace(self._network, patience_seconds=float("inf"))
