"""A real Synapse and an outpost of our own libraries: keys, signed requests, a join, events both ways."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar
from urllib.parse import quote

import pytest

from fakes.matrix_outpost import Outpost, outpost
from fakes.synapse import PASSWORD, Synapse, running_synapse
from scop.matrix.api.client_server.create_room import CreateRoom
from scop.matrix.api.errors import MatrixError
from scop.matrix.api.http import HttpResponse
from scop.matrix.api.request import Request, Response
from scop.matrix.api.server_server.events import GetEvent
from scop.matrix.api.server_server.joins_v1 import MakeJoin
from scop.matrix.api.server_server.joins_v2 import SendJoinV2, SendJoinV2Response
from scop.matrix.api.server_server.query import QueryProfile
from scop.matrix.api.server_server.transactions import SendTransaction
from scop.matrix.api.server_server.version import GetVersion
from scop.matrix.auth_rules import StateKey, auth_event_keys, authorise
from scop.matrix.events import Pdu, are_signatures_right, check_hashes, event_id_of, parse_pdu, sign_pdu
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import ROOM_VERSIONS, EventIdFormat, RoomVersion, room_version
from scop.matrix.signing import SigningKey

pytestmark = pytest.mark.interop

_Answer = TypeVar("_Answer", bound=Response)


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


def as_user(synapse: Synapse, request: Request[_Answer], token: str) -> _Answer:
    """Ask as a client."""
    asked = request.to_http(token)
    sent = urllib.request.Request(
        synapse.url + asked.target, asked.body or None, dict(asked.headers), method=asked.method
    )
    with urllib.request.urlopen(sent, timeout=30) as answer:
        return request.read_response(HttpResponse(answer.status, {}, answer.read()))


def token_of(synapse: Synapse, user_id: str) -> str:
    """Log in."""
    asked = {"type": "m.login.password", "password": PASSWORD, "identifier": {"type": "m.id.user", "user": user_id}}
    with urllib.request.urlopen(synapse.url + "/_matrix/client/v3/login", json.dumps(asked).encode()) as answer:
        return str(json.load(answer)["access_token"])


def test_synapse_believes_our_signature_and_no_other(synapse: Synapse, here: Outpost) -> None:
    """Matrix v1.19 SS §Request Authentication: a request by our key is answered, by another it is refused."""
    asker = synapse.new_user("ann")
    assert here.ask(synapse.server_name, GetVersion()).server is not None
    assert here.ask(synapse.server_name, QueryProfile(user_id=asker)).displayname is not None
    forger = replace(here, key=SigningKey(bytes(32), "outpost"))
    with pytest.raises(MatrixError) as refusal:
        forger.ask(synapse.server_name, QueryProfile(user_id=asker))
    assert refusal.value.status == 401


def _joined(here: Outpost, synapse: Synapse, room_id: str, user_id: str) -> tuple[JsonObject, SendJoinV2Response]:
    """Join a room through the server that is in it."""
    made = here.ask(synapse.server_name, MakeJoin(room_id=room_id, user_id=user_id, ver=tuple(ROOM_VERSIONS)))
    rules = room_version(made.room_version or "1")
    assert made.event is not None
    event = {**made.event, "origin_server_ts": int(time.time() * 1000)}
    if rules.event_id_format is EventIdFormat.SERVER:
        event["event_id"] = f"$join{time.time_ns()}:{here.name}"
    join = sign_pdu(event, rules, here.name, here.key)
    sent = SendJoinV2(room_id=room_id, event_id=event_id_of(join, rules), event=join)
    return join, here.ask(synapse.server_name, sent)


def _checked(here: Outpost, synapse: Synapse, events: tuple[JsonObject, ...], rules: RoomVersion) -> dict[str, Pdu]:
    """Return events whose format, signatures and hashes are right, by id."""
    keys, now_ms = here.keys_of(synapse.server_name), int(time.time() * 1000)
    found = {}
    for event in events:
        pdu = parse_pdu(event, rules)
        assert are_signatures_right(pdu, keys, now_ms)
        assert check_hashes(pdu) is pdu
        found[pdu.event_id] = pdu
    return found


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
        "prev_events": [_reference(join)],
        "auth_events": [],
    }
    if rules.event_id_format is EventIdFormat.SERVER:
        event["event_id"] = f"$message{time.time_ns()}:{here.name}"
    draft = parse_pdu(sign_pdu(event, rules, here.name, here.key), rules)
    event["auth_events"] = [_reference(state[key]) for key in auth_event_keys(draft) if key in state]
    return sign_pdu(event, rules, here.name, here.key)


def _reference(event: Pdu) -> object:
    is_pair = event.rules.event_id_format is EventIdFormat.SERVER
    return [event.event_id, {"sha256": "A" * 43}] if is_pair else event.event_id


@pytest.mark.parametrize("version", ROOM_VERSIONS)
def test_outpost_joins_a_room_and_speaks(synapse: Synapse, here: Outpost, version: str) -> None:
    """Matrix v1.19 SS §Joining Rooms, §Transactions: events of Synapse pass our checks, and ours pass Synapse's."""
    rules, user_id = room_version(version), f"@ray:{here.name}"
    token = token_of(synapse, synapse.new_user("ann"))
    room = CreateRoom(preset="public_chat", name="The sea", room_version=version)
    room_id = as_user(synapse, room, token).room_id
    join, answer = _joined(here, synapse, room_id, user_id)

    chain = _checked(here, synapse, answer.auth_chain, rules)
    state = {(pdu.type, pdu.state_key or ""): pdu for pdu in _checked(here, synapse, answer.state, rules).values()}
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
    assert message["content"] == _kept(here, synapse, message_id)["content"]

    asked = urllib.request.Request(
        f"{synapse.url}/_matrix/client/v3/rooms/{quote(room_id)}/send/m.room.message/1",
        b'{"msgtype":"m.text","body":"ahoy from Synapse"}',
        {"authorization": f"Bearer {token}"},
        method="PUT",
    )
    with urllib.request.urlopen(asked, timeout=30) as sent:
        its_id = json.load(sent)["event_id"]
    assert its_id in _heard_until(here, synapse, its_id, rules)


def _kept(here: Outpost, synapse: Synapse, event_id: str) -> JsonObject:
    """Return an event as Synapse keeps it, once it has taken it in."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return here.ask(synapse.server_name, GetEvent(event_id=event_id)).pdus[0]
        except MatrixError as refusal:
            if refusal.status != 404 or time.monotonic() > deadline:
                raise AssertionError(synapse.log[-2000:]) from refusal
            threading.Event().wait(0.05)


def _heard_until(here: Outpost, synapse: Synapse, event_id: str, rules: RoomVersion) -> set[str]:
    """Return the events that Synapse has sent by the time that one has come."""
    heard: set[str] = set()
    while event_id not in heard:
        origin, transaction = here.heard.get(timeout=30)
        assert origin == synapse.server_name
        heard |= set(_checked(here, synapse, transaction.pdus, rules))
    return heard
