"""Hashes and signatures of events."""

from __future__ import annotations

import json

import pytest

from fakes.matrix_appendices import event_signing_vectors, signing_seed
from fakes.matrix_events import SEA_KEY, SENT_AT, event_of
from scop.matrix.api.http import HttpRequest
from scop.matrix.api.server_server.transactions import SendTransaction
from scop.matrix.events import (
    Pdu,
    ServerKey,
    are_signatures_right,
    check_hashes,
    countersign_pdu,
    has_right_hash,
    parse_pdu,
    reference_hash,
    required_signers,
    sign_pdu,
)
from scop.matrix.room_versions import ROOM_VERSIONS, RoomVersion, room_version
from scop.matrix.signing import SigningKey

_each_version = pytest.mark.parametrize("rules", list(ROOM_VERSIONS.values()), ids=lambda rules: f"v{rules.id}")
_REEF_KEY = SigningKey(bytes(32), "1")
_WEEK_MS = 7 * 24 * 3600 * 1000


def keys(**changes: int) -> dict[tuple[str, str], ServerKey]:
    """Return what is known of the keys of two servers."""
    times = {"valid_until_ms": SENT_AT + 1000, **changes}
    return {
        ("sea.test", "ed25519:1"): ServerKey(SEA_KEY.verify_key, **times),
        ("reef.test", "ed25519:1"): ServerKey(_REEF_KEY.verify_key, **times),
    }


def is_right(event: dict[str, object], rules: RoomVersion, **changes: int) -> bool:
    """Return whether all that must have signed an event have."""
    return are_signatures_right(parse_pdu(event, rules), keys(**changes), SENT_AT)


def test_event_signing_is_as_the_appendix_has_it() -> None:
    """Matrix v1.19 appendices §Event Signing: all its examples."""
    key = SigningKey.from_base64(signing_seed(), "1")
    vectors = event_signing_vectors()
    assert len(vectors) == 2
    for given, signed in vectors:
        assert signed == sign_pdu(given, room_version("1"), "domain", key)
        assert has_right_hash(signed, room_version("1"))


@pytest.mark.parametrize("number", [b"1180591620717411303424", b"-9223372036854775809", b"1e22", b"50.57", b"-0.0"])
def test_event_with_any_number_keeps_its_hashes_through_octets(number: bytes) -> None:
    """Matrix v1.19 rooms/v1 §Canonical JSON: what old rooms bear is read as it was written, beyond 64 bits too."""
    rules = room_version("5")
    event = event_of(rules, content={"number": json.loads(number)})
    body = json.dumps({"origin": "sea.test", "origin_server_ts": 1, "pdus": [event]}).encode()
    (read,) = SendTransaction.from_http(HttpRequest("PUT", "/_matrix/federation/v1/send/1", body=body)).pdus
    assert has_right_hash(read, rules)
    assert parse_pdu(event, rules) == parse_pdu(read, rules)


@_each_version
def test_event_that_its_server_signed_is_right(rules: RoomVersion) -> None:
    """Matrix v1.19 SS §Validating hashes and signatures: whole, and as a redacted copy."""
    event = event_of(rules)
    assert is_right(event, rules)
    assert is_right({**event, "unsigned": {"age": 1}, "content": {}}, rules)
    assert not is_right({**event, "depth": 4}, rules)
    assert not is_right({**event, "signatures": {}}, rules)
    assert not is_right({**event, "signatures": {"reef.test": event["signatures"]["sea.test"]}}, rules)  # type: ignore[index]


@_each_version
def test_event_whose_hash_fails_is_used_redacted(rules: RoomVersion) -> None:
    """Ibid.: "the receiving server should use the redacted copy it calculated"."""
    event = event_of(rules)
    whole = parse_pdu(event, rules)
    assert check_hashes(whole) is whole
    altered = parse_pdu({**event, "content": {"body": "arr"}, "extra": 1}, rules)
    left = check_hashes(altered)
    assert ({}, {}) == (left.content, left.json["content"])
    assert "extra" not in left.json
    assert altered.event_id == left.event_id
    assert are_signatures_right(left, keys(), SENT_AT)


@pytest.mark.parametrize("hashes", [None, {}, {"sha256": 1}, {"sha256": "no base64!"}, {"sha256": "AAAA"}])
def test_hash_that_is_none_fails(hashes: object) -> None:
    """A hash that is not there, or is no hash, is a wrong one."""
    rules = room_version("12")
    assert not has_right_hash({**event_of(rules), "hashes": hashes}, rules)


