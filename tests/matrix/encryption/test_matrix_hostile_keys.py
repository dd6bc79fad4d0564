"""What members, servers and backups may try: false ratchets, false plaintexts, false keys."""

from __future__ import annotations

import msgspec
import pytest

from fakes.matrix_keys import KeyServer, Phone, room_of
from fakes.three_phones import ANN, BOB, CID, ROOM, World
from scop.matrix import unpadded_base64
from scop.matrix.api.client_server.keys import ClaimKeysResponse
from scop.matrix.api.client_server.sync import ToDeviceEvent
from scop.matrix.api.request import Request, Response
from scop.matrix.encryption import ExportedSession, KeySource, Obstacle, Options, Shield, Undecryptable
from scop.matrix.encryption.olm_payloads import write_payload
from scop.matrix.json_values import JsonObject

_RATCHET_AT = 5  # after version and index, in an exported session


def _poisoned(exported: ExportedSession) -> ExportedSession:
    """Return a key of the same id and another ratchet."""
    octets = bytearray(unpadded_base64.decode(exported.session_key))
    octets[_RATCHET_AT] ^= 1
    return msgspec.structs.replace(exported, session_key=unpadded_base64.encode(bytes(octets)))


@pytest.mark.parametrize("source", [KeySource.BACKUP, KeySource.IMPORTED, KeySource.FORWARDED])
def test_hostile_key_does_not_take_the_place_of_the_right_one(source: KeySource) -> None:
    """Matrix v1.19 CS §m.megolm.v1.aes-sha2: another ratchet under a known id, with a lower index, changes nothing."""
    world = World()
    world.ann.send(ROOM, "0")
    wider = room_of(ANN, BOB, CID)
    event = world.ann.send(wider, "1")
    world.bob.sync()
    world.cid.sync()
    poisoned = _poisoned(world.exported(world.bob))
    assert world.cid.do(world.cid.machine.import_sessions([poisoned], source)) == 0
    assert world.cid.body(wider, event) == "1"


def test_hostile_key_gives_way_to_the_one_of_its_maker() -> None:
    """A false key of a backup that came first is replaced by the true one."""
    world = World()
    event = world.ann.send(ROOM, "hello")
    poisoned = _poisoned(world.exported(world.ann))
    assert world.bob.do(world.bob.machine.import_sessions([poisoned], KeySource.BACKUP)) == 1
    assert world.bob.body(ROOM, event) is Obstacle.MALFORMED
    world.bob.sync()
    assert world.bob.body(ROOM, event) == "hello"


def test_key_of_a_backup_is_proved_when_its_maker_gives_it() -> None:
    """The same ratchet by both ways: who made it is proved, and the further reach stays."""
    world = World()
    early = world.ann.send(ROOM, "0")
    wider = room_of(ANN, BOB, CID)
    world.ann.send(wider, "1")
    exported = world.exported(world.ann)
    world.cid.do(world.cid.machine.import_sessions([exported], KeySource.BACKUP))
    world.cid.do(world.cid.machine.track([ANN]))
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
    event = world.ann.send(ROOM, "hello")
    world.bob.sync()
    (held,) = world.ann.machine._outbound._sessions.values()
    session_key = held.session.session_key.to_base64()
    content = {"algorithm": "m.megolm.v1.aes-sha2", "room_id": ROOM.room_id, "session_id": held.session_id}
    _by_olm(world.cid, world.bob, "m.room_key", {**content, "session_key": session_key})
    world.bob.sync()
    (info,) = world.bob.machine.sessions()
    assert info.sender_id == ANN
    assert world.bob.body(ROOM, event) == "hello"
    assert world.bob.body(ROOM, {**event, "sender": CID}) is Obstacle.WRONG_SENDER


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
    world.ann.send(ROOM, "hello")
    (held,) = world.ann.machine._outbound._sessions.values()
    content: JsonObject = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "room_id": ROOM.room_id,
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
    event = world.ann.send(ROOM, "hello")
    (held,) = world.ann.machine._outbound._sessions.values()
    forged = world.ann.machine._outbound.encrypt(held, plaintext)
    world.bob.sync()
    content = event["content"]
    assert isinstance(content, dict)
    assert world.bob.body(ROOM, world.ann.event({**content, "ciphertext": forged})) is obstacle


def test_hostile_change_of_a_ciphertext_is_noticed() -> None:
    """A message with one bit changed does not verify."""
    world = World()
    event = world.ann.send(ROOM, "hello")
    world.bob.sync()
    content = event["content"]
    assert isinstance(content, dict)
    octets = bytearray(unpadded_base64.decode(str(content["ciphertext"])))
    octets[20] ^= 1
    changed = {**event, "content": {**content, "ciphertext": unpadded_base64.encode(bytes(octets))}}
    assert world.bob.body(ROOM, changed) is Obstacle.MALFORMED
    assert world.bob.body(ROOM, event) == "hello"


