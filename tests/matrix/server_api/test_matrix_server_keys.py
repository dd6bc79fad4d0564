"""The keys that servers publish."""

from __future__ import annotations

import pytest

from fakes.matrix_events import SEA_KEY, SENT_AT
from scop.base import LimitExceeded, RemoteProtocolError
from scop.matrix.api.http import HttpResponse
from scop.matrix.api.server_server.keys_server import GetServerKey
from scop.matrix.canonical_json import encode
from scop.matrix.events import ServerKey
from scop.matrix.json_values import JsonObject
from scop.matrix.server_keys import MAX_CURRENT_KEYS, is_signed_by_notary, published_keys, read_server_keys
from scop.matrix.signing import SigningKey, sign_json

_OLD = SigningKey(bytes(32), "old")
_NEXT = SigningKey(bytes([1]) * 32, "next")
_WAS = ServerKey(_OLD.verify_key, SENT_AT, SENT_AT - 1)
_SAID = published_keys("sea.test", (SEA_KEY, _NEXT), {("sea.test", "ed25519:old"): _WAS}, SENT_AT)


def resigned(**changes: object) -> JsonObject:
    """Return what the server says, changed and signed again."""
    bare = {name: value for name, value in {**_SAID, **changes}.items() if name != "signatures"}
    return sign_json(bare, "sea.test", SEA_KEY)


def test_keys_that_were_published_are_read() -> None:
    """Matrix v1.19 SS §Publishing Keys: current ones, and old ones with the time when they expired."""
    assert {
        ("sea.test", "ed25519:1"): ServerKey(SEA_KEY.verify_key, SENT_AT),
        ("sea.test", "ed25519:next"): ServerKey(_NEXT.verify_key, SENT_AT),
        ("sea.test", "ed25519:old"): _WAS,
    } == read_server_keys(_SAID, "sea.test")


def test_keys_are_what_the_endpoint_answers() -> None:
    """Matrix v1.19 SS GET /_matrix/key/v2/server."""
    answer = GetServerKey().read_response(HttpResponse(200, {}, encode(_SAID)))
    assert {"ed25519:1", "ed25519:next"} == set(answer.verify_keys)


def test_keys_of_other_algorithms_are_left_out() -> None:
    """Appendices §Checking for a Signature, step 2: what nobody understands is passed over."""
    said = resigned(verify_keys={**_SAID["verify_keys"], "x99:1": {"key": "?"}, "ed25519:a-b": 1})  # type: ignore[dict-item]
    assert {"ed25519:1", "ed25519:next", "ed25519:old"} == {key_id for _, key_id in read_server_keys(said, "sea.test")}


def test_key_that_is_current_is_not_old() -> None:
    """A server that says both of a key means the better."""
    both = resigned(old_verify_keys={"ed25519:1": {"key": _OLD.verify_key.to_base64(), "expired_ts": 1}})
    assert ServerKey(SEA_KEY.verify_key, SENT_AT) == read_server_keys(both, "sea.test")["sea.test", "ed25519:1"]


@pytest.mark.parametrize(
    "said",
    [
        {},
        resigned(server_name="reef.test"),
        resigned(valid_until_ts="soon"),
        resigned(valid_until_ts=-1),
        resigned(verify_keys=[]),
        resigned(verify_keys={}),
        resigned(verify_keys={"ed25519:1": "key"}),
        resigned(verify_keys={"ed25519:1": {"key": 1}}),
        resigned(verify_keys={"ed25519:1": {"key": "AAAA"}}),
        resigned(verify_keys={"ed25519:1": {"key": _OLD.verify_key.to_base64()}}),
        resigned(verify_keys={"ed25519:next": {"key": _NEXT.verify_key.to_base64()}}),
        resigned(old_verify_keys={"ed25519:x": {"key": SEA_KEY.verify_key.to_base64()}}),
        {**_SAID, "valid_until_ts": SENT_AT + 1},
        {**_SAID, "signatures": {}},
        {**_SAID, "signatures": {"sea.test": {"ed25519:1": "AAAA"}}},
    ],
)
def test_keys_that_are_none_are_refused(said: JsonObject) -> None:
    """Of this server, with times and keys, and signed by one of them; one that signed wrongly spoils the list."""
    with pytest.raises(RemoteProtocolError):
        read_server_keys(said, "sea.test")


def test_keys_of_one_server_are_checked_up_to_a_limit() -> None:
    """Each signature covers the whole list, so that the work would grow with the square of its length."""
    for count, is_read in ((MAX_CURRENT_KEYS, True), (MAX_CURRENT_KEYS + 1, False)):
        keys = [SigningKey(number.to_bytes(32, "big"), str(number)) for number in range(count)]
        said = published_keys("sea.test", keys, {}, SENT_AT)
        if is_read:
            assert count == len(read_server_keys(said, "sea.test"))
            continue
        with pytest.raises(LimitExceeded):
            read_server_keys(said, "sea.test")


def test_notary_vouches_by_its_own_current_key() -> None:
    """Matrix v1.19 SS §Querying Keys Through Another Server."""
    notary = SigningKey(bytes([2]) * 32, "n")
    known = {("notary.test", "ed25519:n"): ServerKey(notary.verify_key, SENT_AT)}
    gone = {("notary.test", "ed25519:n"): ServerKey(notary.verify_key, SENT_AT, 1)}
    vouched = sign_json(_SAID, "notary.test", notary)
    assert is_signed_by_notary(vouched, "notary.test", known)
    assert read_server_keys(vouched, "sea.test") == read_server_keys(_SAID, "sea.test")
    for said, keys in ((_SAID, known), (vouched, gone), (vouched, {}), ({**vouched, "valid_until_ts": 1}, known)):
        assert not is_signed_by_notary(said, "notary.test", keys)
