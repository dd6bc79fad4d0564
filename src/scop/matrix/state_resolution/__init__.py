"""Which state holds where branches of a room meet: the resolution of several states to one.

`resolve` takes states as maps of type and state key to event ids, and a function that fetches events; which algorithm
it runs, the room version says. It is pure: the same states in any order, from anyone's database, give the same state.

    resolve([{("m.room.topic", ""): "$a", …}, {("m.room.topic", ""): "$b", …}], room_version("12"), fetch)

Where the text leaves something open, this does what the network does, as Synapse and others do; such lines say so.

Standards: Matrix v1.19, Room Versions 1 (v1), 2 to 11 (v2) and 12 (v2.1) §State resolution.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from scop.matrix.room_versions import RoomVersion, StateResolution
from scop.matrix.state_resolution import version_1, version_2
from scop.matrix.state_resolution.conflicts import StateMap
from scop.matrix.state_resolution.event_graph import EventGraph, Fetch

__all__ = ["Fetch", "StateMap", "resolve"]


def resolve(
    state_sets: Sequence[StateMap], rules: RoomVersion, fetch: Fetch, *, rejected: Container[str] = ()
) -> dict[tuple[str, str], str]:
    """Return the state that several states resolve to.

    `fetch` returns those of the events with the ids that are known: of the states, and of their auth chains.
    `rejected` are the ids of events that were rejected: no event is allowed because of one of them.
    """
    if not state_sets:
        return {}
    if all(state == state_sets[0] for state in state_sets[1:]):
        return dict(state_sets[0])
    graph = EventGraph(fetch, rejected)
    if rules.state_resolution is StateResolution.V1:
        return version_1.resolve(state_sets, graph)
    return version_2.resolve(state_sets, rules, graph)