def test_hostile_device_cannot_name_the_signing_key_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Matrix v1.19 CS §Validation of incoming decrypted events, 2: the key within is the one of the known device."""
    world = World()
    world.bob.do(world.bob.machine.track([CID]))
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
            json = {"one_time_keys": {BOB: {"BOB": {"signed_curve25519:A": bad}}}}
            return msgspec.convert(json, ClaimKeysResponse)
        return answer

    world.server.spoil = spoil
    world.ann.do(world.ann.machine.track([BOB]))
    devices = world.ann.machine.devices.of(BOB)
    assert devices == world.ann.do(world.ann.machine.send_to_devices(devices, "test.word", {}))


def test_hostile_server_cannot_fill_us_with_dead_devices() -> None:
    """Of the devices of one user that were deleted, so many are remembered."""
    world = World()
    world.ann.do(world.ann.machine.track([BOB]))
    for number in range(105):
        Phone.of(world.server, world.clock, BOB, f"D{number}")
    world.ann.sync()
    for number in range(105):
        del world.server.devices[BOB, f"D{number}"]
    world.ann.machine.devices.mark_changed([BOB])
    world.ann.do(world.ann.machine.upkeep())
    gone = [number for number in range(105) if world.ann.machine.devices.get(BOB, f"D{number}") is not None]
    assert len(gone) == 100


def test_hostile_event_too_large_does_not_wait() -> None:
    """What no server would take is not kept."""
    world = World()
    event = world.ann.send(ROOM, "x" * 200_000)
    opened = world.cid.read(ROOM, event)
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
    world.server.of(world.bob.place).mailbox = [ToDeviceEvent(type="m.room_key.withheld", sender=ANN, content=content)]
    world.bob.sync()
    assert before == world.bob.disk.get("waiting", {})  # type: ignore[call-overload]


def test_hostile_words_of_withheld_keys_are_bounded_and_of_their_sender() -> None:
    """So many are kept, over a restart; and nobody speaks for another."""
    world = World()
    event = world.ann.send(ROOM, "hello")
    content = event["content"]
    assert isinstance(content, dict)
    said = {"algorithm": "m.megolm.v1.aes-sha2", "code": "m.unverified", "room_id": ROOM.room_id}
    world.server.of(world.bob.place).mailbox = [
        ToDeviceEvent(type="m.room_key.withheld", sender=sender, content={**said, "session_id": session_id})
        for sender, session_id in [(CID, content["session_id"]), *((CID, str(number)) for number in range(1100))]
    ]
    world.bob.sync()
    world.bob.restart()
    kept = [key for key in world.bob.disk["waiting"] if key.startswith("withheld:")]  # type: ignore[index]
    assert len(kept) == 1000
    assert world.bob.body(ROOM, event) is Obstacle.UNKNOWN_SESSION


def test_hostile_server_cannot_say_first_what_this_device_is() -> None:
    """Other keys under our own device id are refused also where nothing was known of us yet."""
    world = World()
    other = Phone.of(KeyServer(), world.clock, ANN, "NEW")
    new = Phone(world.server, world.clock, ANN, "NEW", Options())
    world.server.of(new.place).keys = other.server.of(new.place).keys
    new.do(new.machine.devices.query())
    assert ["ANN"] == [one.device_id for one in new.machine.devices.of(ANN)]


def test_hostile_member_who_reaches_further_back_is_not_the_maker() -> None:
    """A lower index of the same ratchet does not count where another sends it as its own."""
    world = World()
    room = room_of(ANN, CID)
    world.ann.do(world.ann.machine.note_settings(room.room_id, room.settings))
    held = world.ann.machine._begin(room)
    content: JsonObject = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "room_id": room.room_id,
        "session_id": held.session_id,
        "session_key": held.session.session_key.to_base64(),
    }
    world.ann.send(room, "0")
    event = world.ann.send(room_of(ANN, BOB, CID), "1")
    world.bob.sync()
    _by_olm(world.cid, world.bob, "m.room_key", content)
    world.bob.sync()
    (info,) = world.bob.machine.sessions()
    assert (ANN, 1) == (info.sender_id, info.first_index)
    assert world.bob.body(room, event) == "1"


def test_hostile_words_of_another_do_not_explain_an_event() -> None:
    """Why a key is withheld is said by the sender of the event, and nobody else."""
    world = World()
    event = world.ann.send(ROOM, "hello")
    content = event["content"]
    assert isinstance(content, dict)
    said: JsonObject = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "code": "m.unverified",
        "room_id": ROOM.room_id,
        "session_id": content["session_id"],
    }
    mailbox = world.server.of(world.bob.place).mailbox
    for sender, obstacle in ((CID, Obstacle.UNKNOWN_SESSION), (ANN, Obstacle.WITHHELD)):
        mailbox[:] = [ToDeviceEvent(type="m.room_key.withheld", sender=sender, content=said)]
        world.bob.do(world.bob.machine.receive(world.server.sync(world.bob.place)))
        mailbox = world.server.of(world.bob.place).mailbox
        assert world.bob.body(ROOM, event) is obstacle