@_each_version
def test_signature_by_a_key_that_nobody_knows_proves_nothing(rules: RoomVersion) -> None:
    """Ibid.: unknown keys are ignored; of those known all must be right, and there must be one."""
    event = event_of(rules)
    pdu = parse_pdu(event, rules)
    assert not are_signatures_right(pdu, {}, SENT_AT)
    other = countersign_pdu(event, rules, "sea.test", SigningKey(bytes(32), "other"))
    assert is_right(other, rules)
    wrong = {**keys(), ("sea.test", "ed25519:other"): ServerKey(SEA_KEY.verify_key, SENT_AT)}
    assert not are_signatures_right(parse_pdu(other, rules), wrong, SENT_AT)


@_each_version
def test_key_that_had_expired_does_not_count(rules: RoomVersion) -> None:
    """Ibid.: "keys that are known to have expired prior to the event's origin_server_ts are ignored"."""
    assert is_right(event_of(rules), rules, expired_ms=SENT_AT)
    assert not is_right(event_of(rules), rules, expired_ms=SENT_AT - 1)


@_each_version
def test_key_counts_while_it_is_valid_from_version_5_on(rules: RoomVersion) -> None:
    """Matrix v1.19 rooms/v5: valid_until_ts at least origin_server_ts, and at most a week ahead of now."""
    enforced = int(rules.id) >= 5
    assert is_right(event_of(rules), rules, valid_until_ms=SENT_AT)
    assert is_right(event_of(rules), rules, valid_until_ms=SENT_AT - 1) is not enforced
    far = event_of(rules, origin_server_ts=SENT_AT + _WEEK_MS)
    farther = event_of(rules, origin_server_ts=SENT_AT + _WEEK_MS + 1)
    assert is_right(far, rules, valid_until_ms=SENT_AT + 9 * _WEEK_MS)
    assert is_right(farther, rules, valid_until_ms=SENT_AT + 9 * _WEEK_MS) is not enforced


@pytest.mark.parametrize("version", ["1", "2"])
def test_server_that_made_the_id_must_sign_in_the_first_versions(version: str) -> None:
    """Matrix v1.19 SS §Validating hashes and signatures: if it is another one than the sender's."""
    rules = room_version(version)
    event = event_of(rules, event_id="$this:reef.test")
    assert ("sea.test", "reef.test") == required_signers(parse_pdu(event, rules))
    assert not is_right(event, rules)
    assert is_right(countersign_pdu(event, rules, "reef.test", _REEF_KEY), rules)


@_each_version
def test_server_that_let_in_must_sign_where_joins_are_restricted(rules: RoomVersion) -> None:
    """Matrix v1.19 rooms/v8 rule 4.2, from version 8 on."""
    content = {"membership": "join", "join_authorised_via_users_server": "@ray:reef.test"}
    event = event_of(rules, type="m.room.member", state_key="@ann:sea.test", content=content)
    is_asked = int(rules.id) >= 8
    assert (("sea.test", "reef.test") if is_asked else ("sea.test",)) == required_signers(parse_pdu(event, rules))
    assert is_right(event, rules) is not is_asked
    assert is_right(countersign_pdu(event, rules, "reef.test", _REEF_KEY), rules)


@_each_version
def test_invite_by_a_third_party_is_signed_by_itself(rules: RoomVersion) -> None:
    """Ibid.: the server that sends it may be another than the sender's."""
    content = {"membership": "invite", "third_party_invite": {"signed": {}}}
    event = event_of(rules, type="m.room.member", state_key="@ray:reef.test", content=content)
    assert (("sea.test",) if int(rules.id) <= 2 else ()) == required_signers(parse_pdu(event, rules))


def test_reference_hash_covers_what_redaction_leaves() -> None:
    """Matrix v1.19 SS §Calculating the reference hash: neither signatures nor `unsigned` nor lost words."""
    rules = room_version("12")
    event = event_of(rules)
    hashed = reference_hash(event, rules)
    assert hashed == reference_hash({**event, "signatures": {}, "unsigned": {"a": 1}, "content": {}}, rules)
    assert hashed != reference_hash({**event, "hashes": {}}, rules)


def test_pdu_is_its_id() -> None:
    """Two events of one id are one."""
    rules = room_version("12")
    one, other = parse_pdu(event_of(rules), rules), parse_pdu({**event_of(rules), "unsigned": {}}, rules)
    assert 1 == len({one, other})
    assert isinstance(one, Pdu)
    assert one != one.event_id
