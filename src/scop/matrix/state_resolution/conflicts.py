"""What differs between states: the conflicted state set, the auth difference, the conflicted state subgraph.

Standards: Matrix v1.19, Room Versions 2 and 12 §Definitions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeAlias

from scop.matrix.auth_rules import StateKey
from scop.matrix.state_resolution.event_graph import EventGraph, parents

__all__ = ["Conflict", "StateMap", "auth_difference", "conflicted_subgraph"]

StateMap: TypeAlias = Mapping[StateKey, str]


def _separate(state_sets: Sequence[StateMap]) -> tuple[dict[StateKey, str], set[str]]:
    """Return the unconflicted state map and the conflicted state set."""
    # Rooms v2 §Definitions: "If a given key K is present in every S_i with the same value V in each state map, then the
    # pair (K, V) belongs to the unconflicted state map. Otherwise, V belongs to the conflicted state set."
    first, others = state_sets[0], state_sets[1:]
    keys = {key for other in others for key, _ in first.items() ^ other.items()}
    conflicted = {state[key] for key in keys for state in state_sets if key in state}
    return {key: event_id for key, event_id in first.items() if key not in keys}, conflicted


@dataclass(frozen=True, slots=True)
class Conflict:
    """States that differ: where they agree, the events on which they do not, and these with their auth chains."""

    state_sets: Sequence[StateMap]
    unconflicted: Mapping[StateKey, str]
    conflicted: Set[str]
    chained: Sequence[str]  # parents first

    @classmethod
    def of(cls, graph: EventGraph, state_sets: Sequence[StateMap]) -> Conflict:
        """Return it, all of the auth chains fetched."""
        unconflicted, conflicted = _separate(state_sets)
        return cls(state_sets, unconflicted, conflicted, _parents_first(graph, conflicted))


def auth_difference(graph: EventGraph, conflict: Conflict) -> set[str]:
    """Return the events that are in the full auth chain of some states but not of all; no conflicted ones."""
    # Rooms v2 §Definitions: "the union of the auth chains for each event in S_i, and then taking every event that
    # doesn't appear in every auth chain." As on the network, the events of S_i themselves count to its chain.
    everywhere = (1 << len(conflict.state_sets)) - 1
    reached = dict.fromkeys(conflict.chained, 0)
    for number, state in enumerate(conflict.state_sets):
        for event_id in reached.keys() & state.values():
            reached[event_id] |= 1 << number
    # Children come before their parents: what reaches an event reaches all that it refers to.
    for event_id in reversed(conflict.chained):
        for parent in _parents(graph, event_id):
            reached[parent] |= reached[event_id]
    difference = {event_id for event_id, states in reached.items() if states != everywhere}
    # Unconflicted events are in all states, and so is what they stand on: looked for only where it matters.
    difference.difference_update(conflict.conflicted, conflict.unconflicted.values())
    return difference - _chained(graph, conflict.unconflicted.values(), difference)


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


def conflicted_subgraph(graph: EventGraph, conflict: Conflict) -> set[str]:
    """Return the events on the paths of auth events that lead from one conflicted event to another."""
    # Rooms v12 §Definitions: "The union of all such paths between any pair of events in the conflicted state set
    # (including endpoints)". All that is walked is below a conflicted event; what leads on to one is wanted.
    leading: set[str] = set()
    for event_id in conflict.chained:
        if event_id in conflict.conflicted or not leading.isdisjoint(_parents(graph, event_id)):
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
