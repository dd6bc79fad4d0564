"""Cross-signing: keys made, published and used; who is trusted by whom; identities that change."""

from __future__ import annotations

import copy

import msgspec
import pytest

from fakes.identity_homes import Home, homes, seeded
from fakes.matrix_keys import Crash
from scop.base import LocalProtocolError
from scop.matrix.api.client_server.cross_signing import UploadCrossSigningKeys, UploadCrossSigningSignatures
from scop.matrix.api.errors import MatrixError
from scop.matrix.confirming import Credentials
from scop.matrix.encryption.trust import Trust
from scop.matrix.encryption.values import UserKeys
from scop.matrix.json_values import JsonObject
from scop.matrix.signing import sign_json, verify_json
from scop.matrix.steps import Shelf
from scop.matrix.verification import IdentityChanged
from scop.matrix.verification.cross_signing_keys import KeyUsage, PrivateKeys, read_identity

_ADA, _ADAS_PHONE, _BEN = ("@ada:x", "DESK"), ("@ada:x", "PHONE"), ("@ben:x", "BOAT")


def _bootstrapped(*people: Home) -> None:
    for home in people:
        home.do(home.identity.cross_signing.bootstrap())
    for home in people:
        home.hear()
        home.do(home.machine.track([other.place[0] for other in people]))
        home.hear()


def _trust(home: Home, other: Home) -> Trust:
    device = home.machine.devices.get(*other.place)
    assert device is not None
    return home.identity.trust.trust(device)


def _vouch(home: Home, other: Home) -> None:
    identity = home.identity.trust.identity(other.place[0])
    assert identity is not None
    home.do(home.identity.cross_signing.sign_user(other.place[0], identity.master.key))
    home.hear()


def _master(home: Home) -> str:
    identity = home.identity.trust.identity(home.place[0])
    assert identity is not None
    return identity.master.key


# ── making keys ──


def test_cross_signing_publishes_keys_that_hold_together() -> None:
    """Matrix v1.19 CS §Cross-signing: the master key signs the two others, the self-signing key the device."""
    (ada,) = homes(_ADA)
    _bootstrapped(ada)
    published = ada.homeserver.public["@ada:x"]
    identity = read_identity("@ada:x", UserKeys(**published))
    assert identity is not None
    assert [key.usage for key in identity.keys] == list(KeyUsage)
    device = ada.homeserver.devices[_ADA].keys
    assert device is not None
    assert identity.self_signing is not None
    assert identity.self_signing.has_signed(device)
    assert verify_json(published["master"], "@ada:x", "ed25519:DESK", ada.machine.own_device.ed25519)
    assert ada.identity.cross_signing.is_whole
    assert ada.identity.trust.is_verified("@ada:x")


def test_cross_signing_keys_survive_a_restart() -> None:
    """Private keys are on their shelf."""
    (ada,) = homes(_ADA)
    _bootstrapped(ada)
    assert sorted(ada.disk[Shelf.SECRETS]) == [
        "m.cross_signing.master",
        "m.cross_signing.self_signing",
        "m.cross_signing.user_signing",
    ]
    ada.restart()
    assert ada.identity.cross_signing.is_whole
    assert ada.identity.trust.is_verified("@ada:x")


@pytest.mark.parametrize("needed", range(12))
def test_cross_signing_publishes_the_same_keys_after_a_crash(needed: int) -> None:
    """Wherever the power goes, trying again needs no password and makes no second identity."""
    (ada,) = homes(_ADA)
    ada.crash_after = needed
    try:
        ada.do(ada.identity.cross_signing.bootstrap())
    except Crash:
        ada.restart()
        before = copy.deepcopy(ada.homeserver.public.get("@ada:x"))
        ada.do(ada.identity.cross_signing.bootstrap())
        assert before is None or before["master"]["keys"] == ada.homeserver.public["@ada:x"]["master"]["keys"]
    ada.crash_after = None
    ada.do(ada.identity.cross_signing.bootstrap())
    assert ada.identity.cross_signing.is_whole
    assert ada.identity.trust.is_verified("@ada:x")


