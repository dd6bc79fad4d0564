"""Visits of an outpost to rooms of a real Synapse: it joins, checks what it is given, waits until it is heard."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from typing import TypeVar

from fakes.matrix_outpost import Outpost
from fakes.synapse import PASSWORD, Synapse
from scop.matrix.api.errors import MatrixError
from scop.matrix.api.http import HttpResponse
from scop.matrix.api.request import Request, Response
from scop.matrix.api.server_server.events import GetEvent
from scop.matrix.api.server_server.joins_v1 import MakeJoin
from scop.matrix.api.server_server.joins_v2 import SendJoinV2, SendJoinV2Response
from scop.matrix.events import Pdu, ServerKey, are_signatures_right, check_hashes, event_id_of, parse_pdu, sign_pdu
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import ROOM_VERSIONS, EventIdFormat, RoomVersion, room_version

__all__ = ["as_user", "checked", "joined", "kept", "reference", "token_of"]

_Answer = TypeVar("_Answer", bound=Response)


def as_user(synapse: Synapse, request: Request[_Answer], token: str) -> _Answer:
    """Ask as a client."""
    asked = request.to_http(token)
    sent = urllib.request.Request(
        synapse.url + asked.target, asked.body or None, dict(asked.headers), method=asked.method
    )
    with urllib.request.urlopen(sent, timeout=60) as answer:
        return request.read_response(HttpResponse(answer.status, {}, answer.read()))


def token_of(synapse: Synapse, user_id: str) -> str:
    """Log in."""
    asked = {"type": "m.login.password", "password": PASSWORD, "identifier": {"type": "m.id.user", "user": user_id}}
    with urllib.request.urlopen(synapse.url + "/_matrix/client/v3/login", json.dumps(asked).encode()) as answer:
        return str(json.load(answer)["access_token"])


def joined(here: Outpost, synapse: Synapse, room_id: str, user_id: str) -> tuple[JsonObject, SendJoinV2Response]:
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


def checked(here: Outpost, synapse: Synapse, events: tuple[JsonObject, ...], rules: RoomVersion) -> dict[str, Pdu]:
    """Return events of either side whose format, signatures and hashes are right, by id."""
    now_ms = int(time.time() * 1000)
    ours = ServerKey(here.key.verify_key, now_ms)
    keys = {**here.keys_of(synapse.server_name), (here.name, here.key.key_id): ours}
    found = {}
    for event in events:
        pdu = parse_pdu(event, rules)
        assert are_signatures_right(pdu, keys, now_ms)
        assert check_hashes(pdu) is pdu
        found[pdu.event_id] = pdu
    return found


def reference(event: Pdu) -> object:
    """Return how events of a version name another; nobody looks at the hash that the first two have beside it."""
    is_pair = event.rules.event_id_format is EventIdFormat.SERVER
    return [event.event_id, {"sha256": "A" * 43}] if is_pair else event.event_id


def kept(here: Outpost, synapse: Synapse, event_id: str) -> JsonObject:
    """Return an event as Synapse keeps it, once it has taken it in."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return here.ask(synapse.server_name, GetEvent(event_id=event_id)).pdus[0]
        except MatrixError as refusal:
            if refusal.status != 404 or time.monotonic() > deadline:
                raise AssertionError(synapse.log[-2000:]) from refusal
            threading.Event().wait(0.05)
