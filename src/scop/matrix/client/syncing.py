"""What is new, and how it becomes durable.

A sync goes in five steps, so that a fault in any of them loses nothing and tells nothing twice:
1. ask for it, and for what is missing of its timelines; nothing is changed by that, so it may be asked again.
2. decrypt. What the encryption learns of it, it may learn again.
3. take it in: what is known of rooms changes, and happenings are made. Nothing is asked for here.
4. follow it: keys are kept up, and verification makes of it what it means. What breaks off goes on at the next call.
5. keep what changed, together with how far was read, and then tell it. A process that ends before begins at 1 again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

import msgspec

from scop.base import RemoteProtocolError
from scop.matrix.api.client_server.filter import DefineFilter, Filter
from scop.matrix.api.client_server.sync import Sync, SyncResponse
from scop.matrix.api.errors import MatrixError
from scop.matrix.client.batch import Batch
from scop.matrix.client.core import Core, Entries
from scop.matrix.client.happenings import Happening, Redacted
from scop.matrix.client.loading import Filling, Gap, Loading
from scop.matrix.client.outbox import Outbox
from scop.matrix.client.sending import Sending
from scop.matrix.client.unsealing import late, unseal
from scop.matrix.encryption.values import Decrypted
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Change, Keep, Shelf, Steps, ask, keep

if TYPE_CHECKING:
    from scop.matrix.encryption import Machine

__all__ = ["Follower", "Syncing"]

_PROGRESS = "progress"
_MAX_FILTERS = 4
_LOST_FILTER = ("M_NOT_FOUND", "M_INVALID_PARAM", "M_UNKNOWN")  # Synapse: the first, others: the others
_Outcome = TypeVar("_Outcome")
_News_co = TypeVar("_News_co", covariant=True)


class Follower(Protocol[_News_co]):
    """Makes something of what is new, before whoever syncs is told: verification does."""

    def follow(self, happening: Happening) -> Steps[tuple[_News_co, ...]]:
        """Return what a happening means."""

    def upkeep(self) -> Steps[tuple[_News_co, ...]]:
        """Do what is to be done after each sync."""


class _Nobody:
    """Makes nothing of it."""

    def follow(self, _happening: Happening) -> Steps[tuple[Happening, ...]]:
        """Return nothing."""
        yield from ()
        return ()

    def upkeep(self) -> Steps[tuple[Happening, ...]]:
        """Do nothing."""
        yield from ()
        return ()


class _Filter(msgspec.Struct, frozen=True):
    id: str
    wanted: JsonObject


class _Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far was read, and the filters that the server knows: programs that take turns may want several."""

    next_batch: str | None = None
    filters: tuple[_Filter, ...] = ()  # the newest last


