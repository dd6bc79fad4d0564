"""The events that a resolution looks at, fetched when they are first needed and then kept until it ends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping
from typing import TypeAlias

from scop.matrix.auth_rules import StateKey
from scop.matrix.auth_rules.selection import CREATE, POWER_LEVELS
from scop.matrix.events import Pdu

__all__ = ["EventGraph", "Fetch"]

Fetch: TypeAlias = Callable[[Collection[str]], Mapping[str, Pdu]]


class EventGraph:
    """Events by id and what they refer to; events that cannot be fetched are as if nobody referred to them."""

    def __init__(self, fetch: Fetch, rejected: Container[str]) -> None:
        self._fetch = fetch
        self._absent: set[str] = set()
        self._by_key: dict[str, dict[StateKey, Pdu]] = {}
        self.rejected = rejected
        self.events: dict[str, Pdu] = {}

    def load(self, event_ids: Iterable[str]) -> None:
        """Fetch those of the events that were not asked for yet."""
        wanted = {one for one in event_ids if one not in self.events and one not in self._absent}
        if wanted:
            found = self._fetch(wanted)
            self.events.update((one, found[one]) for one in wanted if one in found)
            self._absent.update(one for one in wanted if one not in found)

    def get(self, event_id: str) -> Pdu | None:
        """Return an event, or None where nobody has it."""
        found = self.events.get(event_id)
        if found is None and event_id not in self._absent:
            self.load((event_id,))
            found = self.events.get(event_id)
        return found

    def load_chains(self, event_ids: Iterable[str]) -> None:
        """Fetch events and all of their auth chains, a generation at a time."""
        generation = set(event_ids)
        seen = set(generation)
        while generation:
            self.load(generation)
            found = (self.events.get(one) for one in generation)
            generation = {auth for event in found if event is not None for auth in parents(event)} - seen
            seen |= generation

    def auth_events(self, event: Pdu) -> Mapping[StateKey, Pdu]:
        """Return the auth events of an event by type and state key, its m.room.create also where that is implied."""
        known = self._by_key.get(event.event_id)
        if known is None:
            event_ids = parents(event)
            self.load(event_ids)
            found = (self.events.get(one) for one in event_ids)
            known = {(one.type, one.state_key): one for one in found if one is not None and one.state_key is not None}
            self._by_key[event.event_id] = known
        return known

    def power_levels_of(self, event: Pdu) -> Pdu | None:
        """Return the m.room.power_levels among the auth events of an event."""
        return self.auth_events(event).get(POWER_LEVELS)

    def create_of(self, event: Pdu) -> Pdu | None:
        """Return the m.room.create among the auth events of an event."""
        return self.auth_events(event).get(CREATE)


def parents(event: Pdu) -> tuple[str, ...]:
    """Return the ids of the auth events, with that of m.room.create where the room id implies it."""
    # Matrix v1.19 rooms/v12: "The room_id (being the m.room.create event's ID) implies this instead."
    if event.rules.is_room_id_of_create and event.type != "m.room.create":
        return (*event.auth_event_ids, "$" + event.room_id[1:])
    return event.auth_event_ids
