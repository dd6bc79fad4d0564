"""A room that two federating Synapses fork by writing at once; its state by our rules, from the events they show.

Everything is read from one server: what its clients see, in the format of federation, and by its administrators' call
what other servers' events refer to beside that. From these events alone we decide what is allowed and what the branches
resolve to, and come to the state that the server tells its clients.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from fakes.synapse import PASSWORD, Synapse, running_synapses
from scop.matrix.auth_rules import StateKey, authorise, judge_auth_events
from scop.matrix.events import Pdu, parse_pdu
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import RoomVersion, room_version
from scop.matrix.state_resolution import resolve

pytestmark = pytest.mark.interop

ROUNDS = 6
PATIENCE_SECONDS = 60
_FILTER = json.dumps({"event_format": "federation", "room": {"timeline": {"limit": 2000}}})


@dataclass
class Person:
    """A user of a server, logged in."""

    server: Synapse
    user_id: str
    token: str

    @classmethod
    def on(cls, server: Synapse, name: str) -> Person:
        """Register one, who administrates the server."""
        user_id = server.new_user(name, admin=True)
        body = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": user_id}, "password": PASSWORD}
        token = _call(server, "POST", "/_matrix/client/v3/login", body)["access_token"]
        return cls(server, user_id, str(token))

    def ask(self, method: str, path: str, body: JsonObject | None = None) -> JsonObject:
        """Call the client API."""
        return _call(self.server, method, path, body, self.token)

    def tries(self, method: str, path: str, body: JsonObject) -> None:
        """Call it, where the server may as well refuse."""
        try:
            self.ask(method, path, body)
        except urllib.error.HTTPError as error:
            if error.code not in (403, 404):
                raise

    def state(self, room_id: str) -> dict[StateKey, str]:
        """Return the current state that the server tells."""
        found = _call(self.server, "GET", f"/_matrix/client/v3/rooms/{_quoted(room_id)}/state", None, self.token)
        events = found["events"]
        assert isinstance(events, list)
        return {(event["type"], event["state_key"]): event["event_id"] for event in events}


def _call(server: Synapse, method: str, path: str, body: object, token: str = "") -> JsonObject:
    octets = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(server.url + path, octets, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        found = json.load(answer)
    return found if isinstance(found, dict) else {"events": found}


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="")


@pytest.mark.parametrize("version", ["9", "11", "12"])
def test_a_room_forked_between_synapses_has_the_state_that_we_compute(version: str) -> None:
    """Rooms v2 and v12 §State resolution: writing at once on both sides, powers and members in dispute."""
    with running_synapses(2, {"filter_timeline_limit": 5000}) as (one, two):
        alice, bob, carol = Person.on(one, "alice"), Person.on(two, "bob"), Person.on(two, "carol")
        room_id = _room(alice, bob, carol, version)
        for turn in range(ROUNDS):
            _write_at_once(room_id, (alice, bob, carol), turn)
        _settle(room_id, alice, bob)
        events, seen = _events(alice, room_id, room_version(version))
        shown = alice.state(room_id)
    assert sum(len(event.prev_event_ids) > 1 for event in events.values()) >= 2, "nothing was forked"
    assert _current(events, seen) == shown


def _room(alice: Person, bob: Person, carol: Person, version: str) -> str:
    made = alice.ask("POST", "/_matrix/client/v3/createRoom", {"preset": "public_chat", "room_version": version})
    room_id = str(made["room_id"])
    via = _quoted(alice.server.server_name)
    for person in (bob, carol):
        person.ask("POST", f"/_matrix/client/v3/join/{_quoted(room_id)}?server_name={via}&via={via}", {})
    levels = alice.ask("GET", f"{_state(room_id)}/m.room.power_levels")
    users = levels["users"]
    assert isinstance(users, dict)
    alice.ask("PUT", f"{_state(room_id)}/m.room.power_levels", {**levels, "users": {**users, bob.user_id: 60}})
    _settle(room_id, alice, bob)
    return room_id


def _state(room_id: str) -> str:
    return f"/_matrix/client/v3/rooms/{_quoted(room_id)}/state"


def _write_at_once(room_id: str, people: tuple[Person, Person, Person], turn: int) -> None:
    alice, bob, carol = people
    room = f"/_matrix/client/v3/rooms/{_quoted(room_id)}"
    join = f"/_matrix/client/v3/join/{_quoted(room_id)}?via={_quoted(alice.server.server_name)}"
    levels = alice.ask("GET", f"{_state(room_id)}/m.room.power_levels")
    works: list[tuple[Person, str, str, JsonObject]] = [
        (alice, "PUT", f"{_state(room_id)}/m.room.topic", {"topic": f"alice {turn}"}),
        (bob, "PUT", f"{_state(room_id)}/m.room.topic", {"topic": f"bob {turn}"}),
        (alice, "PUT", f"{_state(room_id)}/m.room.power_levels", {**levels, "kick": 50 + turn}),
        (bob, "PUT", f"{_state(room_id)}/m.room.power_levels", {**levels, "redact": 50 + turn}),
        (alice, "POST", f"{room}/kick", {"user_id": carol.user_id}),
        (carol, "PUT", f"{_state(room_id)}/m.room.member/{_quoted(carol.user_id)}", {"membership": "join", "n": turn}),
        (bob, "PUT", f"{_state(room_id)}/m.room.name", {"name": f"bob {turn}"}),
        (carol, "POST", join, {}),
    ]
    with ThreadPoolExecutor(len(works)) as pool:
        done = [pool.submit(person.tries, method, path, body) for person, method, path, body in works]
    for one in done:
        one.result()


def _settle(room_id: str, alice: Person, bob: Person) -> None:
    """Wait until both servers tell the same state, and have told it for a while."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    same = 0
    before: object = None
    while same < 5:
        assert time.monotonic() < deadline, "the servers do not agree"
        states = alice.state(room_id), bob.state(room_id)
        same = same + 1 if states[0] == states[1] and states == before else 0
        before = states
        threading.Event().wait(0.2)


