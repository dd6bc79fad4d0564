"""Messages between devices: sessions, the checks of what is inside, and how a broken session is mended."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from fakes.jumping_clock import JumpingClock
from fakes.matrix_keys import KeyServer, Phone, room_of
from scop.matrix.api.client_server.keys import ClaimKeys, ClaimKeysResponse
from scop.matrix.api.client_server.sync import SyncResponse, ToDevice, ToDeviceEvent
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.api.request import Request, Response
from scop.matrix.encryption import Device, Obstacle
from scop.matrix.encryption.channel import Channel
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


# Devices without one-time keys.


def _spoil_claims(change: Callable[[JsonObject], JsonObject]) -> Callable[[Request[Response], Response], Response]:
    def spoil(_request: Request[Response], answer: Response) -> Response:
        if not isinstance(answer, ClaimKeysResponse):
            return answer
        json = msgspec.to_builtins(answer.one_time_keys)
        return msgspec.convert({"one_time_keys": change(json)}, ClaimKeysResponse)

    return spoil


@pytest.mark.parametrize(
    "change",
    [
        lambda _: {},
        lambda _: {_BOB: {"BOB": {}}},
        lambda keys: {_BOB: {"OTHER": keys[_BOB]["BOB"]}},
        lambda keys: {_BOB: {"BOB": {key_id: {**key, "key": "AAAA"} for key_id, key in keys[_BOB]["BOB"].items()}}},
        lambda keys: {_BOB: {"BOB": {key_id: {**key, "signatures": {}} for key_id, key in keys[_BOB]["BOB"].items()}}},
        lambda keys: {_BOB: {"BOB": {f"curve{key_id}": key for key_id, key in keys[_BOB]["BOB"].items()}}},
    ],
)
def test_olm_sessions_begin_by_signed_keys_only(change: Callable[[JsonObject], JsonObject]) -> None:
    """Matrix v1.19 CS /keys/claim: a key without the device's signature begins no session."""
    ann, bob = _two()
    ann.server.spoil = _spoil_claims(change)
    unreached = _tell(ann, bob, "x")
    assert ["BOB"] == [one.device_id for one in unreached]
    assert bob.sync() == ()


def test_olm_sessions_are_asked_for_again_later_and_later() -> None:
    """A device without keys is not claimed for at each message."""
    server, clock = KeyServer(), JumpingClock()
    ann = Phone.of(server, clock, _ANN, "ANN")
    Phone.of(server, clock, _BOB, "BOB")
    server.spoil = _spoil_claims(lambda _: {})
    claims = []
    for jump in (0, 59, 1, 60, 60):
        clock.jump(jump)
        ann.send(_ROOM, "x")
        claims.append(_claims(ann))
    assert [1, 1, 2, 2, 3] == claims


def test_olm_sessions_that_cannot_be_are_told_once() -> None:
    """Matrix v1.19 CS §m.room_key.withheld: m.no_olm once, without a session, until there was one; then the key."""
    ann, bob = _two()
    server = ann.server
    server.spoil = _spoil_claims(lambda _: {})
    event = ann.send(_ROOM, "hello")
    ann.restart()
    ann.do(ann.machine.discard_session(_ROOM.room_id))
    ann.send(_ROOM, "again")
    withheld = [one for one in server.of(bob.place).mailbox if one.type == "m.room_key.withheld"]
    assert [("m.no_olm", False)] == [(one.content["code"], "session_id" in one.content) for one in withheld]
    server.spoil = lambda _request, answer: answer
    bob.sync()
    assert bob.body(_ROOM, event) is Obstacle.WITHHELD
    # The receiver began a session and told of it: the next message comes with its key.
    ann.sync()
    event = ann.send(_ROOM, "at last")
    bob.sync()
    assert bob.body(_ROOM, event) == "at last"


def test_olm_messages_go_out_in_batches() -> None:
    """Keys for many devices go in requests of a hundred."""
    server, clock = KeyServer(), JumpingClock()
    ann = Phone.of(server, clock, _ANN, "ANN")
    for number in range(101):
        Phone.of(server, clock, _BOB, f"B{number}")
    ann.send(_ROOM, "x")
    sizes = [len(one.messages[_BOB]) for _, one in server.asked if isinstance(one, SendToDevice)]
    assert [100, 1] == sizes


def test_olm_messages_are_told_apart_by_transaction_id() -> None:
    """Matrix v1.19 CS §Send-to-Device messaging: another id for each request."""
    ann, bob = _two()
    _tell(ann, bob, "one")
    _tell(ann, bob, "one")
    ids = [one.txn_id for _, one in ann.server.asked if isinstance(one, SendToDevice)]
    assert len(ids) == len(set(ids)) == 2


def test_olm_messages_are_taken_from_an_empty_sync() -> None:
    """A sync without any of the keys of encryption is one with nothing new."""
    ann, _ = _two()
    assert ann.do(ann.machine.receive(SyncResponse(next_batch="s"))) == ()
    assert ann.do(ann.machine.receive(SyncResponse(next_batch="s", to_device=ToDevice()))) == ()


def test_olm_sealing_needs_a_session() -> None:
    """Without one there is nothing to seal by."""
    ann, bob = _two()
    channel = ann.machine._channel
    assert isinstance(channel, Channel)
    assert channel.seal(bob.machine.own_device, "test.word", {}) is None
