"""Secrets between devices: who is given them, and from whom they are taken."""

from __future__ import annotations

import pytest

from fakes.identity_homes import Home, homes
from fakes.matrix_keys import room_of
from fakes.verifying_homes import everyone_hears, shown_to
from scop.matrix.api.client_server.key_backup import GetRoomKeys
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.encryption.values import ToDevice
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Shelf
from scop.matrix.verification import SecretReceived
from scop.matrix.verification.cross_signing_keys import KeyUsage
from scop.matrix.verification.identity import SECRET_NAMES
from scop.matrix.verification.key_backup import BACKUP_NAME

_ADA, _ADAS_PHONE, _ADAS_WATCH = (("@ada:x", name) for name in ("DESK", "PHONE", "WATCH"))


def _verified_pair() -> tuple[Home, Home, Home]:
    ada, phone, watch = homes(_ADA, _ADAS_PHONE, _ADAS_WATCH)
    ada.do(ada.identity.cross_signing.bootstrap())
    ada.do(ada.identity.backup.create())
    for home in (ada, phone, watch):
        home.hear()
        home.do(home.machine.track(["@ada:x"]))
    _believe_each_other(ada, phone)
    return ada, phone, watch


def _believe_each_other(ada: Home, phone: Home) -> None:
    for home, other in ((ada, phone), (phone, ada)):
        device = home.machine.devices.get(*other.place)
        assert device is not None
        home.identity.trust.note_device(device, is_verified=True)


def _ask(home: Home, name: str) -> None:
    home.do(home.identity.sharing.request(name))


def test_secret_sharing_gives_to_verified_devices() -> None:
    """Matrix v1.19 CS §Sharing: asked in the clear, given by Olm, taken once it is what it should be."""
    ada, phone, _ = _verified_pair()
    for name in SECRET_NAMES:
        _ask(phone, name)
    ada.hear()
    assert phone.hear()[:4] == tuple(SecretReceived(name, "DESK") for name in SECRET_NAMES)
    assert phone.identity.cross_signing.is_whole
    assert phone.identity.backup.secret == ada.identity.backup.secret
    sent = [one for who, one in ada.homeserver.asked if who == "DESK" and isinstance(one, SendToDevice)]
    assert {one.event_type for one in sent} == {"m.room.encrypted"}


def test_secret_sharing_gives_nothing_to_devices_that_are_not_verified() -> None:
    """Nor to other users, nor to itself; what is asked for is given once the device is verified."""
    ada, _phone, watch = _verified_pair()
    watch.homeserver.answer(
        watch.place,
        SendToDevice(
            event_type="m.secret.request",
            txn_id="t",
            messages={
                "@ada:x": {
                    "DESK": {
                        "name": "m.cross_signing.master",
                        "action": "request",
                        "request_id": "r1",
                        "requesting_device_id": "WATCH",
                    }
                }
            },
        ),
    )
    ada.hear()
    sent = [one for who, one in ada.homeserver.asked if who == "DESK" and isinstance(one, SendToDevice)]
    assert sent == []
    device = ada.machine.devices.get(*_ADAS_WATCH)
    assert device is not None
    ada.identity.trust.note_device(device, is_verified=True)
    ada.do(ada.identity.sharing.answer_waiting())
    sent = [one for who, one in ada.homeserver.asked if who == "DESK" and isinstance(one, SendToDevice)]
    assert [one.event_type for one in sent] == ["m.room.encrypted"]


@pytest.mark.parametrize(
    "change",
    [
        {"sender": "@ben:x"},
        {"content": {"action": "request_cancellation"}},
        {"content": {"action": "steal"}},
        {"content": {"name": "m.unknown"}},
        {"content": {"name": 7}},
        {"content": {"requesting_device_id": "DESK"}},
        {"content": {"requesting_device_id": "GHOST"}},
        {"content": {"request_id": None}},
    ],
)
def test_secret_sharing_ignores_requests_that_are_none(change: dict[str, object]) -> None:
    """Only what is of the shape and of our own user is looked at."""
    ada, _phone, _ = _verified_pair()
    content: JsonObject = {
        "name": "m.cross_signing.master",
        "action": "request",
        "request_id": "r1",
        "requesting_device_id": "PHONE",
    }
    changed = change.get("content", {})
    assert isinstance(changed, dict)
    message = ToDevice(str(change.get("sender", "@ada:x")), "m.secret.request", {**content, **changed})
    before = len(ada.homeserver.asked)
    assert ada.do(ada.identity.receive([message])) == ()
    assert not [one for _, one in ada.homeserver.asked[before:] if isinstance(one, SendToDevice)]


