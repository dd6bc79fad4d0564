"""Messages between devices: sessions, the checks of what is inside, and how a broken session is mended."""

from __future__ import annotations

import msgspec
import pytest

from fakes.jumping_clock import JumpingClock
from fakes.matrix_keys import KeyServer, Phone, room_of
from scop.matrix.api.client_server.keys import ClaimKeys
from scop.matrix.api.client_server.sync import ToDeviceEvent
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.encryption import Device
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Shelf

_ANN, _BOB = "@ann:a.test", "@bob:b.test"
_ROOM = room_of(_ANN, _BOB)


def _two() -> tuple[Phone, Phone]:
    server, clock = KeyServer(), JumpingClock()
    ann, bob = Phone.of(server, clock, _ANN, "ANN"), Phone.of(server, clock, _BOB, "BOB")
    for phone in (ann, bob):
        phone.do(phone.machine.track([_ANN, _BOB]))
        phone.sync()
    return ann, bob


def _tell(phone: Phone, other: Phone, word: str) -> tuple[Device, ...]:
    """Send a message by Olm."""
    devices = phone.machine.devices.of(other.place[0])
    return phone.do(phone.machine.send_to_devices(devices, "test.word", {"word": word}))


def _words(phone: Phone) -> list[object]:
    return [one.content["word"] for one in phone.sync() if one.was_encrypted]


def _claims(phone: Phone) -> int:
    return sum(isinstance(one, ClaimKeys) and name == phone.place[1] for name, one in phone.server.asked)


def _types(phone: Phone, other: Phone) -> list[object]:
    """Return the Olm types of the messages that wait for a device."""
    key = other.machine.own_device.curve25519
    contents = [event.content for event in phone.server.of(other.place).mailbox]
    return [content["ciphertext"][key]["type"] for content in contents if isinstance(content["ciphertext"], dict)]


def test_olm_messages_go_both_ways_by_one_session() -> None:
    """Matrix v1.19 CS §m.olm.v1.curve25519-aes-sha2: type 0 until the other side is heard, then 1."""
    ann, bob = _two()
    assert _tell(ann, bob, "one") == ()
    _tell(ann, bob, "two")
    assert [0, 0] == _types(ann, bob)
    given = bob.sync()
    assert ["one", "two"] == [one.content["word"] for one in given]
    assert {_ANN} == {one.sender for one in given}
    assert ["ANN", "ANN"] == [one.device.device_id for one in given if one.device is not None]
    bob.restart()
    _tell(bob, ann, "three")
    assert [1] == _types(bob, ann)
    ann.restart()
    assert ["three"] == _words(ann)
    assert (1, 0) == (_claims(ann), _claims(bob))


def test_olm_messages_use_the_session_last_heard_from() -> None:
    """Matrix v1.19 CS §m.olm.v1.curve25519-aes-sha2: both began one at once; they settle on one."""
    ann, bob = _two()
    _tell(ann, bob, "from ann")
    _tell(bob, ann, "from bob")
    assert (["from bob"], ["from ann"]) == (_words(ann), _words(bob))
    for _ in range(3):
        _tell(ann, bob, "tick")
        assert ["tick"] == _words(bob)
        _tell(bob, ann, "tock")
        assert ["tock"] == _words(ann)
    assert [] == _types(ann, bob)
    _tell(ann, bob, "x")
    assert [1] == _types(ann, bob)


def test_olm_messages_go_back_by_the_session_they_came_by() -> None:
    """Matrix v1.19 CS §m.olm.v1.curve25519-aes-sha2: a newer session counts less than one that was heard from since."""
    ann, bob = _two()
    _tell(ann, bob, "one")
    bob.sync()
    _tell(bob, ann, "two")
    ann.sync()
    ann.do(ann.machine._channel.renew(ann.machine.devices.of(_BOB)))
    _tell(bob, ann, "three")
    ann.sync()
    ann.restart()
    _tell(ann, bob, "four")
    assert [1] == _types(ann, bob)


def test_olm_messages_in_the_clear_are_marked_so() -> None:
    """Others' messages are handed up; those that must come by Olm are not believed in the clear."""
    ann, bob = _two()
    for event_type in ("m.key.verification.request", "m.room_key", "m.forwarded_room_key", "m.dummy", "m.secret.send"):
        request = SendToDevice(event_type=event_type, txn_id=event_type, messages={_BOB: {"BOB": {"a": 1}}})
        ann.server.answer(ann.place, request)
    given = bob.sync()
    assert [("m.key.verification.request", False, None)] == [(one.type, one.was_encrypted, one.device) for one in given]


