"""A real Synapse and an outpost of our own libraries: keys, signed requests, a join, events both ways."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest

from fakes.matrix_outpost import Outpost, outpost
from fakes.matrix_visit import as_user, checked, joined, kept, reference, token_of
from fakes.synapse import Synapse, running_synapse
from scop.matrix.api.client_server.create_room import CreateRoom
from scop.matrix.api.errors import MatrixError
from scop.matrix.api.server_server.query import QueryProfile
from scop.matrix.api.server_server.transactions import SendTransaction
from scop.matrix.api.server_server.version import GetVersion
from scop.matrix.auth_rules import StateKey, auth_event_keys, authorise
from scop.matrix.events import Pdu, event_id_of, parse_pdu, sign_pdu
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import ROOM_VERSIONS, EventIdFormat, RoomVersion, room_version
from scop.matrix.signing import SigningKey

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def synapse() -> Iterator[Synapse]:
    """Run a Synapse for all tests here."""
    with running_synapse() as one:
        yield one


@pytest.fixture
def here(synapse: Synapse) -> Iterator[Outpost]:
    """Run an outpost that it can federate with."""
    with outpost(synapse.authority) as one:
        yield one


def test_synapse_believes_our_signature_and_no_other(synapse: Synapse, here: Outpost) -> None:
    """Matrix v1.19 SS §Request Authentication: a request by our key is answered, by another it is refused."""
    asker = synapse.new_user("ann")
    assert here.ask(synapse.server_name, GetVersion()).server is not None
    assert here.ask(synapse.server_name, QueryProfile(user_id=asker)).displayname is not None
    forger = replace(here, key=SigningKey(bytes(32), "outpost"))
    with pytest.raises(MatrixError) as refusal:
        forger.ask(synapse.server_name, QueryProfile(user_id=asker))
    assert refusal.value.status == 401


def _message(join: Pdu, state: dict[StateKey, Pdu], here: Outpost) -> JsonObject:
    """Return a message that follows the join."""
    rules = join.rules
    event: JsonObject = {
        "type": "m.room.message",
        "room_id": join.room_id,
        "sender": join.sender,
        "origin_server_ts": int(time.time() * 1000),
        "content": {"msgtype": "m.text", "body": "ahoy from the outpost"},
        "depth": join.depth + 1,
        "prev_events": [reference(join)],
        "auth_events": [],
    }
    if rules.event_id_format is EventIdFormat.SERVER:
        event["event_id"] = f"$message{time.time_ns()}:{here.name}"
    draft = parse_pdu(sign_pdu(event, rules, here.name, here.key), rules)
    event["auth_events"] = [reference(state[key]) for key in auth_event_keys(draft) if key in state]
    return sign_pdu(event, rules, here.name, here.key)


@pytest.mark.parametrize("version", ROOM_VERSIONS)
def test_outpost_joins_a_room_and_speaks(synapse: Synapse, here: Outpost, version: str) -> None:
    """Matrix v1.19 SS §Joining Rooms, §Transactions: events of Synapse pass our checks, and ours pass Synapse's."""
    rules, user_id = room_version(version), f"@ray:{here.name}"
    token = token_of(synapse, synapse.new_user("ann"))
    room = CreateRoom(preset="public_chat", name="The sea", room_version=version)
    room_id = as_user(synapse, room, token).room_id
    join, answer = joined(here, synapse, room_id, user_id)

    chain = checked(here, synapse, answer.auth_chain, rules)
    state = {(pdu.type, pdu.state_key or ""): pdu for pdu in checked(here, synapse, answer.state, rules).values()}
    assert {"m.room.create", "m.room.power_levels", "m.room.name"} <= {kind for kind, _ in state}
    our_join = parse_pdu(join, rules)
    for pdu in (*chain.values(), our_join):
        before = {key: state[key] for key in (("m.room.create", ""), *auth_event_keys(pdu)) if key in state}
        if pdu.type not in ("m.room.create", "m.room.power_levels", "m.room.member") or pdu is our_join:
            assert authorise(pdu, before, signers={here.name, synapse.server_name}).is_allowed

    state["m.room.member", user_id] = our_join
    message = _message(our_join, state, here)
    said = SendTransaction(
        txn_id=str(time.time_ns()), origin=here.name, origin_server_ts=int(time.time() * 1000), pdus=(message,)
    )
    message_id = event_id_of(message, rules)
    result = here.ask(synapse.server_name, said).pdus[message_id]
    assert result.error is None
    assert message["content"] == kept(here, synapse, message_id)["content"]

    asked = urllib.request.Request(
        f"{synapse.url}/_matrix/client/v3/rooms/{quote(room_id)}/send/m.room.message/1",
        b'{"msgtype":"m.text","body":"ahoy from Synapse"}',
        {"authorization": f"Bearer {token}"},
        method="PUT",
    )
    with urllib.request.urlopen(asked, timeout=30) as sent:
        its_id = json.load(sent)["event_id"]
    assert its_id in _heard_until(here, synapse, its_id, rules)


def _heard_until(here: Outpost, synapse: Synapse, event_id: str, rules: RoomVersion) -> set[str]:
    """Return the events that Synapse has sent by the time that one has come."""
    heard: set[str] = set()
    while event_id not in heard:
        origin, transaction = here.heard.get(timeout=30)
        assert origin == synapse.server_name
        heard |= set(checked(here, synapse, transaction.pdus, rules))
    return heard