class Syncing:
    """Asks what is new, one sync at a time."""

    def __init__(self, core: Core, outbox: Outbox, loading: Loading, sending: Sending) -> None:
        self._core = core
        self._outbox = outbox
        self._loading = loading
        self._sending = sending
        self._progress = _Progress()
        self._reached: str | None = None  # the next_batch of what is taken in and is not kept yet
        self._untold: deque[Happening] = deque()
        self._opened: frozenset[tuple[str, str]] = frozenset()  # what was read in the last sync: rooms and ids
        self._told: list[object] = []  # what was followed, and is not returned yet
        self.noted: Callable[[Sequence[object]], tuple[Change, ...]] | None = None  # what is kept of what is told

    def load(self, entries: Entries) -> None:
        """Take how far was read from what was kept."""
        self._progress = _read_progress(entries.get(Shelf.SYNC, {}).get(_PROGRESS))
        self._told, self._reached = [], None
        self._untold.clear()

    def keep_first(self, changes: tuple[Change, ...]) -> None:
        """Keep these before anything else is done."""
        self._core.learnt.add(changes)

    @property
    def next_batch(self) -> str | None:
        """How far was read; None before the first sync."""
        return self._progress.next_batch

    def sync(self, timeout_seconds: float = 0) -> Steps[tuple[Happening, ...]]:
        """Return what is new, waiting for it so long at most."""
        return (yield from self.sync_with(_Nobody(), timeout_seconds))

    def sync_with(
        self, follower: Follower[_News_co], timeout_seconds: float = 0
    ) -> Steps[tuple[Happening | _News_co, ...]]:
        """Return what is new, each with what a follower makes of it.

        What a fault breaks off goes on at the next call: nothing that came is left out, or followed by halves.
        """
        if self._reached is None:
            yield from self._core.learnt.keep()
            yield from self._take_sync(timeout_seconds)
        # 4. Follow it.
        yield from self._gathered(self._upkeep())
        yield from self._follow(follower)
        self._told += yield from self._gathered(follower.upkeep())
        yield from self._follow(follower)
        # 5. Keep it, and tell it.
        if self._core.encryption is not None:
            yield from self._gathered(self._core.encryption.let_go())
        self._told[:0] = self._outbox.take_refused()
        yield from self._keep_all()
        told, self._told = self._told, []
        return cast("tuple[Happening | _News_co, ...]", tuple(told))

    def _upkeep(self) -> Steps[None]:
        if self._core.encryption is None:
            return
        # What the server did not do for our keys is asked for again after the next sync; news do not wait for it.
        try:
            yield from self._core.encryption.upkeep()
        except MatrixError as refusal:
            if refusal.status == 401:
                raise
        except RemoteProtocolError:
            return

    def _follow(self, follower: Follower[object]) -> Steps[None]:
        """Let a follower make something of what is new, and of what waited for keys that it found."""
        yield from self._gathered(self._take_late())
        while self._untold:
            meant = yield from self._gathered(follower.follow(self._untold[0]))
            self._told += [self._untold.popleft(), *meant]
            if not self._untold:
                yield from self._gathered(self._take_late())

    def _take_late(self) -> Steps[None]:
        """Take in what waited for keys that came; not what this sync brought itself."""
        machine = self._core.encryption
        if machine is None:
            return
        for opened in machine.came_up():
            if (opened.room_id, opened.event_id) not in self._opened:
                self._untold += [event for event in (late(self._core, opened),) if event is not None]
        yield from machine.decrypt_all("", ())  # so that what waits no longer is durable with the rest

    def _take_sync(self, timeout_seconds: float) -> Steps[None]:
        # 1. Ask.
        machine = self._core.encryption
        has_late = machine is not None and machine.has_come_up
        response = yield from self._asked(0 if has_late else timeout_seconds)
        gaps = yield from self._gaps(response)
        # 2. Decrypt.
        opened = yield from self._gathered(unseal(self._core, response, gaps))
        self._opened = frozenset(where for where, one in opened.events.items() if isinstance(one, Decrypted))
        # 3. Take it in.
        batch = Batch(self._core, self._outbox, opened, is_first=self.next_batch is None)
        batch.take(response, gaps)
        for event in batch.timeline:
            self._sending.noticed(event)
        if machine is not None:
            yield from self._gathered(self._note_encryption(machine, batch))
        self._core.later.add(batch.changes)
        self._untold += batch.happenings
        self._reached, self._core.is_syncing = response.next_batch, True

    def _asked(self, timeout_seconds: float) -> Steps[SyncResponse]:
        wanted = self._core.options.sync_filter or _filter_of(self._core)
        others = tuple(one for one in self._progress.filters if one.wanted != wanted)
        was_known = others != self._progress.filters
        try:
            return (yield from self._asked_once(wanted, timeout_seconds))
        except MatrixError as refusal:
            is_lost = refusal.status in (400, 404) and refusal.errcode in _LOST_FILTER and refusal.is_of_homeserver
            if not was_known or not is_lost:
                raise
        # The server knows the filter no longer, it seems: it is made anew.
        self._progress = msgspec.structs.replace(self._progress, filters=others)
        return (yield from self._asked_once(wanted, timeout_seconds))

    def _asked_once(self, wanted: JsonObject, timeout_seconds: float) -> Steps[SyncResponse]:
        presence = self._core.options.presence
        filter_id = yield from self._filter_id(wanted)
        return (
            yield from ask(
                Sync(
                    filter=filter_id,
                    since=self.next_batch,
                    set_presence=None if presence is None else presence.value,
                    timeout=int(timeout_seconds * 1000),
                    # Matrix v1.19 CS §/sync: may be asked of servers that do not know it.
                    use_state_after=True,
                )
            )
        )

    def _filter_id(self, wanted: JsonObject) -> Steps[str]:
        for one in self._progress.filters:
            if one.wanted == wanted:
                return one.id
        made = yield from ask(DefineFilter(user_id=self._core.user_id, filter=Filter(unknown=wanted)))
        filters = (*self._progress.filters, _Filter(made.filter_id, wanted))[-_MAX_FILTERS:]
        self._progress = msgspec.structs.replace(self._progress, filters=filters)
        yield from keep(_kept(self._progress))
        return made.filter_id

    def _gaps(self, response: SyncResponse) -> Steps[dict[str, Filling]]:
        """Return what limited timelines leave out, of rooms that we were in before."""
        gaps: dict[str, Filling] = {}
        since, left = self.next_batch, self._core.options.fill_limit_of_sync
        joined = (response.rooms and response.rooms.join) or {}
        for room_id, news in joined.items():
            room, timeline = self._core.rooms.get(room_id), news.timeline
            if since is None or room is None or room.membership != "join" or timeline is None or not timeline.limited:
                continue
            gap = Gap(room, timeline.prev_batch, since, min(left, self._core.options.fill_limit))
            gaps[room_id] = yield from self._loading.gap(gap)
            left -= len(gaps[room_id].events)
        return gaps

    def _note_encryption(self, machine: Machine, batch: Batch) -> Steps[None]:
        """Tell the encryption which rooms are encrypted now, where someone may have left, and what was taken away."""
        for room_id, settings in batch.encrypted.items():
            yield from machine.note_settings(room_id, settings)
        for room_id in batch.left:
            if machine.is_encrypted(room_id):
                yield from machine.discard_session(room_id)
        for happening in batch.happenings:
            if isinstance(happening, Redacted):
                yield from machine.forget_event(happening.room_id, happening.event_id)

    def _gathered(self, steps: Steps[_Outcome]) -> Steps[_Outcome]:
        """Take steps, and put off what they keep until something is asked for, or the sync is kept."""
        try:
            needed = next(steps)
            while True:
                if isinstance(needed, Keep):
                    self._core.learnt.add(needed.changes)
                    needed = steps.send(None)
                else:
                    yield from self._core.learnt.keep()
                    try:
                        answer = yield needed
                    except Exception as fault:  # whatever it is, it is for the steps to know
                        needed = steps.throw(fault)
                    else:
                        needed = steps.send(answer)
        except StopIteration as end:
            return cast("_Outcome", end.value)

    def _keep_all(self) -> Steps[None]:
        progress = msgspec.structs.replace(self._progress, next_batch=self._reached)
        learnt, later = self._core.learnt.all(), self._core.later.all()
        noted = self.noted(self._told) if self.noted is not None else ()
        # Where nothing is new, nothing is written: other processes load what is kept again when it changed.
        reached = () if progress == self._progress else (_kept(progress),)
        yield from keep(*learnt, *later, *noted, *reached)
        self._core.learnt.done(learnt)
        self._core.later.done(later)
        self._progress, self._reached, self._core.is_syncing = progress, None, False


def _kept(progress: _Progress) -> Change:
    return Change(Shelf.SYNC, _PROGRESS, msgspec.json.encode(progress))


def _filter_of(core: Core) -> JsonObject:
    options = core.options
    lazy: JsonObject = {"lazy_load_members": True} if options.has_lazy_members else {}
    room: JsonObject = {
        "state": lazy,
        "timeline": {"limit": options.timeline_limit, "unread_thread_notifications": True, **lazy},
    }
    if not options.wants_typing:
        room["ephemeral"] = {"not_types": ["m.typing"]}
    wanted: JsonObject = {"room": room}
    if not options.wants_presence:
        wanted["presence"] = {"not_types": ["*"]}
    return wanted


def _read_progress(octets: bytes | None) -> _Progress:
    if octets is None:
        return _Progress()
    try:
        return msgspec.json.decode(octets, type=_Progress)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RemoteProtocolError("what is kept of syncing cannot be read") from error