def _payload(ann: Phone, bob: Phone) -> JsonObject:
    mine, its = ann.machine.own_device, bob.machine.own_device
    return {
        "type": "test.word",
        "content": {"word": "forged"},
        "sender": _ANN,
        "recipient": _BOB,
        "recipient_keys": {"ed25519": its.ed25519},
        "keys": {"ed25519": mine.ed25519},
        "sender_device_keys": mine.keys,
    }


def _inject(ann: Phone, bob: Phone, payload: object, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Send any plaintext by the session of a device, and return what the other takes of it."""
    octets = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
    monkeypatch.setattr("scop.matrix.encryption.channel.write_payload", lambda *_: octets)
    _tell(ann, bob, "")
    return _words(bob)


def test_olm_payload_as_it_should_be_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The forger of these tests can also tell the truth."""
    ann, bob = _two()
    assert ["forged"] == _inject(ann, bob, _payload(ann, bob), monkeypatch)


@pytest.mark.parametrize(
    "change",
    [
        {"sender": "@cid:c.test"},
        {"sender": None},
        {"keys": {"ed25519": "x"}},
        {"keys": {}},
        {"recipient": _ANN},
        {"recipient_keys": {"ed25519": "x"}},
        {"recipient_keys": None},
        {"content": "x"},
        {"type": 1},
        {"sender_device_keys": {}},
        {"sender_device_keys": "x"},
    ],
)
def test_olm_payload_that_is_not_from_or_to_whom_it_says_is_dropped(
    change: JsonObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Matrix v1.19 CS §Validation of incoming decrypted events: "MUST be discarded"; the session goes on."""
    ann, bob = _two()
    with monkeypatch.context() as forged:
        assert [] == _inject(ann, bob, {**_payload(ann, bob), **change}, forged)
    _tell(ann, bob, "still here")
    assert ["still here"] == _words(bob)
    assert 0 == _claims(bob)


@pytest.mark.parametrize("octets", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_olm_payload_that_is_no_json_is_dropped(octets: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no object is discarded."""
    ann, bob = _two()
    assert [] == _inject(ann, bob, octets, monkeypatch)


def test_olm_payload_with_device_keys_of_another_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Matrix v1.19 CS §Validation of incoming decrypted events, 5: keys, user and signature are the sender's."""
    ann, bob = _two()
    theirs = bob.machine.own_device.keys
    assert [] == _inject(ann, bob, {**_payload(ann, bob), "sender_device_keys": theirs}, monkeypatch)


def test_olm_payload_vouches_for_a_device_that_is_not_known_yet() -> None:
    """Matrix v1.19 CS §Verification of the sending user: `sender_device_keys` will do, until the list is asked for."""
    server, clock = KeyServer(), JumpingClock()
    ann, bob = Phone.of(server, clock, _ANN, "ANN"), Phone.of(server, clock, _BOB, "BOB")
    ann.do(ann.machine.track([_BOB]))
    _tell(ann, bob, "who am I")
    (given,) = bob.do(bob.machine.receive(server.sync(bob.place)))
    assert given.device == ann.machine.own_device
    bob.do(bob.machine.upkeep())
    assert [one.device_id for one in bob.machine.devices.of(_ANN)] == ["ANN"]


# Sessions that break.


def _break(phone: Phone) -> None:
    """Let a device lose all its Olm sessions."""
    phone.disk[Shelf.OLM] = {}
    phone.restart()


def test_olm_session_that_broke_is_mended() -> None:
    """Matrix v1.19 CS §Recovering from undecryptable messages: a new session and m.dummy; then all is well again."""
    ann, bob = _two()
    _tell(ann, bob, "one")
    _words(bob)
    _tell(bob, ann, "two")
    _words(ann)
    _break(bob)
    _tell(ann, bob, "lost")
    assert [] == _words(bob)
    assert _claims(bob) == 1
    assert [0] == _types(bob, ann)
    assert [] == _words(ann)  # m.dummy is nobody's business
    _tell(ann, bob, "found")
    assert ["found"] == _words(bob)


def test_olm_session_is_not_mended_twice_in_an_hour() -> None:
    """Matrix v1.19 CS §Recovering from undecryptable messages: one new session an hour for each device."""
    server, clock = KeyServer(), JumpingClock()
    ann, bob = Phone.of(server, clock, _ANN, "ANN"), Phone.of(server, clock, _BOB, "BOB")
    for phone in (ann, bob):
        phone.do(phone.machine.track([_ANN, _BOB]))
    _tell(ann, bob, "one")
    _words(bob)
    _tell(bob, ann, "two")
    _words(ann)
    _break(bob)
    claims = []
    for jump in (0, 10, 3500, 100):
        clock.jump(jump)
        _tell(ann, bob, "lost")
        bob.sync()
        bob.restart()
        claims.append(_claims(bob))
    assert [1, 1, 1, 2] == claims


def test_olm_session_that_broke_gets_room_keys_again() -> None:
    """A device that says by m.dummy that it lost its session is given the keys of rooms again, from here on."""
    ann, bob = _two()
    ann.send(_ROOM, "one")
    bob.sync()
    _tell(bob, ann, "heard")
    ann.sync()
    bob.disk[Shelf.INBOUND] = {}
    _break(bob)
    _tell(ann, bob, "lost")
    bob.sync()
    ann.sync()
    event = ann.send(_ROOM, "two")
    bob.sync()
    assert bob.body(_ROOM, event) == "two"


def test_olm_messages_given_again_after_a_crash_are_known() -> None:
    """A sync that is received twice gives the same messages twice and breaks no session, over a restart too."""
    ann, bob = _two()
    _tell(ann, bob, "one")
    first = bob.sync(is_read=False)
    _tell(ann, bob, "two")
    bob.restart()
    second = bob.sync(is_read=False)
    third = bob.sync()
    assert first == second[:1]
    assert second == third
    assert ["one", "two"] == [one.content["word"] for one in third]
    assert bob.sync() == ()
    assert _claims(bob) == 0


def test_olm_one_time_key_is_gone_with_its_message() -> None:
    """Matrix v1.19 CS §One-time and fallback keys: its private half is discarded, durably, when a message used it."""
    ann, bob = _two()
    _tell(ann, bob, "one")
    sync = bob.server.sync(bob.place)
    # The count is the one that was known: nothing but the message changes the account.
    sync = msgspec.structs.replace(sync, device_one_time_keys_count={"signed_curve25519": 50})
    assert ["one"] == [one.content["word"] for one in bob.do(bob.machine.receive(sync))]
    bob.disk[Shelf.ACCOUNT].pop("received")
    _break(bob)
    assert () == bob.do(bob.machine.receive(sync))


def test_olm_messages_replayed_later_open_nothing() -> None:
    """A message that a server gives again after the next sync is nothing but a reason to mend."""
    ann, bob = _two()
    _tell(ann, bob, "one")
    event = bob.server.of(bob.place).mailbox[0]
    _words(bob)
    _tell(ann, bob, "two")
    _words(bob)
    bob.server.of(bob.place).mailbox = [event, event]
    assert [] == _words(bob)


@pytest.mark.parametrize(
    "change",
    [
        {"ciphertext": {}},
        {"ciphertext": None},
        {"sender_key": None},
        {"sender_key": "x"},
        {"algorithm": "m.olm.v2"},
        {"ciphertext": {"KEY": {"type": 2, "body": "AwoA"}}},
        {"ciphertext": {"KEY": {"type": 0, "body": "AwoA"}}},
        {"ciphertext": {"KEY": {"type": 1, "body": "!"}}},
        {"ciphertext": {"KEY": {"type": 1, "body": 7}}},
        {"ciphertext": {"KEY": "x"}},
    ],
)
def test_olm_messages_of_any_shape_break_nothing(change: JsonObject) -> None:
    """Anybody may send anything: it is dropped, and the rest of the sync is taken in."""
    ann, bob = _two()
    _tell(ann, bob, "one")
    mailbox = bob.server.of(bob.place).mailbox
    own = bob.machine.own_device.curve25519
    text = msgspec.json.encode({**mailbox[0].content, **change}).replace(b'"KEY"', f'"{own}"'.encode())
    broken = ToDeviceEvent(type="m.room.encrypted", sender=_ANN, content=msgspec.json.decode(text))
    mailbox.insert(0, broken)
    assert ["one"] == _words(bob)
