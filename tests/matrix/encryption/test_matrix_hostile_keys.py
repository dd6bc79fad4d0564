"""What members, servers and backups may try: false ratchets, false plaintexts, false keys."""

from __future__ import annotations

from itertools import count

import msgspec
import pytest

from fakes.jumping_clock import JumpingClock
from fakes.matrix_keys import Crash, KeyServer, Phone, room_of
from scop.matrix import unpadded_base64
from scop.matrix.api.client_server.keys import ClaimKeysResponse, QueryKeys
from scop.matrix.api.client_server.sync import ToDeviceEvent
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.api.request import Request, Response
from scop.matrix.encryption import (
    ExportedSession,
    KeySource,
    Newcomer,
    Obstacle,
    Options,
    Shield,
    Trust,
    Undecryptable,
)
from scop.matrix.encryption.olm_payloads import write_payload
from scop.matrix.json_values import JsonObject

_ANN, _BOB, _CID = "@ann:a.test", "@bob:b.test", "@cid:c.test"
_ROOM = room_of(_ANN, _BOB)
_RATCHET_AT = 5  # after version and index, in an exported session


class World:
    """Two members of a room and one who is none."""

    def __init__(self) -> None:
        self.server, self.clock = KeyServer(), JumpingClock()
        self.ann = Phone.of(self.server, self.clock, _ANN, "ANN")
        self.bob = Phone.of(self.server, self.clock, _BOB, "BOB")
        self.cid = Phone.of(self.server, self.clock, _CID, "CID")
        for phone in (self.ann, self.bob, self.cid):
            phone.sync()

    def exported(self, phone: Phone) -> ExportedSession:
        """Return the one session that a device has."""
        (info,) = phone.machine.sessions()
        exported = phone.machine.export(info.room_id, info.session_id)
        assert exported is not None
        return exported


def _poisoned(exported: ExportedSession) -> ExportedSession:
    """Return a key of the same id and another ratchet."""
    octets = bytearray(unpadded_base64.decode(exported.session_key))
    octets[_RATCHET_AT] ^= 1
    return msgspec.structs.replace(exported, session_key=unpadded_base64.encode(bytes(octets)))


@pytest.mark.parametrize("source", [KeySource.BACKUP, KeySource.IMPORTED, KeySource.FORWARDED])
def test_hostile_key_does_not_take_the_place_of_the_right_one(source: KeySource) -> None:
    """Matrix v1.19 CS §m.megolm.v1.aes-sha2: another ratchet under a known id, with a lower index, changes nothing."""
    world = World()
    world.ann.send(_ROOM, "0")
    wider = room_of(_ANN, _BOB, _CID)
    event = world.ann.send(wider, "1")
    world.bob.sync()
    world.cid.sync()
    poisoned = _poisoned(world.exported(world.bob))
    assert world.cid.do(world.cid.machine.import_sessions([poisoned], source)) == 0
    assert world.cid.body(wider, event) == "1"


def test_hostile_key_gives_way_to_the_one_of_its_maker() -> None:
    """A false key of a backup that came first is replaced by the true one."""
    world = World()
    event = world.ann.send(_ROOM, "hello")
    poisoned = _poisoned(world.exported(world.ann))
    assert world.bob.do(world.bob.machine.import_sessions([poisoned], KeySource.BACKUP)) == 1
    assert world.bob.body(_ROOM, event) is Obstacle.MALFORMED
    world.bob.sync()
    assert world.bob.body(_ROOM, event) == "hello"