def test_cross_signing_replaces_keys_by_a_password() -> None:
    """Matrix v1.19 CS §uploadCrossSigningKeys: user-interactive authentication where there were other keys."""
    ada, phone = homes(_ADA, _ADAS_PHONE)
    _bootstrapped(ada)
    with pytest.raises(LocalProtocolError, match="already"):
        phone.do(phone.identity.cross_signing.bootstrap())
    with pytest.raises(MatrixError) as refused:
        phone.do(phone.identity.cross_signing.reset())
    assert refused.value.status == 401
    with pytest.raises(MatrixError):
        phone.do(phone.identity.cross_signing.reset(Credentials("@ada:x", "wrong")))
    before = ada.homeserver.public["@ada:x"]["master"]["keys"]
    phone.do(phone.identity.cross_signing.reset(Credentials("@ada:x", "tide")))
    assert ada.homeserver.public["@ada:x"]["master"]["keys"] != before


def test_cross_signing_shows_no_password_that_is_not_asked_for() -> None:
    """A server that confirms who we are in another way hears none (§User-Interactive Authentication API)."""
    ada, phone = homes(_ADA, _ADAS_PHONE)
    _bootstrapped(ada)
    ada.homeserver.stages = ["m.login.sso"]
    with pytest.raises(MatrixError):
        phone.do(phone.identity.cross_signing.reset(Credentials("@ada:x", "tide")))
    asked = [one for _, one in ada.homeserver.asked if isinstance(one, UploadCrossSigningKeys)]
    assert [None] * len(asked) == [one.auth for one in asked]
    sent = [one for _, one in ada.homeserver.asked if isinstance(one, UploadCrossSigningKeys)]
    assert len({repr(one.master_key) for one in sent[1:]}) == 1  # the same keys at each attempt


def test_cross_signing_alarms_when_its_own_identity_is_replaced() -> None:
    """Matrix v1.19 CS §Recommended client behaviour: "Alice's own devices MUST alert her"."""
    ada, phone = homes(_ADA, _ADAS_PHONE)
    _bootstrapped(ada)
    old = _master(ada)
    phone.do(phone.identity.cross_signing.reset(Credentials("@ada:x", "tide")))
    assert ada.hear() == (IdentityChanged("@ada:x", True, old, _master(ada)),)
    assert ada.hear() == ()
    assert not ada.identity.cross_signing.is_whole
    assert ada.identity.cross_signing.secret(KeyUsage.MASTER) is None
    assert _trust(ada, phone) is Trust.CHANGED
    with pytest.raises(LocalProtocolError):
        ada.do(ada.identity.cross_signing.sign_own())


# ── trusting ──


def test_cross_signing_trusts_devices_of_users_it_verified() -> None:
    """Matrix v1.19 CS §Cross-signing: the four links from our master key to Ben's device."""
    ada, ben = homes(_ADA, _BEN)
    _bootstrapped(ada, ben)
    assert _trust(ada, ben) is Trust.SIGNED
    _vouch(ada, ben)
    assert _trust(ada, ben) is Trust.VERIFIED
    assert ada.identity.trust.is_verified("@ben:x")
    assert not ben.identity.trust.is_verified("@ada:x")


def test_cross_signing_on_one_device_serves_the_others() -> None:
    """A second device of hers that trusts the master key trusts whom the first verified."""
    ada, phone, ben = homes(_ADA, _ADAS_PHONE, _BEN)
    _bootstrapped(ada, ben)
    _vouch(ada, ben)
    phone.do(phone.machine.track(["@ada:x", "@ben:x"]))
    phone.hear()
    assert _trust(phone, ben) is Trust.SIGNED
    for usage in KeyUsage:
        secret = ada.identity.cross_signing.secret(usage)
        assert secret is not None
        assert phone.do(phone.identity.cross_signing.adopt(usage, secret))
    assert _trust(phone, ben) is Trust.VERIFIED


