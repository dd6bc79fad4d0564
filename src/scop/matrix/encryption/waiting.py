"""Events whose key has not come yet: kept, so many, and tried again when it does, also after a restart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter

import msgspec

from scop.matrix.encryption.ledger import Ledger
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Shelf

__all__ = ["Waiting"]

_PREFIX = "event:"
_MAX_EVENTS = 2000
_MAX_EVENT_OCTETS = 131_072  # twice what a server takes: more is no event


class _Kept(msgspec.Struct):
    number: int  # the order in which they came
    room_id: str
    session_id: str
    event: JsonObject


class Waiting:
    """Events by room and session; past their number the oldest are no longer tried."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._events: dict[str, _Kept] = {}
        self._by_session: dict[tuple[str, str], list[str]] = {}
        self._next = 0

    def load(self, entries: Mapping[str, bytes]) -> None:
        """Take in what was kept."""
        kept = [
            (key.removeprefix(_PREFIX), msgspec.msgpack.decode(octets, type=_Kept))
            for key, octets in entries.items()
            if key.startswith(_PREFIX)
        ]
        for key, one in sorted(kept, key=lambda pair: pair[1].number):
            self._hold(key, one)

    def add(self, room_id: str, session_id: str, event_id: str, event: JsonObject) -> bool:
        """Keep an event; return whether it waits now."""
        key = f"{room_id}|{event_id}"
        if key in self._events:
            return True
        if len(msgspec.json.encode(event)) > _MAX_EVENT_OCTETS:
            return False
        while len(self._events) >= _MAX_EVENTS:
            self._drop(next(iter(self._events)))
        one = _Kept(self._next, room_id, session_id, event)
        self._hold(key, one)
        self._ledger.put(Shelf.WAITING, _PREFIX + key, lambda: msgspec.msgpack.encode(one))
        return True

    def sessions(self) -> tuple[tuple[str, str], ...]:
        """Return the rooms and ids of the sessions that are waited for."""
        return tuple(self._by_session)

    def of(self, room_id: str, session_id: str) -> tuple[JsonObject, ...]:
        """Return the events that wait for a session, the oldest first."""
        return tuple(self._events[key].event for key in self._by_session.get((room_id, session_id), ()))

    def of_all(self, sessions: Iterable[tuple[str, str]]) -> tuple[tuple[str, JsonObject], ...]:
        """Return the rooms and events that wait for any of these sessions, the oldest first whatever its session."""
        kept = [self._events[key] for where in sessions for key in self._by_session.get(where, ())]
        return tuple((one.room_id, one.event) for one in sorted(kept, key=attrgetter("number")))

    def remove(self, room_id: str, event_id: str) -> None:
        """Let an event wait no longer."""
        self._drop(f"{room_id}|{event_id}")

    def _drop(self, key: str) -> None:
        one = self._events.pop(key, None)
        if one is None:
            return
        others = self._by_session[one.room_id, one.session_id]
        others.remove(key)
        if not others:
            del self._by_session[one.room_id, one.session_id]
        self._ledger.put(Shelf.WAITING, _PREFIX + key, None)

    def _hold(self, key: str, one: _Kept) -> None:
        self._events[key] = one
        self._by_session.setdefault((one.room_id, one.session_id), []).append(key)
        self._next = max(self._next, one.number + 1)
