"""State resolution v2 and v2.1: conflicting events are tried again, those that hold power first.

Version 2.1 begins with nothing that is not proved again (an empty state), and also tries the events between conflicting
ones, so that no state is set back to what was undone long ago.

Standards: Matrix v1.19, Room Version 2 §Algorithm (also v3 to v11), Room Version 12 §Algorithm (v2.1); MSC4297.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scop.matrix.auth_rules import StateKey, authorise
from scop.matrix.auth_rules.selection import CREATE, JOIN_RULES, POWER_LEVELS, deciding_keys
from scop.matrix.events import Pdu
from scop.matrix.room_versions import RoomVersion, StateResolution
from scop.matrix.state_resolution.conflicts import Conflict, StateMap, auth_difference, conflicted_subgraph
from scop.matrix.state_resolution.event_graph import EventGraph, parents
from scop.matrix.state_resolution.ordering import by_mainline, by_power

__all__ = ["resolve"]


def resolve(state_sets: Sequence[StateMap], rules: RoomVersion, graph: EventGraph) -> dict[StateKey, str]:
    """Return the resolution of states that differ."""
    conflict = Conflict.of(graph, state_sets)
    full = conflict.conflicted | auth_difference(graph, conflict)
    is_v2_1 = rules.state_resolution is StateResolution.V2_1
    if is_v2_1:
        # Rooms v12 §Definitions: "The full conflicted set is the union of the conflicted state set, the conflicted
        # state subgraph, and the auth difference."
        full |= conflicted_subgraph(graph, conflict)
    full = {event_id for event_id in full if event_id in graph.events}
    # Rooms v12 §Algorithm 2: "starting from an empty state map"; until v11 "from the unconflicted state map".
    partial = _needed(graph, full, {} if is_v2_1 else conflict.unconflicted)

    # §Algorithm 1: "Select the set X of all power events that appear in the full conflicted set. … enlarge X by adding
    # the events in the auth chain of P which also belong to the full conflicted set. Sort X into a list using the
    # reverse topological power ordering."
    powerful = _with_chains(graph, (one for one in full if _is_power_event(graph.events[one])), full)
    # §Algorithm 2: "Apply the iterative auth checks algorithm"
    _check(graph, by_power(graph, powerful), partial)
    # §Algorithm 3: "Take all remaining events that weren't picked in step 1 and order them by the mainline ordering
    # based on the power level in the partially resolved state".
    remaining = by_mainline(graph, full - powerful, partial.get(POWER_LEVELS))
    # §Algorithm 4: "Apply the iterative auth checks algorithm on the partial resolved state and the list of events".
    _check(graph, remaining, partial)
    # §Algorithm 5: "Update the result by replacing any event with the event with the same key from the unconflicted
    # state map, if such an event exists".
    return {**partial, **conflict.unconflicted}


def _is_power_event(event: Pdu) -> bool:
    # Rooms v2 §Definitions: "a state event with type m.room.power_levels or m.room.join_rules, or a state event with
    # type m.room.member where the membership is leave or ban and the sender does not match the state_key." As on the
    # network, the first two with an empty state key, for no other counts; and m.room.create, where a state lacks it.
    if event.type == "m.room.member":
        return event.content.get("membership") in ("leave", "ban") and event.sender != event.state_key
    return (event.type, event.state_key) in (POWER_LEVELS, JOIN_RULES, CREATE)


def _with_chains(graph: EventGraph, event_ids: Iterable[str], within: set[str]) -> set[str]:
    """Return events with those of their auth chains that are within a set, reached inside of it."""
    found: set[str] = set()
    pending = list(event_ids)
    while pending:
        event_id = pending.pop()
        if event_id not in found:
            found.add(event_id)
            pending.extend(parent for parent in parents(graph.events[event_id]) if parent in within)
    return found


def _needed(graph: EventGraph, event_ids: Iterable[str], state: StateMap) -> dict[StateKey, str]:
    """Return of a state what the checks of events look at, fetched."""
    keys = {key for event_id in event_ids for key in deciding_keys(graph.events[event_id])} | {POWER_LEVELS}
    needed = {key: state[key] for key in keys if key in state}
    graph.load(needed.values())
    return needed


def _check(graph: EventGraph, event_ids: Iterable[str], state: dict[StateKey, str]) -> None:
    """Apply events in turn to a state, those that the state so far allows."""
    # Rooms v2 §Definitions, Iterative auth checks.
    for event_id in event_ids:
        event = graph.events[event_id]
        if event.state_key is not None and authorise(event, _deciding_state(graph, event, state)).is_allowed:
            state[event.type, event.state_key] = event_id


def _deciding_state(graph: EventGraph, event: Pdu, state: StateMap) -> dict[StateKey, Pdu]:
    deciding: dict[StateKey, Pdu] = {}
    for key in deciding_keys(event):
        event_id = state.get(key)
        found = None if event_id is None else graph.get(event_id)
        if found is None:
            # Ibid.: "If a (event_type, state_key) key that is required … is not present in the state, then the
            # appropriate state event from the event's auth_events is used if the auth event is not rejected."
            found = graph.auth_events(event).get(key)
            if found is None or found.event_id in graph.rejected:
                continue
        deciding[key] = found
    return deciding
