"""The third step of a sync: what it says is taken in, and becomes happenings and changes. Nothing is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from scop.matrix.api.client_server.events import Event as SmallEvent
from scop.matrix.api.client_server.sync import EventBatch, InvitedRoom, JoinedRoom, KnockedRoom, LeftRoom, SyncResponse
from scop.matrix.client.core import Core
from scop.matrix.client.event import Event, text_of
from scop.matrix.client.happenings import (
    AccountDataChanged,
    Happening,
    PresenceChanged,
    ToDeviceReceived,
)
from scop.matrix.client.loading import Filling
from scop.matrix.client.outbox import Outbox
from scop.matrix.client.room_batch import RoomBatch
from scop.matrix.client.unsealing import Opened
from scop.matrix.encryption.values import ToDevice
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Change, Shelf

__all__ = ["Batch"]

_NO_GAP = Filling()
_News = TypeVar("_News")


class Batch:
    """What one sync comes to."""

    def __init__(self, core: Core, outbox: Outbox, opened: Opened, *, is_first: bool) -> None:
        self._core = core
        self._outbox = outbox
        self._opened = opened
        self._is_first = is_first
        self.happenings: list[Happening] = []
        self.changes: list[Change] = []
        self.timeline: list[Event] = []
        self.encrypted: dict[str, JsonObject] = {}  # rooms whose m.room.encryption came
        self.left: set[str] = set()  # rooms that someone left, or may have left

    def take(self, response: SyncResponse, gaps: Mapping[str, Filling]) -> None:
        """Take in a sync."""
        self.happenings += map(_received, self._opened.messages)
        self._take_account_data(response.account_data)
        rooms = response.rooms
        if rooms is not None:
            # First: who left a room and was asked in again between two syncs finds it in both places.
            for room_id, left in _sound(rooms.leave):
                self._take_left(room_id, left)
            for room_id, joined in _sound(rooms.join):
                self._take_joined(room_id, joined, gaps.get(room_id, _NO_GAP))
            for room_id, invited in _sound(rooms.invite):
                self._take_asked(room_id, invited)
            for room_id, knocked in _sound(rooms.knock):
                self._take_asked(room_id, knocked)
        self._take_presence(response.presence)

    def _room(self, room_id: str) -> RoomBatch:
        return RoomBatch(self._core, self._core.rooms.made(room_id), self._opened, is_first=self._is_first)

    def _take_joined(self, room_id: str, news: JoinedRoom, gap: Filling) -> None:
        batch = self._room(room_id)
        batch.take_joined(news, gap)
        for event in _events(news.account_data):
            self._put_account_data(room_id, event)
        self._close(batch)
        if news.timeline is not None and news.timeline.limited:
            self.left.add(room_id)

    def _take_asked(self, room_id: str, news: InvitedRoom | KnockedRoom) -> None:
        batch = self._room(room_id)
        batch.take_asked(news)
        self._close(batch)

    def _take_left(self, room_id: str, news: LeftRoom) -> None:
        batch = self._room(room_id)
        batch.take_left(news)
        for event in _events(news.account_data):
            self._put_account_data(room_id, event)
        self._close(batch)

    def _close(self, batch: RoomBatch) -> None:
        room = batch.room
        self.happenings += batch.happenings
        self.changes += self._core.rooms.kept(room, batch.changed(), is_whole=batch.is_whole)
        self.timeline += batch.timeline
        for event in batch.timeline:
            self.changes += self._outbox.came_back(event.transaction_id, event.event_id)
        if "m.room.encryption" in batch.changed_types and room.encryption is not None:
            self.encrypted[room.room_id] = room.encryption
        if batch.has_leaver:
            self.left.add(room.room_id)

    def _take_account_data(self, news: EventBatch | None) -> None:
        for event in _events(news):
            self._core.account_data[event.type] = event.content
            if event.type == "m.push_rules":
                self._core.push.load(event.content)
            self.changes.append(_kept_data("", event))
            self.happenings.append(AccountDataChanged(None, event.type, event.content))

    def _put_account_data(self, room_id: str, event: SmallEvent) -> None:
        self._core.rooms[room_id].account_data[event.type] = event.content
        self.changes.append(_kept_data(room_id, event))
        self.happenings.append(AccountDataChanged(room_id, event.type, event.content))

    def _take_presence(self, news: EventBatch | None) -> None:
        for event in _events(news):
            sender, presence = event.sender, text_of(event.content, "presence")
            if event.type != "m.presence" or sender is None or presence is None:
                continue
            active, ago = event.content.get("currently_active"), event.content.get("last_active_ago")
            change = PresenceChanged(
                sender,
                presence,
                text_of(event.content, "status_msg"),
                active if isinstance(active, bool) else None,
                ago if isinstance(ago, int) else None,
            )
            self._core.presence[sender] = change
            self.happenings.append(change)


def _received(message: ToDevice) -> ToDeviceReceived:
    content = dict(message.content)
    if message.type == "m.secret.send":
        content.pop("secret", None)  # is for who keeps it: what is new is shown, and written down
    return ToDeviceReceived(message.sender, message.type, content, message.was_encrypted, message)


def _sound(rooms: Mapping[str, _News] | None) -> Iterable[tuple[str, _News]]:
    """Return the rooms whose ids can be those of rooms."""
    # Matrix v1.19 appendices §Room IDs: nothing is to be read in them, but they hold no blanks.
    return [(room_id, news) for room_id, news in (rooms or {}).items() if room_id[:1] == "!" and " " not in room_id]


def _events(news: EventBatch | None) -> tuple[SmallEvent, ...]:
    return (news.events or ()) if news is not None else ()


def _kept_data(room_id: str, event: SmallEvent) -> Change:
    return Change(Shelf.ACCOUNT_DATA, f"{room_id} {event.type}", msgspec.json.encode(event.content))
