"""Signatures on JSON: by the appendix, and as `signedjson` makes and takes them."""

from __future__ import annotations

from random import Random

import nacl.exceptions
import nacl.signing
import pytest
import signedjson.key
import signedjson.sign

from fakes.matrix_appendices import json_signing_vectors, signing_seed
from fakes.random_json import random_object
from scop.base import RemoteProtocolError
from scop.matrix.signing import SigningKey, VerifyKey, key_version, sign_json, verify_json

_KEY = SigningKey(bytes(range(32)), "1")


def test_signing_is_as_the_appendix_has_it() -> None:
    """Matrix v1.19 appendices §JSON Signing: all its examples."""
    key = SigningKey.from_base64(signing_seed(), "1")
    vectors = json_signing_vectors()
    assert len(vectors) == 2
    for given, signed in vectors:
        assert signed == sign_json(given, "domain", key)
        assert verify_json(signed, "domain", "ed25519:1", key.verify_key)


def test_signing_is_what_another_library_makes_and_takes() -> None:
    """10,000 objects, each signed alike, and one in ten verified by the other."""
    random = Random(8)
    theirs = signedjson.key.decode_signing_key_base64("ed25519", "1", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
    for number in range(10_000):
        value = random_object(random)
        signed = sign_json(value, "sea.test", _KEY)
        assert signedjson.sign.sign_json(dict(value), "sea.test", theirs) == signed
        if number % 10 == 0:
            signedjson.sign.verify_signed_json(signed, "sea.test", signedjson.key.get_verify_key(theirs))
            assert verify_json(signed, "sea.test", "ed25519:1", _KEY.verify_key)


def test_signing_leaves_what_it_is_given() -> None:
    """The object signed is another one; signatures that were there stay, `unsigned` is not covered."""
    given: dict[str, object] = {"a": 1, "unsigned": {"age": 1}, "signatures": {"reef.test": {"ed25519:x": "…"}}}
    kept = {**given}
    signed = sign_json(given, "sea.test", _KEY)
    assert kept == given
    assert {"reef.test", "sea.test"} == set(dict(signed["signatures"]))  # type: ignore[call-overload]
    assert {"age": 1} == signed["unsigned"]
    assert verify_json({**signed, "unsigned": {}}, "sea.test", "ed25519:1", _KEY.verify_key)


def test_signing_twice_keeps_both_keys() -> None:
    """One signer may sign by two keys, and by one twice."""
    other = SigningKey(bytes(32), "2")
    signed = sign_json(sign_json(sign_json({"a": 1}, "sea.test", _KEY), "sea.test", other), "sea.test", other)
    assert {"ed25519:1", "ed25519:2"} == set(signed["signatures"]["sea.test"])  # type: ignore[index]
    assert verify_json(signed, "sea.test", "ed25519:2", other.verify_key.to_base64())


@pytest.mark.parametrize(
    "signatures",
    [
        None,
        [],
        {},
        {"sea.test": []},
        {"sea.test": {"ed25519:1": 1}},
        {"sea.test": {"ed25519:1": "no base64!"}},
        {"sea.test": {"ed25519:1": "AAAA"}},
        {"reef.test": {"ed25519:1": "right"}},
        {"sea.test": {"ed25519:2": "right"}},
    ],
)
def test_verifying_fails_where_the_signature_is_not_there(signatures: object) -> None:
    """Appendices §Checking for a Signature, steps 1, 2, 4 and 7."""
    value: dict[str, object] = {"a": 1, "signatures": signatures}
    assert not verify_json(value, "sea.test", "ed25519:1", _KEY.verify_key)


def test_verifying_fails_for_a_changed_object_key_or_algorithm() -> None:
    """Step 7, and step 2: an algorithm nobody knows proves nothing."""
    signed = sign_json({"a": 1}, "sea.test", _KEY)
    assert not verify_json({**signed, "a": 2}, "sea.test", "ed25519:1", _KEY.verify_key)
    assert not verify_json({**signed, "a": 1.5}, "sea.test", "ed25519:1", _KEY.verify_key)
    assert not verify_json(signed, "sea.test", "ed25519:1", SigningKey(bytes(32), "1").verify_key)
    assert not verify_json(signed, "sea.test", "ed25519:1", "no key")
    signature = signed["signatures"]["sea.test"]["ed25519:1"]  # type: ignore[index]
    renamed: dict[str, object] = {"a": 1, "signatures": {"sea.test": {"x25519:1": signature}}}
    assert not verify_json(renamed, "sea.test", "x25519:1", _KEY.verify_key)


def test_signing_key_keeps_its_seed_to_itself() -> None:
    """A key in a log is its version and its public half."""
    assert repr(_KEY.seed) not in repr(_KEY)
    assert "ed25519:1" == _KEY.key_id
    assert _KEY == SigningKey.generate(bytes(range(32)), "1")
    assert VerifyKey.from_base64(_KEY.verify_key.to_base64()) == _KEY.verify_key


@pytest.mark.parametrize("octets", [b"", bytes(31), bytes(33)])
def test_keys_have_32_octets(octets: bytes) -> None:
    """RFC 8032 §5.1.5, §5.1.2."""
    with pytest.raises(RemoteProtocolError):
        SigningKey(octets, "1")
    with pytest.raises(RemoteProtocolError):
        VerifyKey(octets)


_PRIME = 2**255 - 19
_ORDER_8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")


@pytest.mark.parametrize("y", [0, 1, 2, _PRIME - 1, _PRIME, _PRIME + 1, 2**255 - 1, int.from_bytes(_ORDER_8, "little")])
@pytest.mark.parametrize("sign", [0, 2**255])
def test_key_or_signature_of_small_order_proves_nothing(y: int, sign: int) -> None:
    """Libsodium refuses them, so we do: by such a key one signature would hold for any octets."""
    point = (y + sign).to_bytes(32, "little")
    assert not _KEY.verify_key.verifies(b"anything", point + bytes(32))
    if y != 2:  # the one here that is a point of no order of these, or no point at all
        with pytest.raises(RemoteProtocolError):
            VerifyKey(point)
        with pytest.raises(nacl.exceptions.BadSignatureError):
            nacl.signing.VerifyKey(point).verify(b"anything", point + bytes(32))


def test_key_version_is_of_letters_digits_and_underscores() -> None:
    """Matrix v1.19 SS §Retrieving server keys."""
    assert "auto_1A" == key_version("ed25519:auto_1A")
    for key_id in ("ed25519", "ed25519:", "rsa:1", "ed25519:a-b", "ed25519:a\n", ":1", ""):
        with pytest.raises(RemoteProtocolError):
            key_version(key_id)