def test_key_of_a_backup_is_proved_when_its_maker_gives_it() -> None:
    """The same ratchet by both ways: who made it is proved, and the further reach stays."""
    world = World()
    early = world.ann.send(_ROOM, "0")
    wider = room_of(_ANN, _BOB, _CID)
    world.ann.send(wider, "1")
    exported = world.exported(world.ann)
    world.cid.do(world.cid.machine.import_sessions([exported], KeySource.BACKUP))
    world.cid.do(world.cid.machine.track([_ANN]))
    assert [Shield.UNSAFE_SOURCE] == [
        world.cid.machine.shield(one) for one in [world.cid.read(wider, early)] if not isinstance(one, Undecryptable)
    ]
    world.cid.sync()
    (info,) = world.cid.machine.sessions()
    assert (KeySource.DIRECT, 0) == (info.source, info.first_index)
    assert world.cid.body(wider, early) == "0"


def test_hostile_member_cannot_make_a_session_its_own() -> None:
    """A member who sends the key of another as its own does not become its maker."""
    world = World()
    event = world.ann.send(_ROOM, "hello")
    world.bob.sync()
    (held,) = world.ann.machine._outbound._sessions.values()
    session_key = held.session.session_key.to_base64()
    content = {"algorithm": "m.megolm.v1.aes-sha2", "room_id": _ROOM.room_id, "session_id": held.session_id}
    _by_olm(world.cid, world.bob, "m.room_key", {**content, "session_key": session_key})
    world.bob.sync()
    (info,) = world.bob.machine.sessions()
    assert info.sender_id == _ANN
    assert world.bob.body(_ROOM, event) == "hello"
    assert world.bob.body(_ROOM, {**event, "sender": _CID}) is Obstacle.WRONG_SENDER


def _by_olm(phone: Phone, other: Phone, event_type: str, content: JsonObject) -> None:
    phone.do(phone.machine.track([other.place[0]]))
    phone.do(phone.machine.send_to_devices(phone.machine.devices.of(other.place[0]), event_type, content))


@pytest.mark.parametrize(
    "change",
    [
        {"session_key": "AAAA"},
        {"session_key": None},
        {"session_id": "other"},
        {"session_id": 1},
        {"room_id": None},
        {"algorithm": "m.megolm.v2"},
    ],
)
def test_hostile_room_key_of_any_shape_is_dropped(change: JsonObject) -> None:
    """What is no key is not taken, and breaks nothing."""
    world = World()
    world.ann.send(_ROOM, "hello")
    (held,) = world.ann.machine._outbound._sessions.values()
    content: JsonObject = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "room_id": _ROOM.room_id,
        "session_id": held.session_id,
        "session_key": held.session.session_key.to_base64(),
    }
    _by_olm(world.cid, world.bob, "m.room_key", {**content, **change})
    world.server.of(world.bob.place).mailbox.pop(0)  # the true one
    world.bob.sync()
    assert [] == list(world.bob.machine.sessions())


@pytest.mark.parametrize(
    ("plaintext", "obstacle"),
    [
        (b"", Obstacle.MALFORMED),
        (b"[]", Obstacle.MALFORMED),
        (b"\xff", Obstacle.MALFORMED),
        (b'{"type":"t","room_id":"!sea:example.org"}', Obstacle.MALFORMED),
        (b'{"type":1,"content":{},"room_id":"!sea:example.org"}', Obstacle.MALFORMED),
        (b'{"type":"t","content":{},"room_id":"!other:example.org"}', Obstacle.WRONG_ROOM),
        (b'{"type":"t","content":{}}', Obstacle.WRONG_ROOM),
    ],
)
def test_hostile_plaintext_is_no_event(plaintext: bytes, obstacle: Obstacle) -> None:
    """Matrix v1.19 CS §m.megolm.v1.aes-sha2: type, content and room are in the payload, and the room is this one."""
    world = World()
    event = world.ann.send(_ROOM, "hello")
    (held,) = world.ann.machine._outbound._sessions.values()
    forged = world.ann.machine._outbound.encrypt(held, plaintext)
    world.bob.sync()
    content = event["content"]
    assert isinstance(content, dict)
    assert world.bob.body(_ROOM, world.ann.event({**content, "ciphertext": forged})) is obstacle


