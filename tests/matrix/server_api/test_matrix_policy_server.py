"""Policy servers of rooms."""

from __future__ import annotations

import pytest

from fakes.matrix_events import SEA_KEY, SENT_AT, event_of
from scop.matrix.events import ServerKey, are_signatures_right, countersign_pdu, parse_pdu
from scop.matrix.json_values import JsonObject
from scop.matrix.policy_server import POLICY_KEY_ID, PolicyServer
from scop.matrix.room_versions import room_version
from scop.matrix.signing import SigningKey

_RULES = room_version("12")
_KEY = SigningKey(bytes(32), "policy_server")
_SAID: JsonObject = {"via": "policy.test", "public_keys": {"ed25519": _KEY.verify_key.to_base64()}}
_JOINED = {"sea.test", "policy.test"}


def test_policy_server_recommends_what_it_signed() -> None:
    """Matrix v1.19 SS §Validating Policy Server signatures: by the key that the room's state names."""
    policy = PolicyServer.of(_SAID, _JOINED)
    assert policy == PolicyServer("policy.test", _KEY.verify_key)
    assert POLICY_KEY_ID == _KEY.key_id
    event = event_of(_RULES)
    assert not policy.recommends(parse_pdu(event, _RULES))
    signed = countersign_pdu(event, _RULES, "policy.test", _KEY)
    assert policy.recommends(parse_pdu(signed, _RULES))
    assert not policy.recommends(parse_pdu({**signed, "depth": 9}, _RULES))
    assert not policy.recommends(parse_pdu(countersign_pdu(event, _RULES, "sea.test", _KEY), _RULES))


def test_policy_itself_needs_no_signature() -> None:
    """Ibid.: the state event with an empty state key, and no other of its type."""
    policy = PolicyServer("policy.test", _KEY.verify_key)
    for state_key, is_recommended in (("", True), ("x", False), (None, False)):
        event = event_of(_RULES, type="m.room.policy", state_key=state_key)
        assert is_recommended is policy.recommends(parse_pdu(event, _RULES))


def test_signature_of_a_policy_is_none_of_the_server() -> None:
    """Matrix v1.19 SS §Validating hashes and signatures: its key is published nowhere and is skipped there."""
    keys = {("sea.test", "ed25519:1"): ServerKey(SEA_KEY.verify_key, SENT_AT)}
    both = countersign_pdu(event_of(_RULES), _RULES, "sea.test", _KEY)
    assert are_signatures_right(parse_pdu(both, _RULES), keys, SENT_AT)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {**_SAID, "via": 1},
        {**_SAID, "via": "other.test"},
        {**_SAID, "public_keys": []},
        {**_SAID, "public_keys": {}},
        {**_SAID, "public_keys": {"ed25519": 1}},
        {**_SAID, "public_keys": {"ed25519": "no key"}},
    ],
)
def test_room_that_names_none_uses_none(said: JsonObject) -> None:
    """Matrix v1.19 SS §Determining if a Policy Server is enabled: all conditions, with somebody of it in the room."""
    assert PolicyServer.of(said, _JOINED) is None