def _sent_secret(phone: Home, **changes: object) -> ToDevice:
    (request_id,) = phone.identity.sharing._asked
    secret = changes.pop("secret", None)
    device = phone.machine.devices.get(*_ADA)
    content: JsonObject = {"request_id": request_id, "secret": secret}
    fields = {"was_encrypted": True, "device": device, **changes}
    return ToDevice("@ada:x", "m.secret.send", content, **fields)  # type: ignore[arg-type]


def test_secret_sharing_takes_secrets_only_from_devices_it_asked() -> None:
    """Matrix v1.19 CS §m.secret.send: by Olm, from a verified device of ours that was asked; and the right one."""
    ada, phone, _ = _verified_pair()
    _ask(phone, "m.cross_signing.self_signing")
    right = ada.identity.cross_signing.secret(KeyUsage.SELF_SIGNING)
    wrong = [
        _sent_secret(phone, secret=right, was_encrypted=False),
        _sent_secret(phone, secret=right, device=None),
        _sent_secret(phone, secret=right, device=phone.machine.devices.get(*_ADAS_WATCH)),
        _sent_secret(phone, secret=ada.identity.cross_signing.secret(KeyUsage.MASTER)),
        _sent_secret(phone, secret="!"),
        _sent_secret(phone, secret=7),
        ToDevice("@ben:x", "m.secret.send", {"request_id": "r", "secret": right}, was_encrypted=True),
        ToDevice("@ada:x", "m.secret.send", {"request_id": "r", "secret": right}, was_encrypted=True),
    ]
    for message in wrong:
        assert phone.do(phone.identity.receive([message])) == ()
    message = _sent_secret(phone, secret=right)
    assert phone.do(phone.identity.receive([message])) == (SecretReceived("m.cross_signing.self_signing", "DESK"),)
    assert phone.do(phone.identity.receive([message])) == ()


def test_secret_sharing_tells_the_others_that_it_has_the_secret() -> None:
    """Matrix v1.19 CS §Sharing: request_cancellation to all devices other than the one it came from."""
    ada, phone, watch = _verified_pair()
    device = phone.machine.devices.get(*watch.place)
    assert device is not None
    phone.identity.trust.note_device(device, is_verified=True)
    _ask(phone, "m.cross_signing.master")
    ada.hear()
    phone.hear()
    sent = [one for who, one in ada.homeserver.asked if who == "PHONE" and isinstance(one, SendToDevice)]
    requests = [one.messages["@ada:x"] for one in sent if one.event_type == "m.secret.request"]
    assert [sorted(one) for one in requests] == [["DESK", "WATCH"], ["WATCH"]]
    assert requests[1]["WATCH"]["action"] == "request_cancellation"


def test_secret_sharing_remembers_what_it_asked_for() -> None:
    """The answer may come when the device was off; what is taken is asked for no longer."""
    ada, phone, _ = _verified_pair()
    device = phone.machine.devices.get(*_ADA)
    assert device is not None
    phone.disk.setdefault(Shelf.TRUST, {}).update(
        {change.key: change.octets or b"" for change in phone.identity.trust.note_device(device, is_verified=True)}
    )
    _ask(phone, "m.cross_signing.master")
    _ask(phone, "m.cross_signing.master")
    requests = [one for who, one in ada.homeserver.asked if who == "PHONE" and isinstance(one, SendToDevice)]
    assert len(requests) == 1
    phone.restart()
    ada.hear()
    assert phone.hear()[:1] == (SecretReceived("m.cross_signing.master", "DESK"),)
    assert not [key for key in phone.disk[Shelf.SECRETS] if key.startswith("asked.")]