def test_hostile_change_of_a_ciphertext_is_noticed() -> None:
    """A message with one bit changed does not verify."""
    world = World()
    event = world.ann.send(_ROOM, "hello")
    world.bob.sync()
    content = event["content"]
    assert isinstance(content, dict)
    octets = bytearray(unpadded_base64.decode(str(content["ciphertext"])))
    octets[20] ^= 1
    changed = {**event, "content": {**content, "ciphertext": unpadded_base64.encode(bytes(octets))}}
    assert world.bob.body(_ROOM, changed) is Obstacle.MALFORMED
    assert world.bob.body(_ROOM, event) == "hello"


def test_hostile_device_cannot_name_the_signing_key_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Matrix v1.19 CS §Validation of incoming decrypted events, 2: the key within is the one of the known device."""
    world = World()
    world.bob.do(world.bob.machine.track([_CID]))
    ann = world.ann.machine.own_device

    def forged(own: object, recipient: object, event_type: str, content: JsonObject) -> bytes:
        payload = msgspec.json.decode(write_payload(own, recipient, event_type, content))  # type: ignore[arg-type]
        del payload["sender_device_keys"]
        return msgspec.json.encode({**payload, "keys": {"ed25519": ann.ed25519}})

    monkeypatch.setattr("scop.matrix.encryption.channel.write_payload", forged)
    _by_olm(world.cid, world.bob, "test.word", {})
    assert () == world.bob.sync()


def test_hostile_one_time_key_without_effect_begins_no_session() -> None:
    """A key that would make the secret known to all is refused, however well it is signed."""
    world = World()
    bad = world.bob.machine.sign({"key": unpadded_base64.encode(bytes(32))})

    def spoil(_request: Request[Response], answer: Response) -> Response:
        if isinstance(answer, ClaimKeysResponse):
            json = {"one_time_keys": {_BOB: {"BOB": {"signed_curve25519:A": bad}}}}
            return msgspec.convert(json, ClaimKeysResponse)
        return answer

    world.server.spoil = spoil
    world.ann.do(world.ann.machine.track([_BOB]))
    devices = world.ann.machine.devices.of(_BOB)
    assert devices == world.ann.do(world.ann.machine.send_to_devices(devices, "test.word", {}))


def test_hostile_server_cannot_fill_us_with_dead_devices() -> None:
    """Of the devices of one user that were deleted, so many are remembered."""
    world = World()
    world.ann.do(world.ann.machine.track([_BOB]))
    for number in range(105):
        Phone.of(world.server, world.clock, _BOB, f"D{number}")
    world.ann.sync()
    for number in range(105):
        del world.server.devices[_BOB, f"D{number}"]
    world.ann.machine.devices.mark_changed([_BOB])
    world.ann.do(world.ann.machine.upkeep())
    gone = [number for number in range(105) if world.ann.machine.devices.get(_BOB, f"D{number}") is not None]
    assert len(gone) == 100


def test_hostile_event_too_large_does_not_wait() -> None:
    """What no server would take is not kept."""
    world = World()
    event = world.ann.send(_ROOM, "x" * 200_000)
    opened = world.cid.read(_ROOM, event)
    assert isinstance(opened, Undecryptable)
    assert not opened.is_waiting


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"algorithm": "m.megolm.v1.aes-sha2"},
        {"algorithm": "m.megolm.v1.aes-sha2", "code": "m.blacklisted"},
        {"algorithm": "m.megolm.v1.aes-sha2", "code": 7, "room_id": "!a:b", "session_id": "s"},
        {"algorithm": "x", "code": "m.blacklisted", "room_id": "!a:b", "session_id": "s"},
    ],
)
def test_hostile_words_of_withheld_keys_are_dropped(content: JsonObject) -> None:
    """What says nothing of a session is not kept."""
    world = World()
    before = dict(world.bob.disk.get("waiting", {}))  # type: ignore[call-overload]  # a StrEnum
    world.server.of(world.bob.place).mailbox = [ToDeviceEvent(type="m.room_key.withheld", sender=_ANN, content=content)]
    world.bob.sync()
    assert before == world.bob.disk.get("waiting", {})  # type: ignore[call-overload]


def test_hostile_words_of_withheld_keys_are_bounded_and_of_their_sender() -> None:
    """So many are kept, over a restart; and nobody speaks for another."""
    world = World()
    event = world.ann.send(_ROOM, "hello")
    content = event["content"]
    assert isinstance(content, dict)
    said = {"algorithm": "m.megolm.v1.aes-sha2", "code": "m.unverified", "room_id": _ROOM.room_id}
    world.server.of(world.bob.place).mailbox = [
        ToDeviceEvent(type="m.room_key.withheld", sender=sender, content={**said, "session_id": session_id})
        for sender, session_id in [(_CID, content["session_id"]), *((_CID, str(number)) for number in range(1100))]
    ]
    world.bob.sync()
    world.bob.restart()
    kept = [key for key in world.bob.disk["waiting"] if key.startswith("withheld:")]  # type: ignore[index]
    assert len(kept) == 1000
    assert world.bob.body(_ROOM, event) is Obstacle.UNKNOWN_SESSION


# Steps that meet each other.


def test_uploads_do_not_overlap() -> None:
    """Two upkeeps at once upload the keys once."""
    world = World()
    stored = world.server.of(world.ann.place)
    stored.one_time.clear()
    world.ann.do(world.ann.machine.receive(world.server.sync(world.ann.place)))
    first = world.ann.machine._account.upload()
    next(first)
    assert [] == list(world.ann.machine._account.upload())
    first.close()
    world.ann.do(world.ann.machine.upkeep())
    assert len(stored.one_time) == 50


def test_room_key_is_taken_anew_where_the_room_changed_while_it_was_shared() -> None:
    """Who leaves while keys are being shared reads nothing of what is sent after."""
    world = World()
    room = room_of(_ANN, _BOB, _CID)
    steps = world.ann.machine.encrypt(room, "m.room.message", {"body": "x"})
    needed = next(steps)
    left = False
    event: JsonObject = {}
    answered = count()
    while True:
        if isinstance(needed, SendToDevice) and not left:
            left = True
            world.server.remove(world.cid.place)
            world.ann._answer(needed)
            world.ann.machine.devices.mark_changed([_CID])
            world.ann.do(world.ann.machine.devices.query([_CID]))
            answer: object = None
        else:
            answer = world.ann._answer(needed)
        assert next(answered) < 40
        try:
            needed = steps.send(answer)
        except StopIteration as end:
            event = world.ann.event(end.value)
            break
    world.bob.sync()
    world.cid.sync()
    assert world.bob.body(room, event) == "x"
    assert world.cid.body(room, event) is Obstacle.UNKNOWN_SESSION


def test_key_request_waits_until_the_asking_device_is_known() -> None:
    """A request of a device that is newer than what we know is answered when the list has come."""
    world = World()
    old = world.bob
    event = world.ann.send(_ROOM, "hello")
    old.sync()
    new = Phone.of(world.server, world.clock, _BOB, "NEW")
    trusting = Newcomer({(_BOB, "NEW"): Trust.VERIFIED, (_BOB, "BOB"): Trust.VERIFIED})
    old.machine.trusting = new.machine.trusting = trusting
    new.sync()
    new.read(_ROOM, event)
    new.sync()
    world.server.unreachable.add("b.test")
    old.sync()
    new.sync()
    assert () == new.machine.came_up()
    world.server.unreachable.clear()
    world.clock.jump(61)
    old.sync()
    new.sync()
    assert ["hello"] == [one.content["body"] for one in new.machine.came_up()]


def test_events_that_came_up_do_not_come_twice_before_the_next_sync() -> None:
    """A better key of the same session brings up only what it opens anew."""
    world = World()
    early = world.ann.send(_ROOM, "0")
    wider = room_of(_ANN, _BOB, _CID)
    late = world.ann.send(wider, "1")
    for event in (early, late):
        world.cid.read(wider, event)
    world.cid.do(world.cid.machine.receive(world.server.sync(world.cid.place)))
    assert ["1"] == [one.content["body"] for one in world.cid.machine.came_up()]
    exported = world.exported(world.ann)
    world.cid.do(world.cid.machine.import_sessions([exported], KeySource.IMPORTED))
    assert ["0"] == [one.content["body"] for one in world.cid.machine.came_up()]


def test_sessions_are_told_of_after_a_restart_before_any_is_used() -> None:
    """What is known of sessions needs none of them loaded."""
    world = World()
    world.ann.send(_ROOM, "x")
    before = list(world.ann.machine.sessions())
    world.ann.restart()
    assert before == list(world.ann.machine.sessions())
    assert world.ann.machine.export(_ROOM.room_id, "other") is None


def test_query_that_a_crash_cut_off_is_asked_again() -> None:
    """That a user is to be asked for is durable before the question leaves."""
    world = World()
    world.ann.crash_after = 2
    with pytest.raises(Crash):
        world.ann.send(_ROOM, "x")
    world.ann.restart()
    before = len(world.server.asked)
    world.ann.do(world.ann.machine.upkeep())
    assert [(_BOB,)] == [tuple(one.device_keys) for _, one in world.server.asked[before:] if isinstance(one, QueryKeys)]


def test_hostile_server_cannot_say_first_what_this_device_is() -> None:
    """Other keys under our own device id are refused also where nothing was known of us yet."""
    world = World()
    other = Phone.of(KeyServer(), world.clock, _ANN, "NEW")
    new = Phone(world.server, world.clock, _ANN, "NEW", Options())
    world.server.of(new.place).keys = other.server.of(new.place).keys
    new.do(new.machine.devices.query())
    assert ["ANN"] == [one.device_id for one in new.machine.devices.of(_ANN)]


def test_hostile_member_who_reaches_further_back_is_not_the_maker() -> None:
    """A lower index of the same ratchet does not count where another sends it as its own."""
    world = World()
    room = room_of(_ANN, _CID)
    world.ann.do(world.ann.machine.note_settings(room.room_id, room.settings))
    held = world.ann.machine._begin(room)
    content: JsonObject = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "room_id": room.room_id,
        "session_id": held.session_id,
        "session_key": held.session.session_key.to_base64(),
    }
    world.ann.send(room, "0")
    event = world.ann.send(room_of(_ANN, _BOB, _CID), "1")
    world.bob.sync()
    _by_olm(world.cid, world.bob, "m.room_key", content)
    world.bob.sync()
    (info,) = world.bob.machine.sessions()
    assert (_ANN, 1) == (info.sender_id, info.first_index)
    assert world.bob.body(room, event) == "1"


def test_hostile_words_of_another_do_not_explain_an_event() -> None:
    """Why a key is withheld is said by the sender of the event, and nobody else."""
    world = World()
    event = world.ann.send(_ROOM, "hello")
    content = event["content"]
    assert isinstance(content, dict)
    said: JsonObject = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "code": "m.unverified",
        "room_id": _ROOM.room_id,
        "session_id": content["session_id"],
    }
    mailbox = world.server.of(world.bob.place).mailbox
    for sender, obstacle in ((_CID, Obstacle.UNKNOWN_SESSION), (_ANN, Obstacle.WITHHELD)):
        mailbox[:] = [ToDeviceEvent(type="m.room_key.withheld", sender=sender, content=said)]
        world.bob.do(world.bob.machine.receive(world.server.sync(world.bob.place)))
        mailbox = world.server.of(world.bob.place).mailbox
        assert world.bob.body(_ROOM, event) is obstacle
