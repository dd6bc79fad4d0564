"""What was said before: pages of it, single events and those around them, relations, threads, search.

Encrypted events are decrypted where their keys are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scop.matrix.api.client_server.event_context import GetEventContext
from scop.matrix.api.client_server.events import ClientEvent
from scop.matrix.api.client_server.message_pagination import GetRoomEvents
from scop.matrix.api.client_server.relations import (
    GetRelatingEvents,
    GetRelatingEventsWithRelType,
    GetRelatingEventsWithRelTypeAndEventType,
)
from scop.matrix.api.client_server.room_event_by_timestamp import GetEventByTimestamp
from scop.matrix.api.client_server.rooms import GetOneRoomEvent
from scop.matrix.api.client_server.search import Categories, ResultRoomEvents, RoomEventsCriteria, Search
from scop.matrix.api.client_server.threads_list import GetThreadRoots
from scop.matrix.client.core import Core
from scop.matrix.client.event import Event, read_event
from scop.matrix.client.happenings import RoomEvent, Undecryptable
from scop.matrix.client.unsealing import reveal
from scop.matrix.steps import Steps, ask

__all__ = ["Context", "History", "Page", "Seen"]

Seen = RoomEvent | Undecryptable


@dataclass(frozen=True, slots=True)
class Page:
    """Events in the order in which they were asked for, and from where more of them come (None: there are none)."""

    events: tuple[Seen, ...]
    next_token: str | None = None
    state: tuple[Event, ...] = ()  # with lazy members: of those who speak


@dataclass(frozen=True, slots=True)
class Context:
    """An event and what was said around it, oldest first."""

    before: tuple[Seen, ...]
    event: Seen | None
    after: tuple[Seen, ...]
    start: str | None
    end: str | None


class History:
    """Reads what a sync does not bring."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def page(self, room_id: str, from_token: str | None = None, limit: int = 50) -> Steps[Page]:
        """Return events of a room before a point, newest first; from its end where no point is given."""
        return (yield from self._page(GetRoomEvents(room_id=room_id, dir="b", from_=from_token, limit=limit)))

    def page_forward(self, room_id: str, from_token: str | None = None, limit: int = 50) -> Steps[Page]:
        """Return events of a room after a point, oldest first; from its beginning where no point is given."""
        return (yield from self._page(GetRoomEvents(room_id=room_id, dir="f", from_=from_token, limit=limit)))

    def event(self, room_id: str, event_id: str) -> Steps[Seen]:
        """Return one event."""
        answer = yield from ask(GetOneRoomEvent(room_id=room_id, event_id=event_id))
        return (yield from self._seen(room_id, [answer.event]))[0]

    def around(self, room_id: str, event_id: str, limit: int = 10) -> Steps[Context]:
        """Return one event and those before and after it."""
        answer = yield from ask(GetEventContext(room_id=room_id, event_id=event_id, limit=limit))
        before = yield from self._seen(room_id, tuple(reversed(answer.events_before or ())))
        event = yield from self._seen(room_id, () if answer.event is None else (answer.event,))
        after = yield from self._seen(room_id, answer.events_after or ())
        return Context(before, event[0] if event else None, after, answer.start, answer.end)

    def at_time(self, room_id: str, unix_ms: int) -> Steps[str]:
        """Return the id of the first event at or after a time."""
        return (yield from ask(GetEventByTimestamp(room_id=room_id, ts=unix_ms, dir="f"))).event_id

    def before_time(self, room_id: str, unix_ms: int) -> Steps[str]:
        """Return the id of the last event at or before a time."""
        return (yield from ask(GetEventByTimestamp(room_id=room_id, ts=unix_ms, dir="b"))).event_id

    def relations(
        self,
        room_id: str,
        event_id: str,
        rel_type: str | None = None,
        event_type: str | None = None,
        from_token: str | None = None,
    ) -> Steps[Page]:
        """Return events that relate to one, newest first: all, of one relation, or of one type besides."""
        if rel_type is None:
            every = yield from ask(GetRelatingEvents(room_id=room_id, event_id=event_id, from_=from_token))
            return Page((yield from self._seen(room_id, every.chunk)), every.next_batch)
        if event_type is None:
            some = yield from ask(
                GetRelatingEventsWithRelType(room_id=room_id, event_id=event_id, rel_type=rel_type, from_=from_token)
            )
            return Page((yield from self._seen(room_id, some.chunk)), some.next_batch)
        few = yield from ask(
            GetRelatingEventsWithRelTypeAndEventType(
                room_id=room_id, event_id=event_id, rel_type=rel_type, event_type=event_type, from_=from_token
            )
        )
        return Page((yield from self._seen(room_id, few.chunk)), few.next_batch)

    def threads(self, room_id: str, from_token: str | None = None, limit: int = 20) -> Steps[Page]:
        """Return the first events of threads, those with the newest answers first."""
        answer = yield from ask(GetThreadRoots(room_id=room_id, from_=from_token, limit=limit))
        return Page((yield from self._seen(room_id, answer.chunk)), answer.next_batch)

    def search(self, words: str, next_batch: str | None = None) -> Steps[ResultRoomEvents]:
        """Return what the server finds of what is not encrypted, newest first."""
        wanted = Categories(room_events=RoomEventsCriteria(search_term=words, order_by="recent"))
        answer = yield from ask(Search(search_categories=wanted, next_batch=next_batch))
        return answer.search_categories.room_events or ResultRoomEvents()

    def _page(self, request: GetRoomEvents) -> Steps[Page]:
        answer = yield from ask(request)
        events = yield from self._seen(request.room_id, answer.chunk)
        # An `end` that leads nowhere else is the end.
        following = answer.end if answer.end != request.from_ else None
        return Page(events, following, _state(answer.state or ()))

    def _seen(self, room_id: str, events: Sequence[ClientEvent]) -> Steps[tuple[Seen, ...]]:
        return (yield from reveal(self._core, room_id, [read_event(event) for event in events]))


def _state(events: Iterable[ClientEvent]) -> tuple[Event, ...]:
    return tuple(read_event(event) for event in events)