def test_secret_sharing_asks_again_after_a_while() -> None:
    """Who did not answer may have been off."""
    ada, phone, _ = _verified_pair()
    for _ in range(2):
        _ask(phone, "m.cross_signing.master")
        phone.clock.jump(61)
    requests = [one for who, one in ada.homeserver.asked if who == "PHONE" and isinstance(one, SendToDevice)]
    assert len(requests) == 2
    assert len([key for key in phone.disk[Shelf.SECRETS] if key.startswith("asked.")]) == 1


def test_secret_sharing_of_the_backups_key_restores_it() -> None:
    """A device that gets the key reads what was written before it came, without being told to."""
    _ada, phone, event = _given_the_backups_key()
    assert phone.body(room_of("@ada:x"), event) != "the tide is full"
    phone.hear()
    assert phone.body(room_of("@ada:x"), event) == "the tide is full"


def _verify_each_other(one: Home, other: Home) -> None:
    flow_id = shown_to(one, other)
    for home in (one, other):
        home.act(home.identity.verifications.confirm(flow_id))
    everyone_hears([one, other], 3)


def test_secret_sharing_follows_the_verification_of_a_new_device() -> None:
    """Matrix v1.19 CS §Sharing: it is given all secrets, signs for others, and reads what was written before."""
    ada, phone = homes(_ADA, _ADAS_PHONE)
    ada.do(ada.identity.cross_signing.bootstrap())
    ada.do(ada.identity.backup.create())
    room = room_of("@ada:x")
    event = ada.send(room, "the tide is full")
    everyone_hears([ada, phone], 2)
    assert "the tide is full" != phone.body(room, event)
    _verify_each_other(phone, ada)
    told = {one.name for one in phone.told if isinstance(one, SecretReceived)}
    assert set(SECRET_NAMES) == told
    assert phone.identity.cross_signing.is_whole
    assert ["the tide is full"] == [one.content["body"] for one in phone.machine.came_up()]


def test_secret_sharing_gives_the_backups_key_to_a_device_that_has_all_else() -> None:
    """A backup that another device made later is not left out."""
    ada, phone = homes(_ADA, _ADAS_PHONE)
    ada.do(ada.identity.cross_signing.bootstrap())
    everyone_hears([ada, phone], 2)
    _verify_each_other(phone, ada)
    assert (True, None) == (phone.identity.cross_signing.is_whole, phone.identity.backup.secret)
    ada.do(ada.identity.backup.create())
    phone.do(phone.identity.backup.find())
    phone.clock.jump(61)
    _verify_each_other(phone, ada)
    assert ada.identity.backup.secret == phone.identity.backup.secret


def _given_the_backups_key() -> tuple[Home, Home, JsonObject]:
    """Return two devices, the second of which has the key and did nothing with it yet, and an event of before."""
    ada, phone = homes(_ADA, _ADAS_PHONE)
    ada.do(ada.identity.cross_signing.bootstrap())
    ada.do(ada.identity.backup.create())
    everyone_hears([ada, phone])
    event = ada.send(room_of("@ada:x"), "the tide is full")  # the phone is not verified, and given no key
    everyone_hears([ada, phone])
    _believe_each_other(ada, phone)
    _ask(phone, BACKUP_NAME)
    ada.hear()
    phone.do(phone.identity.receive(phone.sync()))
    return ada, phone, event


def test_secret_sharing_of_the_backups_key_restores_it_after_a_restart() -> None:
    """An end between the coming of the key and its use leaves nothing unread."""
    _ada, phone, event = _given_the_backups_key()
    phone.restart()
    phone.hear()
    assert phone.body(room_of("@ada:x"), event) == "the tide is full"
    asked = len(phone.homeserver.asked)
    phone.restart()
    phone.hear()
    assert not [one for _, one in phone.homeserver.asked[asked:] if isinstance(one, GetRoomKeys)]


def test_secret_sharing_of_the_key_of_a_backup_that_was_replaced_hinders_nothing() -> None:
    """News go on coming where another device made a new backup meanwhile."""
    ada, phone, event = _given_the_backups_key()
    ada.do(ada.identity.backup.create())
    phone.do(phone.identity.backup.find())
    for _ in range(2):
        phone.hear()
    assert phone.body(room_of("@ada:x"), event) != "the tide is full"
