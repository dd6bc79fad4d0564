"""State resolution v1: power levels, join rules and members are tried from the oldest on, the rest from the newest.

It can set a room back to older state; version 2 is there because of that.

Standards: Matrix v1.19, Room Version 1 §State resolution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha1

from scop.matrix.auth_rules import StateKey, authorise
from scop.matrix.auth_rules.selection import deciding_keys
from scop.matrix.events import Pdu
from scop.matrix.state_resolution.conflicts import StateMap
from scop.matrix.state_resolution.event_graph import EventGraph

__all__ = ["resolve"]

_IN_LINE = ("m.room.power_levels", "m.room.join_rules", "m.room.member")


def resolve(state_sets: Sequence[StateMap], graph: EventGraph) -> dict[StateKey, str]:
    """Return the resolution of states that differ."""
    # Rooms v1 §State resolution: "Start by setting R to the union of the states to be resolved, excluding any
    # conflicting events." A conflict is of different event ids, not of one that a state lacks.
    resolved, conflicts = _separate(state_sets)
    graph.load(event_id for event_ids in conflicts.values() for event_id in event_ids)
    candidates: dict[StateKey, list[Pdu]] = {}
    for key, event_ids in conflicts.items():
        events = [graph.events[event_id] for event_id in event_ids if event_id in graph.events]
        if len(events) == 1:
            resolved[key] = events[0].event_id
        elif events:
            candidates[key] = events
    _Resolution(resolved, _deciding_state(graph, candidates, resolved)).decide(candidates)
    return resolved


def _separate(state_sets: Sequence[StateMap]) -> tuple[dict[StateKey, str], dict[StateKey, set[str]]]:
    every: dict[StateKey, set[str]] = {}
    for state in state_sets:
        for key, event_id in state.items():
            every.setdefault(key, set()).add(event_id)
    agreed = {key: next(iter(event_ids)) for key, event_ids in every.items() if len(event_ids) == 1}
    return agreed, {key: event_ids for key, event_ids in every.items() if len(event_ids) > 1}


def _deciding_state(
    graph: EventGraph, candidates: Mapping[StateKey, Iterable[Pdu]], resolved: StateMap
) -> dict[StateKey, Pdu]:
    keys = {key for events in candidates.values() for event in events for key in deciding_keys(event)}
    graph.load(resolved[key] for key in keys if key in resolved)
    found = {key: graph.get(resolved[key]) for key in keys if key in resolved}
    return {key: event for key, event in found.items() if event is not None}


class _Resolution:
    """R of the text: what is resolved so far, and as much of it as authorises."""

    def __init__(self, resolved: dict[StateKey, str], state: dict[StateKey, Pdu]) -> None:
        self._resolved = resolved
        self._state = state

    def decide(self, candidates: Mapping[StateKey, Sequence[Pdu]]) -> None:
        """Decide between the candidates of each key, in the order of the text."""
        # "First we resolve conflicts between m.room.power_levels events. … Repeat the above process for conflicts
        # between m.room.join_rules events. Repeat … m.room.member events."
        for turn in _IN_LINE:
            # As on the network, conflicts of one kind are decided apart from each other.
            self._take({key: self._newest_in_line(events) for key, events in candidates.items() if key[0] == turn})
        # "for all other conflicts, just pick the event with the highest depth and lowest sha1(event_id) that passes
        # authentication in R".
        rest = {key: events for key, events in candidates.items() if key[0] not in _IN_LINE}
        self._take({key: self._first_allowed(events) for key, events in rest.items()})

    def _take(self, decided: Mapping[StateKey, Pdu]) -> None:
        self._state.update(decided)
        self._resolved.update((key, event.event_id) for key, event in decided.items())

    def _newest_in_line(self, events: Sequence[Pdu]) -> Pdu:
        # "Sort the list by ascending depth then descending sha1(event_id). Add the first event in the list to R. For
        # each subsequent event …: If the event would be allowed, then update R with the event and continue …. If it
        # would not be allowed, stop".
        first, *following = sorted(events, key=_from_newest, reverse=True)
        # No copy of all the state for each conflict, which would be the square of the members' number.
        keys = {key for event in following for key in deciding_keys(event)}
        state = {key: self._state[key] for key in keys if key in self._state}
        newest = first
        for event in following:
            state[newest.type, newest.state_key or ""] = newest
            if not authorise(event, state).is_allowed:
                break
            newest = event
        return newest

    def _first_allowed(self, events: Sequence[Pdu]) -> Pdu:
        ordered = sorted(events, key=_from_newest)
        # As on the network, where none is allowed the last one stands.
        return next((event for event in ordered if authorise(event, self._state).is_allowed), ordered[-1])


def _from_newest(event: Pdu) -> tuple[int, str]:
    return -event.depth, sha1(event.event_id.encode(), usedforsecurity=False).hexdigest()
