"""All rooms that a client knows, and how they are kept.

A room is kept as a journal: the whole of it once, then what each sync changed, until that is as much again and it is
written whole anew. So a restart costs little, and so does one message in a room of thousands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from scop.base import RemoteProtocolError
from scop.matrix.client.event import Event
from scop.matrix.client.room import Room, RoomHead
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Change, Shelf

__all__ = ["Rooms"]

_MAX_PAGES = 32  # changes that are kept beside the whole of a room
_ROOM_SEPARATOR = " "  # no id of a room holds one


class _Page(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of a room at one time."""

    head: RoomHead
    state: tuple[Event, ...] = ()
    next_page: int | None = None  # of what is whole: pages before this are part of it


_PAGE = msgspec.json.Decoder(_Page)
_CONTENT = msgspec.json.Decoder(JsonObject)


class Rooms(Mapping[str, Room]):
    """The rooms by their ids; each is read from what was kept when it is first looked at."""

    def __init__(self, own_user_id: str, entries: Mapping[Shelf, Mapping[str, bytes]]) -> None:
        self._own_user_id = own_user_id
        self._rooms: dict[str, Room] = {}
        self._kept: dict[str, dict[int, bytes]] = {}
        self._pages: dict[str, tuple[int, int]] = {}  # the first page after the whole, and the next to write
        self._account_data: dict[str, dict[str, JsonObject]] = {}
        for key, octets in entries.get(Shelf.ROOM, {}).items():
            room_id, _, page = key.partition(_ROOM_SEPARATOR)
            self._kept.setdefault(room_id, {})[int(page)] = octets
        for key, octets in entries.get(Shelf.ACCOUNT_DATA, {}).items():
            room_id, _, kind = key.partition(_ROOM_SEPARATOR)
            if room_id:
                self._account_data.setdefault(room_id, {})[kind] = _decoded_content(octets)

    def __getitem__(self, room_id: str) -> Room:
        if room_id not in self._rooms and (pages := self._kept.pop(room_id, None)) is not None:
            self._rooms[room_id] = self._read(room_id, pages)
        return self._rooms[room_id]

    def __iter__(self) -> Iterator[str]:
        return iter([*self._rooms, *self._kept])

    def __len__(self) -> int:
        return len(self._rooms) + len(self._kept)

    def of(self, *memberships: str) -> tuple[Room, ...]:
        """Return the rooms that we are in (`join`), are asked into (`invite`), ask for (`knock`) and so on."""
        return tuple(room for room in self.values() if room.membership in memberships)

    def made(self, room_id: str) -> Room:
        """Return a room, a new one where it is not known."""
        if room_id not in self:
            self._rooms[room_id] = Room(room_id, self._own_user_id, RoomHead())
        return self[room_id]

    def kept(self, room: Room, changed: tuple[Event, ...], *, is_whole: bool = False) -> tuple[Change, ...]:
        """Return what is to be kept of a room after these pieces of its state changed."""
        first, number = self._pages.get(room.room_id, (0, 0))
        if number == 0 or is_whole or number - first >= _MAX_PAGES:
            # The numbers go on: should this not become durable, pages that do are still read in order.
            self._pages[room.room_id] = (number + 1, number + 1)
            page = _Page(room.head, room.all_state(), next_page=number + 1)
            older = tuple(Change(Shelf.ROOM, _key(room.room_id, one), None) for one in range(first, number) if one)
            return (Change(Shelf.ROOM, _key(room.room_id, 0), msgspec.json.encode(page)), *older)
        self._pages[room.room_id] = (first, number + 1)
        return (Change(Shelf.ROOM, _key(room.room_id, number), msgspec.json.encode(_Page(room.head, changed))),)

    def forgotten(self, room_id: str) -> tuple[Change, ...]:
        """Forget a room, and return what is no longer kept."""
        room = self[room_id]
        del self._rooms[room_id]
        first, number = self._pages.pop(room_id, (0, 0))
        pages = (Change(Shelf.ROOM, _key(room_id, one), None) for one in (0, *range(first, number)))
        kinds = (Change(Shelf.ACCOUNT_DATA, room_id + _ROOM_SEPARATOR + kind, None) for kind in room.account_data)
        return (*pages, *kinds)

    def _read(self, room_id: str, pages: dict[int, bytes]) -> Room:
        try:
            whole = _PAGE.decode(pages.pop(0))
            first = whole.next_page or 1
            read = [whole, *(_PAGE.decode(pages[number]) for number in sorted(pages) if number >= first)]
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError) as error:
            raise RemoteProtocolError(f"what is kept of the room {room_id} cannot be read") from error
        self._pages[room_id] = (first, max([first - 1, *pages]) + 1)
        room = Room(room_id, self._own_user_id, read[-1].head, (event for page in read for event in page.state))
        room.account_data.update(self._account_data.pop(room_id, {}))
        return room


def _key(room_id: str, page: int) -> str:
    return f"{room_id}{_ROOM_SEPARATOR}{page}"


def _decoded_content(octets: bytes) -> JsonObject:
    try:
        return _CONTENT.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RemoteProtocolError("what is kept of account data cannot be read") from error