@pytest.mark.parametrize("usage", list(KeyUsage))
@pytest.mark.parametrize("secret", ["", "!", "AAAA", "0" * 43])
def test_cross_signing_adopts_no_other_keys(usage: KeyUsage, secret: str) -> None:
    """A secret that is not the private half of what is published is refused."""
    (ada,) = homes(_ADA)
    assert ada.do(ada.identity.cross_signing.adopt(usage, secret)) is False
    _bootstrapped(ada)
    assert ada.do(ada.identity.cross_signing.adopt(usage, secret)) is False


def _forge(ada: Home, ben: Home, change: str) -> None:
    """Let the server change what it says of Ben."""
    public = ben.homeserver.public["@ben:x"]
    stored = ben.homeserver.devices[_BEN]
    assert stored.keys is not None
    if change == "device signature":
        signatures = stored.keys["signatures"]
        assert isinstance(signatures, dict)
        stored.keys["signatures"] = {"@ben:x": {"ed25519:BOAT": signatures["@ben:x"]["ed25519:BOAT"]}}
    elif change == "self-signing key":
        public["self_signing"] = PrivateKeys.generate(seeded("mallory")).public_json("@ben:x", KeyUsage.SELF_SIGNING)
    elif change == "no self-signing key":
        del public["self_signing"]
    elif change == "usage":
        public["self_signing"] = {**public["self_signing"], "usage": ["user_signing"]}
    elif change == "other user":
        public["master"] = {**public["master"], "user_id": "@eve:x"}
    elif change == "two keys":
        public["master"] = {**public["master"], "keys": {**public["master"]["keys"], "ed25519:x": "x"}}  # type: ignore[dict-item]
    ben.homeserver._announce("@ben:x")
    ada.hear()


@pytest.mark.parametrize(
    "change", ["device signature", "self-signing key", "no self-signing key", "usage", "other user", "two keys"]
)
def test_cross_signing_trusts_no_chain_with_a_broken_link(change: str) -> None:
    """Whatever link a server breaks or forges, the device is not trusted; an identity that was there is remembered."""
    ada, ben = homes(_ADA, _BEN)
    _bootstrapped(ada, ben)
    _vouch(ada, ben)
    _forge(ada, ben, change)
    assert _trust(ada, ben) is Trust.UNVERIFIED
    assert ada.identity.trust.has_identity("@ben:x")


def test_cross_signing_trusts_no_device_that_is_called_like_a_key() -> None:
    """Matrix v1.19 CS §Key and signature security: ids of devices and keys occupy the same namespace."""
    ada, ben = homes(_ADA, _BEN)
    _bootstrapped(ada, ben)
    identity = ada.identity.trust.identity("@ben:x")
    device = ada.machine.devices.get(*_BEN)
    assert identity is not None
    assert device is not None
    assert identity.has_signed(device)
    assert not identity.has_signed(msgspec.structs.replace(device, device_id=identity.master.key))
    assert not identity.has_signed(msgspec.structs.replace(device, user_id="@eve:x"))


def test_cross_signing_key_files_of_strange_shapes_are_no_identity() -> None:
    """What a server says is believed only as far as it is of the shape."""
    good = PrivateKeys.generate(seeded("ben")).user_keys("@ben:x").master
    assert good is not None
    strange: list[JsonObject] = [
        {},
        {**good, "usage": "master"},
        {**good, "usage": []},
        {**good, "keys": []},
        {**good, "keys": {"ed25519:x": "x"}},
        {**good, "keys": {"ed25519:AAAA": "AAAA"}},
        {**good, "keys": {"curve25519:AAAA": "AAAA"}},
        {**good, "keys": {"ed25519:AAAA": 7}},
    ]
    assert [read_identity("@ben:x", UserKeys(master=json)) for json in strange] == [None] * len(strange)


# ── changes ──


def _replaced(ben: Home) -> None:
    ben.do(ben.identity.cross_signing.reset(Credentials("@ben:x", "tide")))


