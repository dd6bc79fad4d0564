"""What came while other commands ran, kept until `listen` tells it.

Each command of an account syncs, and what a sync brings comes once. So the others put what is news for people on a
shelf of the store: messages, state, who comes and goes, invitations. Who types or reads is of the moment, and is not
kept. `listen` takes it from there when it is shown, so that what breaks off is told again; so does it with what it
takes in itself. It becomes durable together with how far was read, so that no kill in between loses it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import get_args

import msgspec

from scop.matrix.client import ClientOptions
from scop.matrix.client.happenings import (
    AccountDataChanged,
    Happening,
    NotSent,
    PresenceChanged,
    ReceiptsMoved,
    Redacted,
    RoomEvent,
    StateChanged,
    ToDeviceReceived,
    TypingChanged,
    UnreadChanged,
)
from scop.matrix.encryption.values import Decrypted
from scop.matrix.steps import Change, Shelf
from scop.net.matrix import AsyncClient, NetworkOptions
from scop.net.matrix.keeping import Keeper
from scop.net.matrix.whole_sync import News

__all__ = ["MAX_UNTOLD", "KeepingClient", "Untold"]

MAX_UNTOLD = 1000  # the newest
_APART = "-"
_OF_THE_MOMENT = {
    AccountDataChanged,
    PresenceChanged,
    ReceiptsMoved,
    ToDeviceReceived,  # an answer to something that ran then
    TypingChanged,
    UnreadChanged,
}
_KINDS: tuple[type[Happening], ...] = tuple(kind for kind in get_args(Happening) if kind not in _OF_THE_MOMENT)
_BY_NAME: Mapping[str, type[News]] = {kind.__name__: kind for kind in _KINDS}


class _Kept(msgspec.Struct, frozen=True):
    kind: str
    news: msgspec.Raw


class Untold:
    """Keeps for a client what the keeper beneath does, and knows what was not told."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._kept: dict[str, bytes] = {}  # what is durable, oldest first
        self._own: dict[str, News] = {}  # what came to this process, by its key

    async def entries(self) -> Mapping[Shelf, Mapping[str, bytes]]:
        """Return all that is kept."""
        found = await self._keeper.entries()
        self._kept = dict(sorted(found.get(Shelf.UNTOLD, {}).items()))
        return found

    async def put(self, changes: Sequence[Change]) -> None:
        """Make changes durable, all together."""
        await self._keeper.put(changes)
        for change in changes:
            if change.shelf is Shelf.UNTOLD and change.octets is None:
                self._kept.pop(change.key, None)
            elif change.shelf is Shelf.UNTOLD and change.octets is not None:
                self._kept[change.key] = change.octets

    async def clear(self) -> None:
        """Keep nothing of what was kept."""
        self._kept.clear()
        await self._keeper.clear()

    async def let_go(self) -> None:
        """Let other processes use it, until it is taken back."""
        await self._keeper.let_go()

    async def take_back(self) -> bool:
        """Have it for this process alone again; return whether others changed what is kept."""
        return await self._keeper.take_back()

    async def close(self) -> None:
        """Finish what was asked for."""
        await self._keeper.close()

    def noted(self, news: Sequence[object]) -> tuple[Change, ...]:
        """Return what keeps what is worth it, without what was taken away meanwhile, and the oldest of too much."""
        redacted = {(one.room_id, one.event_id) for one in news if isinstance(one, Redacted)}
        gone = [key for key, one in self.all().items() if _place(one) in redacted] if redacted else []
        last = int(next(reversed(self._kept), "0").partition(_APART)[0])
        # By the clock in order, and by chance apart: no key comes twice, since whoever told what one names may still
        # have to take it away, and clocks are set back.
        number, apart = max(last + 1, time.time_ns() // 1_000_000), f"{_APART}{secrets.token_hex(8)}"
        worth_it = [one for one in news if isinstance(one, _KINDS)][-MAX_UNTOLD:]
        own = {f"{number + place:015}{apart}": one for place, one in enumerate(worth_it)}
        self._own = {**self.own(), **own}
        left = [key for key in self._kept if key not in gone]
        old = left[: max(0, len(left) + len(worth_it) - MAX_UNTOLD)]
        new = (Change(Shelf.UNTOLD, key, _encoded(one)) for key, one in own.items())
        return (*map(_gone, (*gone, *old)), *new)

    def own(self) -> Mapping[str, News]:
        """Return what came to this process, by its key, so far as it is kept."""
        return {key: one for key, one in self._own.items() if key in self._kept}

    def all(self) -> dict[str, News | None]:
        """Return what is kept, oldest first; None for what another release has kept in a way of its own."""
        return {key: _decoded(octets) for key, octets in self._kept.items()}

    async def told(self, keys: Iterable[str]) -> None:
        """Keep these no longer."""
        if changes := [_gone(key) for key in keys if key in self._kept]:
            await self.put(changes)


class KeepingClient(AsyncClient):
    """A client that keeps the news of each sync for `listen`. What was there at the first sync is none."""

    def __init__(self, untold: Untold, network: NetworkOptions, options: ClientOptions | None = None) -> None:
        super().__init__(untold, options, network)
        self._untold = untold

    def _noted(self, news: Sequence[object]) -> tuple[Change, ...]:
        """Return what keeps the news of a sync, together with how far was read: a kill in between loses nothing."""
        return () if self.core.syncing.next_batch is None else self._untold.noted(news)

    async def sync(self, timeout_seconds: float = 0.0) -> tuple[News, ...]:
        """Return what is new."""
        news = await super().sync(timeout_seconds)
        known = self._untold.own().values()
        # What had waited to be sent goes out after a sync, and may be refused.
        if refused := [one for one in news if isinstance(one, NotSent) and one not in known]:
            await self._untold.put(self._untold.noted(refused))
        return news


def _gone(key: str) -> Change:
    return Change(Shelf.UNTOLD, key, None)


def _place(news: News | None) -> tuple[str, str]:
    return (news.room_id, news.event.event_id) if isinstance(news, RoomEvent | StateChanged) else ("", "")


def _encoded(news: News) -> bytes:
    return msgspec.json.encode({"kind": type(news).__name__, "news": news})


def _decoded(octets: bytes) -> News | None:
    try:
        kept = msgspec.json.decode(octets, type=_Kept)
        news: News = msgspec.json.decode(kept.news, type=_BY_NAME[kept.kind])
        if isinstance(news, RoomEvent) and news.encryption is not None:
            return replace(news, encryption=msgspec.convert(news.encryption, Decrypted))
    except (KeyError, msgspec.MsgspecError):
        return None
    return news
