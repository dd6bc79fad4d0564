"""Requests that servers sign."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
import signedjson.key
import signedjson.sign
from hypothesis import given
from hypothesis import strategies as st

from fakes.matrix_events import SEA_KEY, event_of
from scop.base import RemoteProtocolError
from scop.matrix.api.http import HttpRequest
from scop.matrix.api.server_server.backfill import BackfillRoom
from scop.matrix.api.server_server.invites_v2 import SendInviteV2
from scop.matrix.api.server_server.transactions import SendTransaction
from scop.matrix.events import parse_pdu
from scop.matrix.events.format import MAX_EVENT_DEPTH
from scop.matrix.room_versions import room_version
from scop.matrix.signing import SigningKey
from scop.matrix.x_matrix import XMatrix, sign_request

_SEND = SendTransaction(txn_id="1", origin="sea.test", origin_server_ts=1, pdus=({"depth": 1.5, "a": "é"},))
_BACKFILL = BackfillRoom(room_id="!a/b:sea.test", v=("$x", "$y z"), limit=2)
_WORD = 'origin=sea.test,key="ed25519:1",sig="c2ln"'


def signed(request: HttpRequest) -> tuple[HttpRequest, XMatrix]:
    """Return a request that sea.test asks of reef.test, and what its header says."""
    sent = sign_request(request, "sea.test", "reef.test", SEA_KEY)
    return sent, XMatrix.parse(dict(sent.headers)["authorization"])


@pytest.mark.parametrize("request_", [_SEND.to_http(), _BACKFILL.to_http()], ids=["with a body", "with a query"])
def test_request_that_was_signed_is_verified(request_: HttpRequest) -> None:
    """Matrix v1.19 SS §Request Authentication: by whom, for whom, and nothing of it may change."""
    sent, claim = signed(request_)
    key = SEA_KEY.verify_key
    assert ("sea.test", "reef.test", "ed25519:1") == (claim.origin, claim.destination, claim.key_id)
    assert claim.verifies(sent.method, sent.target, sent.body, key)
    assert not claim.verifies("DELETE", sent.target, sent.body, key)
    assert not claim.verifies(sent.method, sent.target + "&", sent.body, key)
    assert not claim.verifies(sent.method, sent.target, b'{"a":1}', key)
    assert not claim.verifies(sent.method, sent.target, b"no json", key)
    assert not claim.verifies(sent.method, sent.target, sent.body, SigningKey(bytes(32), "1").verify_key)
    assert not XMatrix("sea.test", "ed25519:1", claim.signature).verifies(sent.method, sent.target, sent.body, key)


@pytest.mark.parametrize("destination", ['reef.test",origin="x.test', "reef.test\r\nhost: x.test", "", "reef test"])
def test_request_is_signed_for_servers_alone(destination: str) -> None:
    """A name out of a room, which its members write, ends up in a header: nothing else may stand in it."""
    with pytest.raises(RemoteProtocolError):
        sign_request(_SEND.to_http(), "sea.test", destination, SEA_KEY)


def test_request_with_numbers_of_any_size_is_verified() -> None:
    """Rooms v1 §Canonical JSON: numbers that old rooms bear are signed as they are written."""
    body = b'{"big":1180591620717411303424,"small":-9223372036854775809,"float":50.57}'
    sent, claim = signed(HttpRequest("PUT", "/x", body=body))
    assert claim.verifies("PUT", "/x", sent.body, SEA_KEY.verify_key)
    assert not claim.verifies("PUT", "/x", body.replace(b"424", b"425"), SEA_KEY.verify_key)


def test_request_bears_events_as_deep_as_they_may_be() -> None:
    """What one server may send into a room, all others can send on: in transactions and in invitations."""
    rules = room_version("11")
    value: object = 1
    for _ in range(MAX_EVENT_DEPTH - 2):
        value = [value]
    event, deeper = event_of(rules, content={"a": value}), event_of(rules, content={"a": [value]})
    assert event == parse_pdu(event, rules).json
    with pytest.raises(RemoteProtocolError):
        parse_pdu(deeper, rules)
    send = SendTransaction(txn_id="1", origin="sea.test", origin_server_ts=1, pdus=(event,))
    invite = SendInviteV2(
        room_id="!a:sea.test", event_id="$a", room_version="11", event=event, invite_room_state=(event,)
    )
    for request in (send.to_http(), invite.to_http()):
        sent, claim = signed(request)
        assert claim.verifies(sent.method, sent.target, sent.body, SEA_KEY.verify_key)


def test_request_is_signed_as_the_example_code_signs() -> None:
    """Ibid.: the object of method, uri, origin, destination and content, signed by another library."""
    sent, claim = signed(_SEND.to_http())
    asked = {"method": "PUT", "uri": "/_matrix/federation/v1/send/1", "origin": "sea.test", "destination": "reef.test"}
    asked["content"] = json.loads(sent.body)
    key = signedjson.key.decode_signing_key_base64("ed25519", "1", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
    theirs = signedjson.sign.sign_json(asked, "sea.test", key)["signatures"]["sea.test"]["ed25519:1"]
    assert theirs == claim.signature


def test_request_target_is_what_stands_in_its_first_line() -> None:
    """Ibid.: "including the ? and any query parameters"."""
    sent, _ = signed(_BACKFILL.to_http())
    assert "/_matrix/federation/v1/backfill/%21a%2Fb%3Asea.test?v=%24x&v=%24y%20z&limit=2" == sent.target


def test_header_is_what_the_oldest_servers_read() -> None:
    """Ibid.: one space, lower-case names, no space around commas, all values in quotes."""
    claim = XMatrix("sea.test:8448", "ed25519:a_1", "c2ln", "reef.test")
    header = 'X-Matrix origin="sea.test:8448",destination="reef.test",key="ed25519:a_1",sig="c2ln"'
    assert header == claim.to_header()
    assert claim == XMatrix.parse(header)


@pytest.mark.parametrize(
    "header",
    [
        f"X-Matrix {_WORD}",
        f"x-matrix   {_WORD}",
        'X-Matrix sig="c2ln" ,\t origin=sea.test , KEY=ed25519:1',
        'X-Matrix origin="sea.\\test",key="ed25519:1",sig="c2ln",unknown="a,\\"b\\""',
        f"X-Matrix {_WORD} ",
    ],
)
def test_header_is_read_with_its_leniencies(header: str) -> None:
    """Ibid.: names in any case and order, space around commas, colons without quotes, backslashes, words unknown."""
    claim = XMatrix.parse(header)
    assert XMatrix("sea.test", "ed25519:1", "c2ln") == claim
    assert claim.is_meant_for("anyone.test")


def test_request_is_meant_for_whom_it_names() -> None:
    """Ibid.: where the destination is another server, the request is denied."""
    claim = XMatrix("sea.test", "ed25519:1", "c2ln", "reef.test")
    assert claim.is_meant_for("reef.test")
    assert not claim.is_meant_for("sea.test")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer x",
        "X-Matrix",
        "X-Matrix ",
        f"X-Matrix{_WORD}",
        "X-Matrix origin=sea.test,key=ed25519:1",
        f"X-Matrix {_WORD},origin=reef.test",
        f"X-Matrix {_WORD},",
        f"X-Matrix {_WORD} sig=x",
        f"X-Matrix ,{_WORD}",
        'X-Matrix origin="no server",key="ed25519:1",sig="c2ln"',
        'X-Matrix origin="sea.test",key="rsa:1",sig="c2ln"',
        'X-Matrix origin="sea.test",key="ed25519:1",sig="c2ln',
        "X-Matrix origin=é,key=ed25519:1,sig=x",
    ],
)
def test_header_that_is_none_is_refused(header: str) -> None:
    """RFC 9110 §11.4: a scheme, and parameters, each once."""
    with pytest.raises(RemoteProtocolError):
        XMatrix.parse(header)


@given(st.text() | st.text('origin=sea.test,key"\\ \t:ed25519', max_size=40).map(f"X-Matrix {_WORD}".__add__))
def test_header_raises_nothing_else(header: str) -> None:
    """Any text is an authorization or a `RemoteProtocolError`."""
    with suppress(RemoteProtocolError):
        claim = XMatrix.parse(header)
        assert not claim.verifies("GET", "/", b"", SEA_KEY.verify_key)
