"""Rooms that fork on a real Synapse: two branches are sent to it, and where they meet it holds the state that we do."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from random import Random

import pytest

from fakes.matrix_outpost import Outpost, outpost
from fakes.matrix_visit import as_user, checked, joined, kept, reference, token_of
from fakes.synapse import Synapse, running_synapse
from scop.matrix.api.client_server.create_room import CreateRoom
from scop.matrix.api.server_server.events import GetRoomStateIds
from scop.matrix.api.server_server.transactions import SendTransaction
from scop.matrix.auth_rules import StateKey, auth_event_keys, authorise
from scop.matrix.events import Pdu, parse_pdu, sign_pdu
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import ROOM_VERSIONS, EventIdFormat, room_version
from scop.matrix.state_resolution import resolve

pytestmark = pytest.mark.interop

_FORKS = 2  # of each version
_LENGTH = 5  # events of each branch


class _Room:
    """The events of a room as its outpost knows them, and the state after each."""

    def __init__(self, here: Outpost, state: dict[StateKey, Pdu], events: Mapping[str, Pdu]) -> None:
        self.here = here
        self.create = next(pdu for pdu in events.values() if pdu.type == "m.room.create")
        self.rules = self.create.rules
        self.events = dict(events)
        self.state = {key: pdu.event_id for key, pdu in state.items()}
        self.tip = ""
        self._count = 0

    def fetch(self, event_ids: Collection[str]) -> dict[str, Pdu]:
        """Return events by id."""
        return {event_id: self.events[event_id] for event_id in event_ids if event_id in self.events}

    def made(self, said: JsonObject, before: Mapping[StateKey, str], *prev: str) -> Pdu:
        """Return an event after others, signed by the outpost."""
        self._count += 1
        event: JsonObject = {
            "room_id": self.create.room_id,
            "origin_server_ts": int(time.time() * 1000) + self._count * 7 % 5,
            "depth": 1 + max(self.events[one].depth for one in prev),
            "prev_events": [reference(self.events[one]) for one in prev],
            "auth_events": [],
            **said,
        }
        if self.rules.event_id_format is EventIdFormat.SERVER:
            event["event_id"] = f"$e{time.time_ns()}:{self.here.name}"
        draft = parse_pdu(sign_pdu(event, self.rules, self.here.name, self.here.key), self.rules)
        named = [self.events[before[key]] for key in auth_event_keys(draft) if key in before]
        event["auth_events"] = [reference(one) for one in named]
        return parse_pdu(sign_pdu(event, self.rules, self.here.name, self.here.key), self.rules)

    def is_allowed(self, pdu: Pdu, before: Mapping[StateKey, str]) -> bool:
        """Return whether the rules allow an event in a state."""
        return authorise(pdu, {key: self.events[one] for key, one in before.items()}).is_allowed

    def branch(self, random: Random) -> tuple[list[Pdu], dict[StateKey, str]]:
        """Return some events one after the other, each allowed where it stands, and the state after them."""
        state, tip, made = dict(self.state), self.tip, list[Pdu]()
        while len(made) < _LENGTH:
            pdu = self.made(_said(random, self.here, self._levels(state)), state, tip)
            if self.is_allowed(pdu, state):
                self.events[pdu.event_id], tip = pdu, pdu.event_id
                state[pdu.type, pdu.state_key or ""] = tip
                made.append(pdu)
        return made, state

    def _levels(self, state: Mapping[StateKey, str]) -> JsonObject:
        return self.events[state["m.room.power_levels", ""]].content


def _said(random: Random, here: Outpost, levels: JsonObject) -> JsonObject:
    """Return what one of two users of the outpost says to the room; ray is above kim, and nobody touches ray."""
    ray, kim = f"@ray:{here.name}", f"@kim:{here.name}"
    sender, number = random.choice((ray, ray, kim)), random.randrange(1000)
    kind = random.choice(("m.room.topic", "m.room.name", "m.room.join_rules", "m.room.power_levels", "m.room.member"))
    contents: dict[str, JsonObject] = {
        "m.room.topic": {"topic": f"of {number}"},
        "m.room.name": {"name": f"Sea {number}"},
        "m.room.join_rules": {"join_rule": random.choice(("public", "invite"))},
        "m.room.member": {"membership": random.choice(("leave", "ban", "join")), "displayname": f"Kim {number}"},
    }
    if kind == "m.room.power_levels":
        users = levels["users"]
        assert isinstance(users, dict)
        contents[kind] = {**levels, "users": {**users, kim: random.choice((0, 50, 60))}, "events_default": number % 3}
    return {
        "type": kind,
        "state_key": kim if kind == "m.room.member" else "",
        "sender": sender,
        "content": contents[kind],
    }


@pytest.fixture(scope="module")
def synapse() -> Iterator[Synapse]:
    """Run a Synapse for all tests here."""
    with running_synapse() as one:
        yield one


def _new_room(here: Outpost, synapse: Synapse, version: str) -> _Room:
    """Return a room of a Synapse in which two users of the outpost are."""
    rules, ann = room_version(version), synapse.new_user("ann")
    ray, kim = f"@ray:{here.name}", f"@kim:{here.name}"
    users = {ray: 100, kim: 50, **({} if rules.are_creators_above_all else {ann: 100})}
    request = CreateRoom(preset="public_chat", room_version=version, power_level_content_override={"users": users})
    room_id = as_user(synapse, request, token_of(synapse, ann)).room_id
    joined(here, synapse, room_id, ray)
    join, answer = joined(here, synapse, room_id, kim)
    last = parse_pdu(join, rules)
    known = checked(here, synapse, (*answer.auth_chain, *answer.state), rules)
    state = {(pdu.type, pdu.state_key or ""): pdu for pdu in _of_state(known, answer.state, rules.id)}
    room = _Room(here, {**state, ("m.room.member", kim): last}, {**known, last.event_id: last})
    room.tip = last.event_id
    return room


def _of_state(known: Mapping[str, Pdu], state: tuple[JsonObject, ...], version: str) -> list[Pdu]:
    """Return the events of a state among those that were checked."""
    return [known[parse_pdu(event, room_version(version)).event_id] for event in state]


@pytest.mark.parametrize("version", ROOM_VERSIONS)
def test_forked_room_resolves_as_synapse_resolves_it(synapse: Synapse, version: str) -> None:
    """Matrix v1.19 rooms/v1, v2, v12 §State resolution: the state before the event at which two branches meet."""
    random = Random(f"fork {version}")
    with outpost(synapse.authority) as here:
        for _ in range(_FORKS):
            room = _new_room(here, synapse, version)
            (one, state_one), (other, state_other) = room.branch(random), room.branch(random)
            state = resolve([state_one, state_other], room.rules, room.fetch)
            said: JsonObject = {
                "type": "m.room.message",
                "sender": f"@ray:{here.name}",
                "content": {"body": "together"},
            }
            meeting = room.made(said, state, one[-1].event_id, other[-1].event_id)
            for pdu in (*one, *other, meeting):
                pushed = SendTransaction(
                    txn_id=str(time.time_ns()),
                    origin=here.name,
                    origin_server_ts=int(time.time() * 1000),
                    pdus=(dict(pdu.json),),
                )
                assert here.ask(synapse.server_name, pushed).pdus[pdu.event_id].error is None
                kept(here, synapse, pdu.event_id)
            asked = GetRoomStateIds(room_id=room.create.room_id, event_id=meeting.event_id)
            theirs = here.ask(synapse.server_name, asked).pdu_ids
            assert sorted(theirs) == sorted(state.values())
