"""What other servers broke is left out of an answer; what the homeserver itself says is not."""

from __future__ import annotations

import json

import pytest

from scop.base import RemoteProtocolError
from scop.matrix.api import read_json
from scop.matrix.api.client_server.keys import ClaimKeys, QueryKeys, UploadKeys
from scop.matrix.api.client_server.rooms import GetRoomState
from scop.matrix.api.client_server.sync import Sync, SyncResponse
from scop.matrix.api.http import HttpRequest, HttpResponse

_STRIPPED = {"type": "m.room.name", "state_key": "", "sender": "@a:b", "content": {"name": "n"}, "x": 1}


def _sync(body: object) -> SyncResponse:
    return Sync().read_response(HttpResponse(200, {}, json.dumps(body).encode()))


@pytest.mark.parametrize("broken", [None, 5, [], {}, {**_STRIPPED, "content": []}, {**_STRIPPED, "state_key": 1}])
def test_broken_state_of_an_invitation_leaves_the_sync(broken: object) -> None:
    """One who invites by a broken event keeps nobody from reading the rest of the sync."""
    invited = {"!r": {"invite_state": {"events": [broken, _STRIPPED]}}}
    rooms = _sync({"next_batch": "s", "rooms": {"invite": invited}, "org.example": 1}).rooms
    assert rooms is not None
    assert rooms.invite is not None
    state = rooms.invite["!r"].invite_state
    assert state is not None
    assert state.events is not None
    assert ["n"] == [one.content["name"] for one in state.events]
    assert [{"x": 1}] == [one.unknown for one in state.events]


def test_broken_keys_of_one_device_leave_those_of_others() -> None:
    """One who publishes a broken device hides only that."""
    device = {"user_id": "@a:b", "device_id": "D", "algorithms": [], "keys": {}, "signatures": {}}
    body = {"device_keys": {"@a:b": {"D": device, "E": {"keys": 5}}}, "master_keys": {"@a:b": {"usage": "master"}}}
    read = QueryKeys(device_keys={}).read_response(HttpResponse(200, {}, json.dumps(body).encode()))
    assert read.device_keys is not None
    assert ["D"] == list(read.device_keys["@a:b"])
    assert {} == read.master_keys


def test_broken_one_time_key_leaves_those_of_others() -> None:
    """A key is an object or a word; anything else is left out."""
    key = {"key": "k", "signatures": {}}
    body = {"one_time_keys": {"@a:b": {"D": {"signed_curve25519:1": key, "curve25519:2": "k", "x:3": {"key": 1}}}}}
    read = ClaimKeys(one_time_keys={}).read_response(HttpResponse(200, {}, json.dumps(body).encode()))
    assert ["signed_curve25519:1", "curve25519:2"] == list(read.one_time_keys["@a:b"]["D"])


@pytest.mark.parametrize("broken", [None, 5, [], "x"])
@pytest.mark.parametrize("name", ["device_keys", "master_keys", "self_signing_keys", "user_signing_keys"])
def test_broken_keys_of_one_user_leave_those_of_others(name: str, broken: object) -> None:
    """A server that answers anything for a user of its own hides only that user."""
    key = {"user_id": "@a:b", "usage": ["master"], "keys": {"ed25519:k": "k"}}
    device = {"user_id": "@a:b", "device_id": "D", "algorithms": [], "keys": {}, "signatures": {}}
    good = {"D": device} if name == "device_keys" else key
    body = {name: {"@a:b": good, "@c:d": broken}, "failures": {"e": {"status": 503}}}
    read = QueryKeys(device_keys={}).read_response(HttpResponse(200, {}, json.dumps(body).encode()))
    assert ["@a:b"] == list(getattr(read, name))


@pytest.mark.parametrize("broken", [None, 5, [], {"E": 5}, {"E": {"signed_curve25519:1": 5}}])
def test_broken_one_time_keys_of_one_user_leave_those_of_others(broken: object) -> None:
    """The same holds where keys are claimed."""
    body = {"one_time_keys": {"@a:b": {"D": {"curve25519:1": "k"}}, "@c:d": broken}}
    read = ClaimKeys(one_time_keys={}).read_response(HttpResponse(200, {}, json.dumps(body).encode()))
    assert {"D": {"curve25519:1": "k"}} == read.one_time_keys.pop("@a:b")
    assert not any(keys for devices in read.one_time_keys.values() for keys in devices.values())


def test_half_a_surrogate_pair_leaves_the_rest() -> None:
    """A name that no UTF-8 can hold, which a homeserver passes on as an escape, makes no answer unreadable."""
    device = {"user_id": "@a:b", "device_id": "D", "algorithms": [], "keys": {}, "signatures": {}}
    named = {**device, "unsigned": {"device_display_name": "half \ud83d, whole \U0001f419"}}
    body = json.dumps({"device_keys": {"@a:b": {"D": named}}}).encode()
    read = QueryKeys(device_keys={}).read_response(HttpResponse(200, {}, body))
    assert read.device_keys is not None
    unsigned = read.device_keys["@a:b"]["D"].unsigned
    assert unsigned is not None
    assert "half ?, whole \U0001f419" == unsigned.device_display_name


def test_broken_events_leave_a_list_that_is_the_whole_body() -> None:
    """The same holds where the body is a list."""
    read = GetRoomState(room_id="!r").read_response(HttpResponse(200, {}, b'[{"type": "m.room.name"}, 5]'))
    assert () == read.events


@pytest.mark.parametrize(
    "body",
    [
        {"rooms": {}},
        {"next_batch": 5},
        {"next_batch": "s", "rooms": []},
        {"next_batch": "s", "rooms": {"join": {"!r": 5}}},
        {"next_batch": "s", "rooms": {"join": {"!r": {"timeline": {"events": 5}}}}},
    ],
)
def test_broken_answer_of_the_homeserver_is_its_fault(body: object) -> None:
    """What no other server had a hand in is never left out."""
    with pytest.raises(RemoteProtocolError):
        _sync(body)


def test_broken_parts_of_a_request_are_the_clients_fault() -> None:
    """Nothing is left out of requests: the client hears of it."""
    body = json.dumps({"one_time_keys": {"x:1": {"key": 5}}}).encode()
    with pytest.raises(RemoteProtocolError):
        UploadKeys.from_http(HttpRequest("POST", "/_matrix/client/v3/keys/upload", body=body))
    with pytest.raises(RemoteProtocolError):
        read_json(UploadKeys, {"one_time_keys": {"x:1": {"key": 5}}})
