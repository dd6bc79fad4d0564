"""Messages between devices: sessions, the checks of what is inside, and how a broken session is mended."""

from __future__ import annotations

import msgspec
import pytest

from fakes.jumping_clock import JumpingClock
from fakes.matrix_keys import KeyServer, Phone
from fakes.talking_phones import ANN, BOB, ROOM, claims_of, olm_types, tell, two_phones, words_for
from scop.matrix.api.client_server.sync import ToDeviceEvent
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Shelf


def test_olm_messages_go_both_ways_by_one_session() -> None:
    """Matrix v1.19 CS §m.olm.v1.curve25519-aes-sha2: type 0 until the other side is heard, then 1."""
    ann, bob = two_phones()
    assert tell(ann, bob, "one") == ()
    tell(ann, bob, "two")
    assert [0, 0] == olm_types(ann, bob)
    given = bob.sync()
    assert ["one", "two"] == [one.content["word"] for one in given]
    assert {ANN} == {one.sender for one in given}
    assert ["ANN", "ANN"] == [one.device.device_id for one in given if one.device is not None]
    bob.restart()
    tell(bob, ann, "three")
    assert [1] == olm_types(bob, ann)
    ann.restart()
    assert ["three"] == words_for(ann)
    assert (1, 0) == (claims_of(ann), claims_of(bob))


def test_olm_messages_use_the_session_last_heard_from() -> None:
    """Matrix v1.19 CS §m.olm.v1.curve25519-aes-sha2: both began one at once; they settle on one."""
    ann, bob = two_phones()
    tell(ann, bob, "from ann")
    tell(bob, ann, "from bob")
    assert (["from bob"], ["from ann"]) == (words_for(ann), words_for(bob))
    for _ in range(3):
        tell(ann, bob, "tick")
        assert ["tick"] == words_for(bob)
        tell(bob, ann, "tock")
        assert ["tock"] == words_for(ann)
    assert [] == olm_types(ann, bob)
    tell(ann, bob, "x")
    assert [1] == olm_types(ann, bob)


def test_olm_messages_go_back_by_the_session_they_came_by() -> None:
    """Matrix v1.19 CS §m.olm.v1.curve25519-aes-sha2: a newer session counts less than one that was heard from since."""
    ann, bob = two_phones()
    tell(ann, bob, "one")
    bob.sync()
    tell(bob, ann, "two")
    ann.sync()
    ann.do(ann.machine._channel.renew(ann.machine.devices.of(BOB)))
    tell(bob, ann, "three")
    ann.sync()
    ann.restart()
    tell(ann, bob, "four")
    assert [1] == olm_types(ann, bob)


def test_olm_messages_in_the_clear_are_marked_so() -> None:
    """Others' messages are handed up; those that must come by Olm are not believed in the clear."""
    ann, bob = two_phones()
    for event_type in ("m.key.verification.request", "m.room_key", "m.forwarded_room_key", "m.dummy", "m.secret.send"):
        request = SendToDevice(event_type=event_type, txn_id=event_type, messages={BOB: {"BOB": {"a": 1}}})
        ann.server.answer(ann.place, request)
    given = bob.sync()
    assert [("m.key.verification.request", False, None)] == [(one.type, one.was_encrypted, one.device) for one in given]


def _payload(ann: Phone, bob: Phone) -> JsonObject:
    mine, its = ann.machine.own_device, bob.machine.own_device
    return {
        "type": "test.word",
        "content": {"word": "forged"},
        "sender": ANN,
        "recipient": BOB,
        "recipient_keys": {"ed25519": its.ed25519},
        "keys": {"ed25519": mine.ed25519},
        "sender_device_keys": mine.keys,
    }