def _events(person: Person, room_id: str, rules: RoomVersion) -> tuple[dict[str, Pdu], set[str]]:
    """Return the events of a room, and the ids of those that clients are shown."""
    found = person.ask("GET", f"/_matrix/client/v3/sync?filter={_quoted(_FILTER)}")
    rooms = found["rooms"]
    assert isinstance(rooms, dict)
    timeline = rooms["join"][room_id]["timeline"]["events"]
    events: dict[str, Pdu] = {}
    for event in timeline:
        pdu = _pdu(event, rules)
        events[pdu.event_id] = pdu
    seen = set(events)
    while missing := {one for event in events.values() for one in _named(event)} - events.keys():
        for event_id in missing:
            fetched = person.ask("GET", f"/_synapse/admin/v1/fetch_event/{_quoted(event_id)}")["event"]
            assert isinstance(fetched, dict)
            events[event_id] = _pdu(fetched, rules)
            assert events[event_id].event_id == event_id
    return events, seen


def _pdu(event: JsonObject, rules: RoomVersion) -> Pdu:
    extra = {"unsigned", "event_id", "user_id", "age"}
    plain = {key: value for key, value in event.items() if key not in extra}
    if rules.is_room_id_of_create and event["type"] == "m.room.create":
        plain.pop("room_id", None)
    return parse_pdu(plain, rules)


def _named(event: Pdu) -> tuple[str, ...]:
    return (*event.prev_event_ids, *event.auth_event_ids)


def _current(events: Mapping[str, Pdu], seen: Collection[str]) -> dict[StateKey, str]:
    """Return the state after the last of the events that clients see, by our rules from all events."""
    states: dict[str, dict[StateKey, str]] = {}
    rejected: set[str] = set()
    rules = next(iter(events.values())).rules

    def fetch(event_ids: Collection[str]) -> dict[str, Pdu]:
        return {one: events[one] for one in event_ids if one in events}

    def together(event_ids: Collection[str]) -> dict[StateKey, str]:
        return resolve([states[one] for one in event_ids], rules, fetch, rejected=rejected)

    while len(states) < len(events):
        ready = [one for one in events.values() if one.event_id not in states and states.keys() >= {*_named(one)}]
        for event in ready:
            state = together(event.prev_event_ids)
            if not _is_allowed(event, events, state, rejected):
                rejected.add(event.event_id)
            elif event.state_key is not None:
                state[event.type, event.state_key] = event.event_id
            states[event.event_id] = state
    followed = {one for event_id in seen for one in events[event_id].prev_event_ids}
    return together([one for one in seen if one not in followed])


def _is_allowed(
    event: Pdu, events: Mapping[str, Pdu], state: Mapping[StateKey, str], rejected: Collection[str]
) -> bool:
    auths = [events[one] for one in event.auth_event_ids]
    create = next(one for one in events.values() if one.type == "m.room.create")
    by_key = {(one.type, one.state_key or ""): one for one in (create, *auths)}
    before = {key: events[event_id] for key, event_id in state.items()}
    return (
        judge_auth_events(event, auths, rejected, create=create).is_allowed
        and authorise(event, by_key).is_allowed
        and authorise(event, before).is_allowed
    )