@pytest.mark.parametrize("was_verified", [False, True])
def test_identity_changes_are_told_and_hold_until_they_are_acknowledged(was_verified: bool) -> None:
    """Matrix v1.19 CS §Key and signature security: "must notify the user about the change"."""
    ada, ben = homes(_ADA, _BEN)
    _bootstrapped(ada, ben)
    if was_verified:
        _vouch(ada, ben)
    old = _master(ben)
    _replaced(ben)
    assert ada.hear() == (IdentityChanged("@ben:x", was_verified, old, _master(ben)),)
    assert _trust(ada, ben) is Trust.CHANGED
    ada.restart()
    assert (ada.hear(), _trust(ada, ben)) == ((), Trust.CHANGED)
    ada.do(ada.identity.acknowledge("@ben:x"))
    assert _trust(ada, ben) is Trust.SIGNED
    ada.restart()
    assert _trust(ada, ben) is Trust.SIGNED


def test_identity_changes_are_settled_by_verifying_again() -> None:
    """Vouching for the new master key, here or on another device of ours, ends the alarm."""
    ada, ben = homes(_ADA, _BEN)
    _bootstrapped(ada, ben)
    _replaced(ben)
    ada.hear()
    _vouch(ada, ben)
    assert _trust(ada, ben) is Trust.VERIFIED
    assert ada.hear() == ()


def test_identity_changes_back_and_forth_are_each_told() -> None:
    """A server that flips an identity is seen to."""
    ada, ben = homes(_ADA, _BEN)
    _bootstrapped(ada, ben)
    old_public, old = copy.deepcopy(ben.homeserver.public["@ben:x"]), _master(ben)
    _replaced(ben)
    assert len(ada.hear()) == 1
    new_public = ben.homeserver.public["@ben:x"]
    for public, told in ((old_public, 0), (new_public, 1)):
        ben.homeserver.public["@ben:x"] = public
        ben.homeserver._announce("@ben:x")
        assert len(ada.hear()) == told
    ada.homeserver.public["@ben:x"] = old_public
    ada.homeserver._announce("@ben:x")
    ada.hear()
    assert _master_of(ada, "@ben:x") == old


def _master_of(home: Home, user_id: str) -> str | None:
    identity = home.identity.trust.identity(user_id)
    return None if identity is None else identity.master.key


def test_signatures_that_a_server_does_not_take_are_a_fault() -> None:
    """Only what was published counts as signed."""
    ada, ben = homes(_ADA, _BEN)
    _bootstrapped(ada, ben)
    with pytest.raises(LocalProtocolError):
        ada.do(ada.identity.cross_signing.sign_user("@ben:x", "another+key"))
    with pytest.raises(LocalProtocolError):
        ada.do(ada.identity.cross_signing.sign_user("@ada:x", _master(ada)))
    device = ada.machine.devices.get(*_BEN)
    assert device is not None
    with pytest.raises(LocalProtocolError):
        ada.do(ada.identity.cross_signing.sign_device(device))


def test_signatures_are_uploaded_alone() -> None:
    """Matrix v1.19 CS §uploadCrossSigningSignatures: what was signed, with the new signatures only."""
    ada, ben = homes(_ADA, _BEN)
    _bootstrapped(ada, ben)
    _vouch(ada, ben)
    (request,) = [one for _, one in ada.homeserver.asked[-3:] if isinstance(one, UploadCrossSigningSignatures)]
    signed = request.signatures["@ben:x"][_master(ben)]
    assert list(signed["signatures"]) == ["@ada:x"]  # type: ignore[call-overload]
    key = PrivateKeys.generate(seeded("x")).master
    assert key is not None
    assert "signatures" in sign_json({}, "@ada:x", key)


def test_devices_can_be_blocked_and_unblocked() -> None:
    """What our person says of one device counts before all else, and is durable."""
    ada, ben = homes(_ADA, _BEN)
    _bootstrapped(ada, ben)
    device = ada.machine.devices.get(*_BEN)
    assert device is not None
    for is_blocked, trust in ((True, Trust.BLOCKED), (False, Trust.SIGNED)):
        for change in ada.identity.trust.note_device(device, is_blocked=is_blocked):
            assert change.octets is not None
            ada.disk.setdefault(change.shelf, {})[change.key] = change.octets
        ada.restart()
        assert _trust(ada, ben) is trust
