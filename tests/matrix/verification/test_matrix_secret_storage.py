"""Secrets at the server: how they are sealed, and which keys and passphrases open them."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.identity_homes import homes, seeded
from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.json_values import JsonObject
from scop.matrix.verification import StorageKey, WrongKey
from scop.matrix.verification.identity import SECRET_NAMES
from scop.matrix.verification.secret_storage import LEAST_ROUNDS

_ADA, _ADAS_PHONE = (("@ada:x", name) for name in ("DESK", "PHONE"))
_KEY = StorageKey("k1", bytes(range(32)))


# ── sealing ──


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]), max_size=9))
def test_secrets_come_back_under_their_name_only(secret: str, name: str) -> None:
    """Matrix v1.19 CS §m.secret_storage.v1.aes-hmac-sha2: name and key make the keys."""
    sealed = _KEY.seal(name, secret, seeded("x"))
    assert _KEY.open(name, sealed) == secret
    for key, other in ((_KEY, name + "x"), (StorageKey("k2", bytes(32)), name)):
        with pytest.raises(RemoteProtocolError):
            key.open(other, sealed)


def _hkdf(key: bytes, info: bytes) -> bytes:
    """RFC 5869 with a salt of 32 zero octets and 64 octets of output."""
    extracted = hmac.digest(bytes(32), key, "sha256")
    first = hmac.digest(extracted, info + b"\1", "sha256")
    return first + hmac.digest(extracted, first + info + b"\2", "sha256")


def test_secrets_are_sealed_as_the_steps_say() -> None:
    """Steps 1 to 5, done again by hand: HKDF, a counter whose bit 63 is unset, a MAC of the ciphertext."""
    sealed = _KEY.seal("m.x", "tide", lambda octets: b"\xff" * octets)
    iv, ciphertext, mac = (unpadded_base64.decode(str(sealed[name])) for name in ("iv", "ciphertext", "mac"))
    assert iv == b"\xff" * 8 + b"\x7f" + b"\xff" * 7
    assert mac == hmac.digest(_hkdf(_KEY.octets, b"m.x")[32:], ciphertext, "sha256")
    assert len(ciphertext) == 4


@pytest.mark.parametrize("part", ["iv", "ciphertext", "mac"])
@pytest.mark.parametrize("value", [None, "", "!", "AAAA", 7])
def test_secrets_that_were_changed_are_refused(part: str, value: object) -> None:
    """Only RemoteProtocolError escapes."""
    sealed = {**_KEY.seal("m.x", "tide", seeded("x")), part: value}
    with pytest.raises(RemoteProtocolError):
        _KEY.open("m.x", sealed)
    with pytest.raises(RemoteProtocolError):
        _KEY.open("m.x", [sealed])


def test_secrets_are_read_with_padding_too() -> None:
    """Matrix v1.19 CS: "clients must accept either encoding"."""
    sealed = {
        part: str(text) + "=" * (-len(str(text)) % 4) for part, text in _KEY.seal("m.x", "tide", seeded("x")).items()
    }
    assert _KEY.open("m.x", sealed) == "tide"


def test_storage_keys_are_told_by_their_check() -> None:
    """Matrix v1.19 CS §Key storage: the MAC tells; without it "clients must assume that the key is valid"."""
    description = _KEY.describe(seeded("x"), "m.default", None)
    other = StorageKey("k1", bytes(32))
    assert [_KEY.fits(description), other.fits(description)] == [True, False]
    assert other.fits({"algorithm": description["algorithm"]})
    with pytest.raises(RemoteProtocolError):
        _KEY.fits({**description, "algorithm": "m.secret_storage.v2"})


# ── at the server ──


def test_secret_storage_opens_by_recovery_key_or_passphrase() -> None:
    """What was written down or remembered opens it; anything else is a WrongKey."""
    (ada,) = homes(_ADA)
    storage = ada.identity.storage
    storage.least_rounds = 10
    with pytest.raises(LocalProtocolError):
        ada.do(storage.unlock("tide"))
    for passphrase in (None, "the tide is full"):
        key = ada.do(storage.create(passphrase, name="m.default", rounds=10))
        ada.do(storage.put("m.x", "wave", key))
        assert ada.do(storage.unlock(key.recovery_key())) == key
        assert ada.do(storage.get("m.x", key)) == "wave"
        with pytest.raises(WrongKey):
            ada.do(storage.unlock(StorageKey("", bytes(32)).recovery_key()))
    assert ada.do(storage.unlock("the tide is full")).octets
    with pytest.raises(WrongKey):
        ada.do(storage.unlock("the tide is low"))


def test_secret_storage_derives_keys_as_the_standard_says() -> None:
    """Matrix v1.19 CS §Deriving keys from passphrases: PBKDF2 by SHA-512, salt, iterations, bits."""
    (ada,) = homes(_ADA)
    key = ada.do(ada.identity.storage.create("tide", rounds=7))
    how = ada.homeserver.data["@ada:x", f"m.secret_storage.key.{key.key_id}"]["passphrase"]
    assert isinstance(how, dict)
    assert (how["algorithm"], how["iterations"], how["bits"]) == ("m.pbkdf2", 7, 256)
    assert hashlib.pbkdf2_hmac("sha512", b"tide", how["salt"].encode(), 7, 32) == key.octets
    assert ada.homeserver.data["@ada:x", "m.secret_storage.default_key"] == {"key": key.key_id}


@pytest.mark.parametrize(
    "change",
    [
        {"passphrase": {"algorithm": "m.pbkdf2", "salt": "x", "iterations": 10**9}},
        {"passphrase": {"algorithm": "m.pbkdf2", "salt": "x", "iterations": 0}},
        {"passphrase": {"algorithm": "m.pbkdf2", "salt": "x", "iterations": 9, "bits": 8}},
        {"passphrase": {"algorithm": "m.guess", "salt": "x", "iterations": 9}},
        {"passphrase": 7},
        {"passphrase": None},
        {"algorithm": "m.none"},
    ],
)
def test_secret_storage_refuses_strange_descriptions(change: JsonObject) -> None:
    """A server cannot keep a client busy for hours, nor make it guess."""
    (ada,) = homes(_ADA)
    ada.identity.storage.least_rounds = 1
    key = ada.do(ada.identity.storage.create("tide", rounds=7))
    place = ("@ada:x", f"m.secret_storage.key.{key.key_id}")
    ada.homeserver.data[place] = {**ada.homeserver.data[place], **change}
    with pytest.raises(RemoteProtocolError):
        ada.do(ada.identity.storage.unlock("tide"))


@pytest.mark.parametrize(("rounds", "is_taken"), [(LEAST_ROUNDS - 1, False), (LEAST_ROUNDS, True)])
def test_secret_storage_takes_no_passphrase_that_is_soon_guessed(rounds: int, is_taken: bool) -> None:
    """Whatever the server says of how it is stretched: what is sealed by it lies at the server."""
    (ada,) = homes(_ADA)
    key = ada.do(ada.identity.storage.create("tide", rounds=rounds))
    if is_taken:
        assert key == ada.do(ada.identity.storage.unlock("tide"))
    else:
        with pytest.raises(RemoteProtocolError, match="rounds"):
            ada.do(ada.identity.storage.unlock("tide"))


def test_secret_storage_has_no_secret_that_is_not_there() -> None:
    """None where there is none, or none under this key."""
    (ada,) = homes(_ADA)
    key = ada.do(ada.identity.storage.create())
    assert ada.do(ada.identity.storage.get("m.x", key)) is None
    ada.homeserver.data["@ada:x", "m.x"] = {"encrypted": {"other": {}}}
    assert ada.do(ada.identity.storage.get("m.x", key)) is None


def test_secret_storage_makes_a_new_device_one_of_ours() -> None:
    """From a recovery key alone: identity, signatures and backup, as on the old device."""
    ada, phone = homes(_ADA, _ADAS_PHONE)
    ada.do(ada.identity.cross_signing.bootstrap())
    ada.do(ada.identity.backup.create())
    key = ada.do(ada.identity.storage.create())
    assert ada.do(ada.identity.store_secrets(key)) == SECRET_NAMES
    words = key.recovery_key()
    unlocked = phone.do(phone.identity.storage.unlock(words))
    assert phone.do(phone.identity.load_secrets(unlocked)) == SECRET_NAMES
    assert phone.identity.cross_signing.is_whole
    assert phone.identity.backup.is_trusted
    ada.hear()
    device = ada.machine.devices.get(*_ADAS_PHONE)
    assert device is not None
    assert ada.identity.trust.trust(device) == "verified"
