"""Resolves states and authorises events by Synapse's own modules: rooms in JSON lines on stdin, answers on stdout.

Run by the interpreter that has Synapse; no homeserver, no database: the events of a room come with the question. Beside
the answers stand the CPU seconds of the best of `repeat` rounds. The auth difference, which Synapse has its
database compute, is prepared before and counts nothing.
"""

import asyncio
import json
import sys
import time

from synapse import event_auth
from synapse.api.errors import AuthError, SynapseError
from synapse.api.room_versions import KNOWN_ROOM_VERSIONS, StateResolutionVersions
from synapse.events import make_event_from_dict
from synapse.state import v1, v2
from synapse.storage.databases.main.event_federation import StateDifference


class Store:
    """The events of one room, and what the database knows about their auth chains."""

    def __init__(self, events, unknown):
        self.events = {event.event_id: event for event in events if event.event_id not in unknown}
        self.differences = {}

    async def get_events(self, event_ids, allow_rejected=False, redact_behaviour=None):
        return {one: self.events[one] for one in event_ids if one in self.events}

    async def get_auth_chain_difference(self, room_id, state_sets, conflicted_state, additional):
        asked = tuple(frozenset(one) for one in state_sets)
        if asked not in self.differences:
            self.differences[asked] = self.difference(state_sets, conflicted_state)
        auth, subgraph = self.differences[asked]
        return StateDifference(set(auth), None if subgraph is None else set(subgraph))

    def parents(self, event_id):
        event = self.events.get(event_id)
        return [] if event is None else list(event.auth_event_ids())

    def chain(self, event_ids):
        seen, pending = set(), list(event_ids)
        while pending:
            event_id = pending.pop()
            if event_id not in seen:
                seen.add(event_id)
                pending.extend(self.parents(event_id))
        return seen

    def difference(self, state_sets, conflicted):
        chains = [self.chain(one) for one in state_sets]
        union, everywhere = set().union(*chains), set.intersection(*chains)
        if conflicted is None:
            return union - everywhere, None
        below = self.chain(conflicted)
        children = {}
        for event_id in below:
            for parent in self.parents(event_id):
                children.setdefault(parent, []).append(event_id)
        above, pending = set(), list(conflicted)
        while pending:
            event_id = pending.pop()
            if event_id not in above:
                above.add(event_id)
                pending.extend(children.get(event_id, ()))
        return union - everywhere, below & above


class Clock:
    """A clock that never waits."""

    async def sleep(self, duration):
        return None


def resolve(version, room_id, states, store):
    """Return the resolution of states, as the algorithm of the version has it."""
    if version.state_res == StateResolutionVersions.V1:
        found = v1.resolve_events_with_store(room_id, version, states, None, store.get_events)
    else:
        found = v2.resolve_events_with_store(Clock(), room_id, version, states, None, store)
    return asyncio.run(found)


def verdict(event, auth_events):
    """Say whether the state-dependent rules let an event pass."""
    try:
        event_auth.check_state_dependent_auth_rules(event, auth_events)
    except (AuthError, SynapseError) as error:
        return str(error)
    except Exception as error:  # Synapse says no by many kinds of them
        return f"{type(error).__name__}: {error}"
    return True


async def receipt(event, store):
    """Say whether the rules about auth events let an event pass."""
    try:
        await event_auth.check_state_independent_auth_rules(store, event)
    except (AuthError, SynapseError) as error:
        return str(error)
    except Exception as error:  # as above
        return f"{type(error).__name__}: {error}"
    return True


async def receipts(events, store):
    """Judge events in turn."""
    return [await receipt(event, store) for event in events]


def timed(work, rounds):
    """Return what work finds, and the seconds of its best round."""
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        found = work()
        seconds.append(time.process_time() - start)
    return found, min(seconds)


def answer(room):
    """Answer for one room."""
    version = KNOWN_ROOM_VERSIONS[room["version"]]
    events = [
        make_event_from_dict(entry["json"], version, rejected_reason="rejected" if entry["rejected"] else None)
        for entry in room["events"]
    ]
    by_id = {event.event_id: event for event in events}
    store = Store(events, set(room["unknown"]))
    states = [{(kind, key): event_id for kind, key, event_id in state} for state in room["states"]]
    rounds = room.get("repeat", 1)
    out = {"event_ids": [event.event_id for event in events]}
    if states:
        resolve(version, room["room_id"], states, store)
        found, out["resolve_seconds"] = timed(lambda: dict(resolve(version, room["room_id"], states, store)), rounds)
        out["state"] = sorted([*key, event_id] for key, event_id in found.items())
    asked = [(by_id[one], [by_id[auth] for auth in auths]) for one, auths in room["verdicts"]]
    out["verdicts"], out["verdict_seconds"] = timed(lambda: [verdict(*one) for one in asked], rounds)
    received = [by_id[one] for one in room["receipts"]]
    out["receipts"], out["receipt_seconds"] = timed(lambda: asyncio.run(receipts(received, store)), rounds)
    return out


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
