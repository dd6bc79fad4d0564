"""History shared with a guest: what may be, with whom, and whose word it is."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from fakes.jumping_clock import JumpingClock
from fakes.matrix_keys import KeyServer, Phone, counted, room_of
from scop.base import RemoteProtocolError
from scop.matrix.api.client_server.sync import ToDeviceEvent
from scop.matrix.encryption import (
    EncryptedFile,
    KeySource,
    Newcomer,
    Obstacle,
    Shield,
    Trust,
    Undecryptable,
    decrypt_file,
    encrypt_file,
)
from scop.matrix.encryption.key_bundles import _MAX_BUNDLES
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Shelf

_ANN, _BOB, _EVE = "@ann:a.test", "@bob:b.test", "@eve:e.test"
_ROOM = room_of(_ANN)


class World:
    """A room with a history, some of it shared, and a guest who is invited."""

    def __init__(self) -> None:
        self.server, self.clock = KeyServer(), JumpingClock()
        self.ann = Phone.of(self.server, self.clock, _ANN, "ANN")
        self.bob = Phone.of(self.server, self.clock, _BOB, "BOB")
        self.eve = Phone.of(self.server, self.clock, _BOB, "EVE")  # slipped in by a server
        self.shown = self.ann.send(_ROOM, "for all")
        self.hidden = self.ann.send(replace(_ROOM, history_visibility="joined"), "for us")
        self.ann.machine.trusting = Newcomer({(_BOB, "BOB"): Trust.SIGNED})
        for phone in (self.ann, self.bob, self.eve):
            phone.sync()
        octets = msgspec.json.encode(self.ann.machine.history.bundle(_ROOM.room_id))
        self.media, file = encrypt_file(octets, counted())
        self.file = msgspec.structs.replace(file, url="mxc://a.test/keys")

    def invite(self) -> list[str]:
        """Send the bundle, and return the devices that were told."""
        told = self.ann.do(self.ann.machine.history.send(_BOB, _ROOM.room_id, self.file))
        for phone in (self.bob, self.eve):
            phone.sync()
        return [one.device_id for one in told]

    def accept(self) -> int:
        """Fetch what was announced, and take it in."""
        (bundle,) = self.bob.machine.history.announced(_ROOM.room_id)
        return self.bob.do(self.bob.machine.history.take(bundle, decrypt_file(self.media, bundle.file)))


def test_bundle_has_what_may_be_shared() -> None:
    """Matrix v1.19 CS §Construction of the key bundle: shareable sessions; of the others that they are not."""
    world = World()
    bundle = world.ann.machine.history.bundle(_ROOM.room_id)
    keys, withheld = bundle["room_keys"], bundle["withheld"]
    assert isinstance(keys, list)
    assert isinstance(withheld, list)
    names = {"algorithm", "room_id", "sender_claimed_keys", "sender_key", "session_id", "session_key"}
    assert [names] == [set(one) for one in keys]
    assert [("m.history_not_shared", _ROOM.room_id)] == [(one["code"], one["room_id"]) for one in withheld]
    assert world.ann.machine.history.bundle("!other:a.test") == {"room_keys": [], "withheld": []}


def test_bundle_goes_to_cross_signed_devices_only() -> None:
    """Matrix v1.19 CS §Construction of the key bundle: it MUST NOT be sent to others."""
    world = World()
    assert world.invite() == ["BOB"]
    assert [1, 0] == [len(one.machine.history.announced(_ROOM.room_id)) for one in (world.bob, world.eve)]


def test_bundle_lets_a_guest_read_what_was_shared() -> None:
    """Matrix v1.19 CS §Receiving a key bundle: after a restart too; the keys are the inviter's word, and shown so."""
    world = World()
    for event in (world.shown, world.hidden):
        world.bob.read(_ROOM, event)
    world.invite()
    world.bob.restart()
    assert world.accept() == 1
    assert world.bob.machine.history.announced(_ROOM.room_id) == ()
    (opened,) = world.bob.machine.came_up()
    assert opened.content["body"] == "for all"
    assert (opened.key.source, opened.key.given_by) == (KeySource.BUNDLE, _ANN)
    assert opened.key.has_shared_history
    assert world.bob.machine.shield(opened) is Shield.UNSAFE_SOURCE
    closed = world.bob.read(_ROOM, world.hidden)
    assert isinstance(closed, Undecryptable)
    assert closed.withheld is not None
    assert closed.withheld.code == "m.history_not_shared"


def test_bundle_that_is_gone_is_given_up() -> None:
    """Matrix v1.19 CS §Receiving a key bundle: servers expire media; the announcement is forgotten, durably."""
    world = World()
    world.invite()
    (bundle,) = world.bob.machine.history.announced(_ROOM.room_id)
    assert world.bob.do(world.bob.machine.history.take(bundle, None)) == 0
    world.bob.restart()
    assert world.bob.machine.history.announced(_ROOM.room_id) == ()


