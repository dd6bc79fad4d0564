"""What differs between states: the conflicted state set, the auth difference, the conflicted state subgraph.

Standards: Matrix v1.19, Room Versions 2 and 12 §Definitions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from scop.matrix.auth_rules import StateKey
from scop.matrix.state_resolution.event_graph import EventGraph, parents

__all__ = ["StateMap", "auth_difference", "conflicted_subgraph", "separate"]

StateMap: TypeAlias = Mapping[StateKey, str]


def separate(state_sets: Sequence[StateMap]) -> tuple[dict[StateKey, str], set[str]]:
    """Return the unconflicted state map and the conflicted state set."""
    # Rooms v2 §Definitions: "If a given key K is present in every S_i with the same value V in each state map, then the
    # pair (K, V) belongs to the unconflicted state map. Otherwise, V belongs to the conflicted state set."
    first, others = state_sets[0], state_sets[1:]
    keys = {key for other in others for key, _ in first.items() ^ other.items()}
    conflicted = {state[key] for key in keys for state in state_sets if key in state}
    return {key: event_id for key, event_id in first.items() if key not in keys}, conflicted


def auth_difference(
    graph: EventGraph, state_sets: Sequence[StateMap], unconflicted: StateMap, conflicted: set[str]
) -> set[str]:
    """Return the events that are in the full auth chain of some states but not of all."""
    # Rooms v2 §Definitions: "the union of the auth chains for each event in S_i, and then taking every event that
    # doesn't appear in every auth chain." As on the network, the events of S_i themselves count to its chain.
    everywhere = (1 << len(state_sets)) - 1
    reached = dict.fromkeys(conflicted, 0)
    for number, state in enumerate(state_sets):
        for event_id in conflicted.intersection(state.values()):
            reached[event_id] |= 1 << number
    # Children come before their parents: what reaches an event reaches all that it refers to.
    for event_id in reversed(_parents_first(graph, conflicted)):
        event = graph.events.get(event_id)
        for parent in parents(event) if event is not None else ():
            reached[parent] = reached.get(parent, 0) | reached[event_id]
    difference = {event_id for event_id, states in reached.items() if states != everywhere}
    # Unconflicted events are in all states, and so is what they stand on: looked for only where it matters.
    doubtful = difference.difference(conflicted, unconflicted.values())
    return (difference - set(unconflicted.values())) - _chained(graph, unconflicted.values(), doubtful)


def _chained(graph: EventGraph, event_ids: Iterable[str], sought: set[str]) -> set[str]:
    """Return which of the events sought are in the auth chains of events."""
    found: set[str] = set()
    generation = set(event_ids)
    seen = set(generation)
    while generation and len(found) < len(sought):
        graph.load(generation)
        events = (graph.events.get(one) for one in generation)
        generation = {parent for event in events if event is not None for parent in parents(event)} - seen
        seen |= generation
        found |= generation & sought
    return found


def conflicted_subgraph(graph: EventGraph, conflicted: set[str]) -> set[str]:
    """Return the events on the paths of auth events that lead from one conflicted event to another."""
    # Rooms v12 §Definitions: "The union of all such paths between any pair of events in the conflicted state set
    # (including endpoints)". All that is walked is below a conflicted event; what leads on to one is wanted.
    leading: set[str] = set()
    for event_id in _parents_first(graph, conflicted):
        event = graph.events.get(event_id)
        if event_id in conflicted or (event is not None and not leading.isdisjoint(parents(event))):
            leading.add(event_id)
    return leading


def _parents_first(graph: EventGraph, event_ids: Iterable[str]) -> list[str]:
    """Return events and their auth chains, each after all that it refers to."""
    event_ids = list(event_ids)
    graph.load_chains(event_ids)
    order: list[str] = []
    seen: set[str] = set()
    for start in event_ids:
        if start in seen:
            continue
        seen.add(start)
        path = [(start, iter(_parents(graph, start)))]
        while path:
            event_id, rest = path[-1]
            for parent in rest:
                if parent not in seen:
                    seen.add(parent)
                    path.append((parent, iter(_parents(graph, parent))))
                    break
            else:
                order.append(event_id)
                path.pop()
    return order


def _parents(graph: EventGraph, event_id: str) -> tuple[str, ...]:
    event = graph.events.get(event_id)
    return () if event is None else parents(event)
