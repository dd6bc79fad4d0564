"""What came while other commands ran, kept until `listen` tells it.

Each command of an account syncs, and what a sync brings comes once. So the others put what is news for people on a
shelf of the store: messages, state, who comes and goes, invitations. Who types or reads is of the moment, and is not
kept. `listen` takes it from there when it is shown, so that what breaks off is told again; what it takes in itself it
puts there before it shows it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import get_args

import msgspec

from scop.matrix.client import ClientOptions
from scop.matrix.client.happenings import (
    AccountDataChanged,
    Happening,
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
    """Keeps for a client what the keeper beneath does, and what was not told."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._kept: dict[str, bytes] = {}

    async def entries(self) -> Mapping[Shelf, Mapping[str, bytes]]:
        """Return all that is kept."""
        found = await self._keeper.entries()
        self._kept = dict(sorted(found.get(Shelf.UNTOLD, {}).items()))
        return found

    async def put(self, changes: Sequence[Change]) -> None:
        """Make changes durable, all together."""
        await self._keeper.put(changes)

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

    async def add(self, news: Sequence[News]) -> Mapping[str, News]:
        """Keep what is worth it, and let the oldest go where it is too much; return what is kept, by its key."""
        await self.take_away(news)
        # By the clock, so that no key comes twice: who told what one of them named may still have to take it away.
        number = max(int(next(reversed(self._kept), "0")) + 1, time.time_ns() // 1_000_000)
        worth_it = [one for one in news if isinstance(one, _KINDS)][-MAX_UNTOLD:]
        named = {f"{number + place:015}": one for place, one in enumerate(worth_it)}
        new = {key: _encoded(one) for key, one in named.items()}
        self._kept |= new
        old = tuple(self._kept)[:-MAX_UNTOLD]
        await self._change([*(Change(Shelf.UNTOLD, key, one) for key, one in new.items()), *map(_gone, old)])
        return named

    async def take_away(self, news: Sequence[News]) -> None:
        """Keep no longer what was taken away meanwhile."""
        if redacted := {(one.room_id, one.event_id) for one in news if isinstance(one, Redacted)}:
            await self.told([key for key, one in self.all().items() if _place(one) in redacted])

    def all(self, after: str = "") -> dict[str, News | None]:
        """Return what is kept after a key, oldest first; None for what another release has kept in a way of its own."""
        return {key: _decoded(octets) for key, octets in self._kept.items() if key > after}

    async def told(self, keys: Iterable[str]) -> None:
        """Keep these no longer."""
        await self._change([_gone(key) for key in keys if key in self._kept])

    async def _change(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.octets is None:
                self._kept.pop(change.key, None)
        if changes:
            await self._keeper.put(changes)


class KeepingClient(AsyncClient):
    """A client that keeps the news of each sync for `listen`. What was there at the first sync is none."""

    def __init__(self, untold: Untold, network: NetworkOptions, options: ClientOptions | None = None) -> None:
        super().__init__(untold, options, network)
        self._untold = untold

    async def sync(self, timeout_seconds: float = 0.0) -> tuple[News, ...]:
        """Return what is new."""
        is_first = self.core.syncing.next_batch is None
        news = await super().sync(timeout_seconds)
        if not is_first:
            await self._untold.add(news)
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
