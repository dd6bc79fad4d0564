"""The two orders in which conflicting events are tried: by power, and along the line of power levels.

Standards: Matrix v1.19, Room Version 2 §Definitions.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Iterable

from scop.matrix.events import Pdu
from scop.matrix.power_levels import PowerLevels
from scop.matrix.state_resolution.event_graph import EventGraph, parents

__all__ = ["by_mainline", "by_power"]


def by_power(graph: EventGraph, event_ids: Collection[str]) -> list[str]:
    """Return events in reverse topological power ordering: parents first, and among those free, the mightier first."""
    # Rooms v2 §Definitions: "The reverse topological power ordering can be found by sorting the events using Kahn's
    # algorithm for topological sorting, and at each step selecting … the smallest vertex".
    children: dict[str, list[str]] = {event_id: [] for event_id in event_ids}
    waiting: dict[str, int] = {}
    for event_id in event_ids:
        inner = {parent for parent in parents(graph.events[event_id]) if parent in children}
        waiting[event_id] = len(inner)
        for parent in inner:
            children[parent].append(event_id)
    free = [_power_key(graph, graph.events[event_id]) for event_id, count in waiting.items() if count == 0]
    heapq.heapify(free)
    order: list[str] = []
    while free:
        event_id = heapq.heappop(free)[2]
        order.append(event_id)
        for child in children[event_id]:
            waiting[child] -= 1
            if waiting[child] == 0:
                heapq.heappush(free, _power_key(graph, graph.events[child]))
    return order


def _power_key(graph: EventGraph, event: Pdu) -> tuple[int, int, str]:
    # Rooms v2 §Definitions: "x < y if 1. x's sender has greater power level than y's sender, when looking at their
    # respective auth_events; or 2. … x's origin_server_ts is less …; or 3. … x's event_id is less than y's event_id".
    levels = graph.power_levels_of(event)
    create = event if event.type == "m.room.create" else graph.create_of(event)
    power = PowerLevels(event.rules, None if levels is None else levels.content, create).of_user(event.sender)
    return -power, event.origin_server_ts, event.event_id


def by_mainline(graph: EventGraph, event_ids: Iterable[str], power_levels_id: str | None) -> list[str]:
    """Return events in the mainline ordering based on an m.room.power_levels."""
    positions = _mainline(graph, power_levels_id)
    keys: list[tuple[float, int, str]] = []
    for event_id in event_ids:
        event = graph.events[event_id]
        # Rooms v2 §Definitions: "x < y if 1. the mainline position of x is greater than the mainline position of y; or
        # 2. … x's origin_server_ts is less …; or 3. … x's event_id is less than y's event_id".
        keys.append((-_position(graph, event, positions), event.origin_server_ts, event_id))
    return [event_id for _, _, event_id in sorted(keys)]


def _mainline(graph: EventGraph, power_levels_id: str | None) -> dict[str, float]:
    """Return the positions of the m.room.power_levels on the mainline: 0 of the newest."""
    # Rooms v2 §Definitions: "repeatedly fetch P_i+1, the m.room.power_levels event in the auth_events of P_i".
    positions: dict[str, float] = {}
    levels = None if power_levels_id is None else graph.get(power_levels_id)
    while levels is not None and levels.event_id not in positions:
        positions[levels.event_id] = len(positions)
        levels = graph.power_levels_of(levels)
    return positions


def _position(graph: EventGraph, event: Pdu, positions: dict[str, float]) -> float:
    """Return the mainline position of an event; those of the power levels on the way there are added."""
    # Rooms v2 §Definitions: "Find the smallest index j ≥ 1 for which e_j belongs to the mainline of P. … Otherwise set
    # i = ∞".
    passed: set[str] = set()
    levels = graph.power_levels_of(event)
    while levels is not None and levels.event_id not in positions:
        if levels.event_id in passed:  # a circle, which ids that servers make up (v1, v2) allow
            levels = None
            break
        passed.add(levels.event_id)
        levels = graph.power_levels_of(levels)
    position = math.inf if levels is None else positions[levels.event_id]
    positions.update(dict.fromkeys(passed, position))
    return position
