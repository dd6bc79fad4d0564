"""Keys that come later than their events, or by other ways than from who made them."""

from __future__ import annotations

from fakes.encrypted_world import ANN as _ANN
from fakes.encrypted_world import BOB as _BOB
from fakes.encrypted_world import CID as _CID
from fakes.encrypted_world import ROOM as _ROOM
from fakes.encrypted_world import EncryptedWorld
from fakes.matrix_keys import room_of
from scop.matrix.encryption import KeySource, Obstacle, Shield, Undecryptable, encrypt_file
from scop.matrix.encryption import ToDevice as Given
from scop.matrix.json_values import JsonObject


def test_rooms_events_wait_for_their_key() -> None:
    """What cannot be read waits, over a restart, and comes up once when its key does."""
    world = EncryptedWorld()
    events = [world.ann.send(_ROOM, str(number)) for number in range(3)]
    opened = world.bob.do(world.bob.machine.decrypt_all(_ROOM.room_id, events))
    assert [True] * 3 == [isinstance(one, Undecryptable) and one.is_waiting for one in opened]
    assert world.bob.machine.came_up() == ()
    world.bob.restart()
    world.bob.sync()
    assert ["0", "1", "2"] == [one.content["body"] for one in world.bob.machine.came_up()]
    assert world.bob.machine.came_up() == ()
    world.bob.restart()  # before the next sync: nobody knows whether they were seen
    assert ["0", "1", "2"] == [one.content["body"] for one in world.bob.machine.came_up()]
    world.bob.sync()
    world.bob.restart()
    assert world.bob.machine.came_up() == ()


def test_rooms_events_that_wait_are_bounded() -> None:
    """Past their number the oldest wait no longer."""
    world = EncryptedWorld()
    content: JsonObject = {"algorithm": "m.megolm.v1.aes-sha2", "session_id": "s", "ciphertext": "x"}
    events = [{**world.ann.event(content), "event_id": f"${number}"} for number in range(2005)]
    world.bob.do(world.bob.machine.decrypt_all(_ROOM.room_id, events))
    kept = [key for shelf, entries in world.bob.disk.items() if shelf == "waiting" for key in entries]
    assert len([key for key in kept if key.startswith("event:")]) == 2000
    assert f"event:{_ROOM.room_id}|$4" not in kept
    assert f"event:{_ROOM.room_id}|$5" in kept


def test_rooms_keys_are_exported_and_imported() -> None:
    """Matrix v1.19 CS §Key exports: whoever has the file reads; who made the key is no longer proved."""
    world = EncryptedWorld()
    event = world.ann.send(_ROOM, "hello")
    session_id = next(iter(world.ann.machine.sessions())).session_id
    exported = world.ann.machine.export(_ROOM.room_id, session_id)
    assert exported is not None
    assert world.cid.body(_ROOM, event) is Obstacle.UNKNOWN_SESSION
    assert world.cid.do(world.cid.machine.import_sessions([exported], KeySource.IMPORTED)) == 1
    assert world.cid.do(world.cid.machine.import_sessions([exported], KeySource.BACKUP)) == 0
    (opened,) = world.cid.machine.came_up()
    assert opened.content["body"] == "hello"
    assert opened.shield is Shield.UNKNOWN_DEVICE
    world.cid.do(world.cid.machine.track([_ANN]))
    assert world.cid.machine.shield(opened) is Shield.UNSAFE_SOURCE


def test_rooms_late_events_come_up_in_the_order_in_which_they_came() -> None:
    """Whose keys come first is nothing to who reads."""
    world = EncryptedWorld()
    talking = [(world.ann, "1"), (world.bob, "2"), (world.ann, "3"), (world.bob, "4")]
    events = [phone.send(_ROOM, body) for phone, body in talking]
    world.cid.do(world.cid.machine.decrypt_all(_ROOM.room_id, events))
    for phone in (world.bob, world.ann):
        (info,) = [one for one in phone.machine.sessions() if one.source is KeySource.OWN]
        exported = phone.machine.export(_ROOM.room_id, info.session_id)
        assert exported is not None
        world.cid.do(world.cid.machine.import_sessions([exported], KeySource.BACKUP))
    assert ["1", "2", "3", "4"] == [one.content["body"] for one in world.cid.machine.came_up()]


def test_rooms_take_a_key_that_reaches_further_back_and_no_other() -> None:
    """Matrix v1.19 CS §m.megolm.v1.aes-sha2: a session is replaced by a lower index of the same ratchet only."""
    world = EncryptedWorld()
    early = world.ann.send(_ROOM, "early")
    wider = room_of(_ANN, _BOB, _CID)
    late = world.ann.send(wider, "late")
    world.sync()
    assert world.cid.body(wider, early) is Obstacle.UNKNOWN_INDEX
    session_id = next(iter(world.cid.machine.sessions())).session_id
    whole, part = (phone.machine.export(_ROOM.room_id, session_id) for phone in (world.bob, world.cid))
    assert whole is not None
    assert part is not None
    assert world.bob.do(world.bob.machine.import_sessions([part], KeySource.BACKUP)) == 0
    assert world.cid.do(world.cid.machine.import_sessions([whole], KeySource.BACKUP)) == 1
    assert ["early"] == [one.content["body"] for one in world.cid.machine.came_up()]
    assert world.cid.body(wider, late) == "late"
    # That it came from its maker stays proved: the ratchet is the same.
    assert [KeySource.DIRECT] == [one.source for one in world.cid.machine.sessions()]


def test_rooms_take_no_broken_keys() -> None:
    """A key file with keys of other sessions, or none at all, gives what is right in it."""
    world = EncryptedWorld()
    world.session()
    info = next(iter(world.ann.machine.sessions()))
    exported = world.ann.machine.export(_ROOM.room_id, info.session_id)
    assert exported is not None
    other = type(exported)(**{**exported.to_json(), "session_id": "other"})  # type: ignore[arg-type]
    none = type(exported)(**{**exported.to_json(), "session_key": "AAAA"})  # type: ignore[arg-type]
    assert world.cid.do(world.cid.machine.import_sessions([other, none, exported], KeySource.IMPORTED)) == 1


def test_keys_are_not_shown_where_values_are() -> None:
    """What logs and faults say of values holds no key of theirs."""
    world = EncryptedWorld()
    world.session()
    (info,) = world.ann.machine.sessions()
    exported = world.ann.machine.export(_ROOM.room_id, info.session_id)
    assert exported is not None
    _, file = encrypt_file(b"the tide", bytes)
    kept = [change for changes in world.ann.kept for change in changes]
    said = repr((exported, file, kept, Given(_BOB, "m.secret.send", {"secret": "private half"})))
    for secret in (exported.session_key, repr(file.key), "pickle", "private half"):
        assert secret not in said
