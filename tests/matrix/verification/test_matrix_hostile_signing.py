"""What a hostile server would have us sign: keys that say more than they should, devices that are others by now."""

from __future__ import annotations

import pytest

from fakes.identity_homes import Home, homes
from fakes.matrix_keys import room_of
from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix.api.client_server.key_backup import PostRoomKeysVersion
from scop.matrix.api.request import Request, Response
from scop.matrix.confirming import Credentials
from scop.matrix.encryption import Machine, Trust
from scop.matrix.steps import Surroundings
from scop.matrix.verification import IdentityChanged, VerificationDone
from scop.matrix.verification.backup_cipher import BackupKey

_ADA, _ADAS_PHONE, _BEN = ("@ada:x", "DESK"), ("@ada:x", "PHONE"), ("@ben:x", "BOAT")
_KEY_OF_THE_SERVER = BackupKey(bytes(range(32)))


def _signs(home: Home, whose: Home, signer_key: str) -> bool:
    """Return whether the server has a signature by a key on a user's master key."""
    signatures = home.homeserver.public[whose.place[0]]["master"].get("signatures", {})
    assert isinstance(signatures, dict)
    return signer_key in signatures.get(home.place[0], {})


def _pad(home: Home) -> None:
    """Let the server show a user's master key with more in it than was uploaded."""
    home.homeserver.public[home.place[0]]["master"]["public_key"] = _KEY_OF_THE_SERVER.public


def test_hostile_server_cannot_have_its_backup_signed_as_a_master_key() -> None:
    """Stricter than Matrix v1.19 CS §Cross-signing: a master key that says more is signed by no device.

    Nothing signs it when it comes from the server. What is added to it, and signed with it, could be shown again as
    the `auth_data` of a backup whose key the server has.
    """
    (ada,) = homes(_ADA)
    publish = ada.homeserver._publish

    def padding(user_id: str, request: Request[Response]) -> Response:
        answer = publish(user_id, request)
        _pad(ada)
        return answer

    ada.homeserver._publish = padding  # type: ignore[method-assign]
    ada.do(ada.identity.cross_signing.bootstrap())
    assert ada.identity.cross_signing.is_whole
    assert not _signs(ada, ada, "ed25519:DESK")
    trap = ada.homeserver.public["@ada:x"]["master"]
    ada.homeserver.answer(_ADA, PostRoomKeysVersion(algorithm="m.megolm_backup.v1.curve25519-aes-sha2", auth_data=trap))
    ada.send(room_of("@ada:x"), "the tide is full")
    ada.hear()
    assert ada.identity.backup.current is not None
    assert not ada.identity.backup.is_trusted
    assert ada.homeserver.backups["@ada:x"][-1].rooms == {}


def test_backup_is_not_trusted_by_what_was_signed_as_a_key() -> None:
    """Stricter than Matrix v1.19 CS §Server-side key backups: another client of ours may have signed the trap."""
    (ada,) = homes(_ADA)
    ada.do(ada.identity.cross_signing.bootstrap())
    _pad(ada)
    trap = ada.machine.sign(ada.homeserver.public["@ada:x"]["master"])
    ada.homeserver.answer(_ADA, PostRoomKeysVersion(algorithm="m.megolm_backup.v1.curve25519-aes-sha2", auth_data=trap))
    ada.hear()
    assert ada.identity.backup.current is not None
    assert not ada.identity.backup.is_trusted


def test_hostile_server_cannot_have_more_signed_than_another_master_key() -> None:
    """Stricter than Matrix v1.19 CS §Cross-signing: the user-signing key vouches for a key, and for nothing beside."""
    ada, ben = homes(_ADA, _BEN)
    for home in (ada, ben):
        home.do(home.identity.cross_signing.bootstrap())
    _pad(ben)
    ada.do(ada.machine.track(["@ben:x"]))
    identity = ada.identity.trust.identity("@ben:x")
    assert identity is not None
    with pytest.raises(RemoteProtocolError, match="says more"):
        ada.do(ada.identity.cross_signing.sign_user("@ben:x", identity.master.key))


def test_hostile_server_cannot_have_an_identity_made_anew_by_hiding_it() -> None:
    """What `bootstrap` makes where there is nothing, `reset` alone puts in the place of what there was."""
    (ada,) = homes(_ADA)
    ada.do(ada.identity.cross_signing.bootstrap())
    ada.hear()
    ada.restart()
    hidden = ada.homeserver.public.pop("@ada:x")
    with pytest.raises(LocalProtocolError, match="does not show"):
        ada.do(ada.identity.cross_signing.bootstrap())
    ada.homeserver.public["@ada:x"] = hidden
    ada.do(ada.identity.cross_signing.bootstrap())
    assert ada.identity.cross_signing.is_whole
    del ada.homeserver.public["@ada:x"]
    ada.do(ada.identity.cross_signing.reset())
    assert ada.homeserver.public["@ada:x"]["master"]["keys"] != hidden["master"]["keys"]


def test_device_that_is_another_by_now_is_not_signed() -> None:
    """Matrix v1.19 CS §Key and signature security 2: what is signed is the key that was verified, not its name."""
    ada, phone = homes(_ADA, _ADAS_PHONE)
    ada.do(ada.identity.cross_signing.bootstrap())
    ada.do(ada.machine.track(["@ada:x"]))
    verified = phone.machine.own_device.ed25519
    imposter, _ = Machine.create(*_ADAS_PHONE, Surroundings(ada.clock, bytes))
    directory = ada.machine.devices
    directory._users["@ada:x"].devices["PHONE"] = imposter.own_device  # as after a hundred others that came and went
    done = VerificationDone("f", "@ada:x", "PHONE", verified, None)
    ada.do(ada.identity.publish_verified(done))
    stored = ada.homeserver.devices[_ADAS_PHONE].keys
    assert stored is not None
    assert stored["signatures"] == phone.machine.own_device.keys["signatures"]


@pytest.mark.parametrize("has_restarted", [False, True])
def test_identity_is_the_first_that_was_written_to(has_restarted: bool) -> None:
    """Matrix v1.19 CS §Key and signature security: whoever was given keys once is known, before the next sync too."""
    ada, ben = homes(_ADA, _BEN)
    for home in (ada, ben):
        home.do(home.identity.cross_signing.bootstrap())
    room = room_of("@ada:x", "@ben:x")
    ada.send(room, "the tide is full")
    ben.do(ben.identity.cross_signing.reset(Credentials("@ben:x", "tide")))
    if has_restarted:
        ada.restart()
    changed = [one for one in ada.hear() if isinstance(one, IdentityChanged)]
    assert [one.user_id for one in changed] == ["@ben:x"]
    device = ada.machine.devices.get(*_BEN)
    assert device is not None
    assert ada.identity.trust.trust(device) is Trust.CHANGED