def _inject(ann: Phone, bob: Phone, payload: object, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Send any plaintext by the session of a device, and return what the other takes of it."""
    octets = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
    monkeypatch.setattr("scop.matrix.encryption.channel.write_payload", lambda *_: octets)
    tell(ann, bob, "")
    return words_for(bob)


def test_olm_payload_as_it_should_be_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The forger of these tests can also tell the truth."""
    ann, bob = two_phones()
    assert ["forged"] == _inject(ann, bob, _payload(ann, bob), monkeypatch)


@pytest.mark.parametrize(
    "change",
    [
        {"sender": "@cid:c.test"},
        {"sender": None},
        {"keys": {"ed25519": "x"}},
        {"keys": {}},
        {"recipient": ANN},
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
    ann, bob = two_phones()
    with monkeypatch.context() as forged:
        assert [] == _inject(ann, bob, {**_payload(ann, bob), **change}, forged)
    tell(ann, bob, "still here")
    assert ["still here"] == words_for(bob)
    assert 0 == claims_of(bob)


@pytest.mark.parametrize("octets", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_olm_payload_that_is_no_json_is_dropped(octets: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no object is discarded."""
    ann, bob = two_phones()
    assert [] == _inject(ann, bob, octets, monkeypatch)


def test_olm_payload_with_device_keys_of_another_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Matrix v1.19 CS §Validation of incoming decrypted events, 5: keys, user and signature are the sender's."""
    ann, bob = two_phones()
    theirs = bob.machine.own_device.keys
    assert [] == _inject(ann, bob, {**_payload(ann, bob), "sender_device_keys": theirs}, monkeypatch)


def test_olm_payload_vouches_for_a_device_that_is_not_known_yet() -> None:
    """Matrix v1.19 CS §Verification of the sending user: `sender_device_keys` will do, until the list is asked for."""
    server, clock = KeyServer(), JumpingClock()
    ann, bob = Phone.of(server, clock, ANN, "ANN"), Phone.of(server, clock, BOB, "BOB")
    ann.do(ann.machine.track([BOB]))
    tell(ann, bob, "who am I")
    (given,) = bob.do(bob.machine.receive(server.sync(bob.place)))
    assert given.device == ann.machine.own_device
    bob.do(bob.machine.upkeep())
    assert [one.device_id for one in bob.machine.devices.of(ANN)] == ["ANN"]


# Sessions that break.


def _break(phone: Phone) -> None:
    """Let a device lose all its Olm sessions."""
    phone.disk[Shelf.OLM] = {}
    phone.restart()


def test_olm_session_that_broke_is_mended() -> None:
    """Matrix v1.19 CS §Recovering from undecryptable messages: a new session and m.dummy; then all is well again."""
    ann, bob = two_phones()
    tell(ann, bob, "one")
    words_for(bob)
    tell(bob, ann, "two")
    words_for(ann)
    _break(bob)
    tell(ann, bob, "lost")
    assert [] == words_for(bob)
    assert claims_of(bob) == 1
    assert [0] == olm_types(bob, ann)
    assert [] == words_for(ann)  # m.dummy is nobody's business
    tell(ann, bob, "found")
    assert ["found"] == words_for(bob)


def test_olm_session_is_not_mended_twice_in_an_hour() -> None:
    """Matrix v1.19 CS §Recovering from undecryptable messages: one new session an hour for each device."""
    server, clock = KeyServer(), JumpingClock()
    ann, bob = Phone.of(server, clock, ANN, "ANN"), Phone.of(server, clock, BOB, "BOB")
    for phone in (ann, bob):
        phone.do(phone.machine.track([ANN, BOB]))
    tell(ann, bob, "one")
    words_for(bob)
    tell(bob, ann, "two")
    words_for(ann)
    _break(bob)
    claims = []
    for jump in (0, 10, 3500, 100):
        clock.jump(jump)
        tell(ann, bob, "lost")
        bob.sync()
        bob.restart()
        claims.append(claims_of(bob))
    assert [1, 1, 1, 2] == claims


def test_olm_session_that_broke_gets_room_keys_again() -> None:
    """A device that says by m.dummy that it lost its session is given the keys of rooms again, from here on."""
    ann, bob = two_phones()
    ann.send(ROOM, "one")
    bob.sync()
    tell(bob, ann, "heard")
    ann.sync()
    bob.disk[Shelf.INBOUND] = {}
    _break(bob)
    tell(ann, bob, "lost")
    bob.sync()
    ann.sync()
    event = ann.send(ROOM, "two")
    bob.sync()
    assert bob.body(ROOM, event) == "two"


def test_olm_messages_given_again_after_a_crash_are_known() -> None:
    """A sync that is received twice gives the same messages twice and breaks no session, over a restart too."""
    ann, bob = two_phones()
    tell(ann, bob, "one")
    first = bob.sync(is_read=False)
    tell(ann, bob, "two")
    bob.restart()
    second = bob.sync(is_read=False)
    third = bob.sync()
    assert first == second[:1]
    assert second == third
    assert ["one", "two"] == [one.content["word"] for one in third]
    assert bob.sync() == ()
    assert claims_of(bob) == 0


def test_olm_one_time_key_is_gone_with_its_message() -> None:
    """Matrix v1.19 CS §One-time and fallback keys: its private half is discarded, durably, when a message used it."""
    ann, bob = two_phones()
    tell(ann, bob, "one")
    sync = bob.server.sync(bob.place)
    # The count is the one that was known: nothing but the message changes the account.
    sync = msgspec.structs.replace(sync, device_one_time_keys_count={"signed_curve25519": 50})
    assert ["one"] == [one.content["word"] for one in bob.do(bob.machine.receive(sync))]
    bob.disk[Shelf.ACCOUNT].pop("received")
    _break(bob)
    assert () == bob.do(bob.machine.receive(sync))


def test_olm_messages_replayed_later_open_nothing() -> None:
    """A message that a server gives again after the next sync is nothing but a reason to mend."""
    ann, bob = two_phones()
    tell(ann, bob, "one")
    event = bob.server.of(bob.place).mailbox[0]
    words_for(bob)
    tell(ann, bob, "two")
    words_for(bob)
    bob.server.of(bob.place).mailbox = [event, event]
    assert [] == words_for(bob)


@pytest.mark.parametrize(
    "change",
    [
        {"ciphertext": {}},
        {"ciphertext": None},
        {"sender_key": None},
        {"sender_key": "x"},
        {"sender_key": "PADDED"},  # it would be another's session, and take the one-time key with it
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
    ann, bob = two_phones()
    tell(ann, bob, "one")
    mailbox = bob.server.of(bob.place).mailbox
    own = bob.machine.own_device.curve25519
    text = msgspec.json.encode({**mailbox[0].content, **change}).replace(b'"KEY"', f'"{own}"'.encode())
    text = text.replace(b"PADDED", f"{ann.machine.own_device.curve25519}=".encode())
    broken = ToDeviceEvent(type="m.room.encrypted", sender=ANN, content=msgspec.json.decode(text))
    mailbox.insert(0, broken)
    assert ["one"] == words_for(bob)