def test_bundle_brings_keys_of_its_room_only() -> None:
    """Matrix v1.19 CS §Receiving a key bundle: others are ignored, and so is what is no key."""
    world = World()
    world.invite()
    (bundle,) = world.bob.machine.history.announced(_ROOM.room_id)
    keys = world.ann.machine.history.bundle(_ROOM.room_id)["room_keys"]
    assert isinstance(keys, list)
    (key,) = keys
    others: list[object] = [
        {**key, "room_id": "!other:a.test"},
        {**key, "algorithm": "x"},
        {**key, "session_key": "AAAA"},
        {},
        7,
    ]
    octets = msgspec.json.encode({"room_keys": others, "withheld": "x"})
    assert world.bob.do(world.bob.machine.history.take(bundle, octets)) == 0


@pytest.mark.parametrize("octets", [b"", b"[]", b"\xff"])
def test_bundle_that_is_none_is_refused(octets: bytes) -> None:
    """What is no object is no bundle, and is not fetched again."""
    world = World()
    world.invite()
    (bundle,) = world.bob.machine.history.announced(_ROOM.room_id)
    with pytest.raises(RemoteProtocolError):
        world.bob.do(world.bob.machine.history.take(bundle, octets))
    world.bob.restart()
    assert world.bob.machine.history.announced(_ROOM.room_id) == ()


def test_bundle_comes_by_olm_only() -> None:
    """An announcement in the clear is nobody's, and what says that history is not shared must come in a bundle."""
    world = World()
    content: JsonObject = {"room_id": _ROOM.room_id, "file": world.file.to_json()}
    said: JsonObject = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "code": "m.history_not_shared",
        "room_id": _ROOM.room_id,
        "session_id": str(world.shown["content"]["session_id"]),  # type: ignore[index]
    }
    world.server.of(world.bob.place).mailbox = [
        ToDeviceEvent(type="m.room_key_bundle", sender=_ANN, content=content),
        ToDeviceEvent(type="m.room_key.withheld", sender=_EVE, content=said),
    ]
    assert world.bob.sync() == ()
    assert world.bob.machine.history.announced(_ROOM.room_id) == ()
    assert world.bob.body(_ROOM, world.shown) is Obstacle.UNKNOWN_SESSION


def test_bundle_is_due_where_its_sender_was_followed() -> None:
    """Matrix v1.19 CS §Receiving a key bundle event: for a day after their invitation was accepted, nobody else's."""
    world = World()
    world.invite()
    history = world.bob.machine.history
    world.bob.machine.trusting = Newcomer({(_ANN, "ANN"): Trust.SIGNED})
    assert history.due() == ()
    world.bob.do(history.accepted(_ROOM.room_id, _EVE))
    assert history.due() == ()
    world.bob.do(history.accepted(_ROOM.room_id, _ANN))
    world.bob.restart()
    history = world.bob.machine.history
    assert history.due() == history.announced(_ROOM.room_id)
    world.clock.jump(24 * 3600 - 1)
    assert len(history.due()) == 1
    world.clock.jump(1)
    assert history.due() == ()
    world.bob.sync()
    assert [key for key in world.bob.disk[Shelf.WAITING] if key.startswith("accepted:")] == []


@pytest.mark.parametrize("trust", [Trust.UNVERIFIED, Trust.CHANGED, Trust.BLOCKED])
def test_bundle_of_a_device_that_its_user_did_not_sign_is_not_fetched(trust: Trust) -> None:
    """Stricter than Matrix v1.19 CS §Receiving a key bundle event: a server makes up devices, and then histories."""
    world = World()
    world.invite()
    world.bob.do(world.bob.machine.history.accepted(_ROOM.room_id, _ANN))
    world.bob.machine.trusting = Newcomer({(_ANN, "ANN"): trust})
    assert world.bob.machine.history.due() == ()
    world.bob.machine.trusting = Newcomer({(_ANN, "ANN"): Trust.VERIFIED})
    assert len(world.bob.machine.history.due()) == 1


def test_bundles_are_bounded_and_the_newest_of_a_sender_counts() -> None:
    """Anybody may announce: so many are kept, one of each sender for a room."""
    world = World()
    for number in range(_MAX_BUNDLES + 2):
        world.clock.jump(1)
        world.ann.do(world.ann.machine.history.send(_BOB, f"!{number}:a.test", world.file))
    newer = EncryptedFile(url="mxc://a.test/newer", key=bytes(32), counter_block=bytes(16), sha256=bytes(32))
    world.ann.do(world.ann.machine.history.send(_BOB, "!9:a.test", newer))
    world.bob.sync()
    kept = [bool(world.bob.machine.history.announced(f"!{number}:a.test")) for number in range(_MAX_BUNDLES + 2)]
    assert sum(kept) == _MAX_BUNDLES
    (bundle,) = world.bob.machine.history.announced("!9:a.test")
    assert bundle.file == newer
