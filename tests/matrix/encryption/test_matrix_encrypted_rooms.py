"""Encrypted rooms: who gets the key, when another is taken, and what an event is held to."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.encrypted_world import EncryptedWorld
from fakes.examples import drawn
from fakes.matrix_keys import SETTINGS, room_of
from scop.matrix.encryption import (
    Decrypted,
    KeySource,
    Newcomer,
    Obstacle,
    Options,
    Recipients,
    Shield,
    Trust,
    Undecryptable,
    Withheld,
)
from scop.matrix.json_values import JsonObject

_ANN, _BOB, _CID = "@ann:a.test", "@bob:b.test", "@cid:c.test"
_ROOM = room_of(_ANN, _BOB)


def test_rooms_are_read_by_every_device_of_their_members() -> None:
    """Matrix v1.19 CS §m.megolm.v1.aes-sha2: the key is shared by Olm; others, and the server, read nothing."""
    world = EncryptedWorld()
    event = world.ann.send(_ROOM, "hello")
    world.sync()
    assert ["hello", "hello"] == [phone.body(_ROOM, event) for phone in (world.bob, world.tab)]
    assert world.ann.body(_ROOM, event) == "hello"
    assert world.cid.body(_ROOM, event) is Obstacle.UNKNOWN_SESSION
    answer = world.tab.send(_ROOM, "hi")
    world.sync()
    assert ["hi", "hi"] == [phone.body(_ROOM, answer) for phone in (world.bob, world.ann)]


def test_rooms_share_a_key_once() -> None:
    """Further messages by a session ask the server nothing."""
    world = EncryptedWorld()
    first = world.session()
    before = len(world.server.asked)
    assert first == world.session()
    assert before == len(world.server.asked)


def test_rooms_events_have_the_form_of_the_specification() -> None:
    """Matrix v1.19 CS §m.megolm.v1.aes-sha2: the keys of the content; the relation stays in the clear."""
    world = EncryptedWorld()
    relation = {"rel_type": "m.thread", "event_id": "$root"}
    content: JsonObject = {"msgtype": "m.text", "body": "in a thread", "m.relates_to": relation}
    sealed = world.ann.do(world.ann.machine.encrypt(_ROOM, "m.room.message", content))
    assert {"algorithm", "ciphertext", "session_id", "sender_key", "device_id", "m.relates_to"} == set(sealed)
    assert sealed["algorithm"] == "m.megolm.v1.aes-sha2"
    assert sealed["m.relates_to"] == relation
    world.sync()
    opened = world.bob.read(_ROOM, world.ann.event(sealed))
    assert isinstance(opened, Decrypted)
    assert opened.content == content
    assert opened.event["type"] == "m.room.message"


def test_rooms_take_the_relation_from_the_clear_only() -> None:
    """Matrix v1.19 CS §Forming relationships: a relation in the payload is ignored, also where none is in the clear."""
    world = EncryptedWorld()
    event = world.ann.send(_ROOM, "hello")
    world.sync()
    content = event["content"]
    assert isinstance(content, dict)
    forged: JsonObject = {**event, "content": {**content, "m.relates_to": {"event_id": "$other"}}}
    opened = world.bob.read(_ROOM, forged)
    assert isinstance(opened, Decrypted)
    assert opened.content["m.relates_to"] == {"event_id": "$other"}


# When another session is taken.


def test_rooms_rotate_by_messages() -> None:
    """Matrix v1.19 CS §m.room.encryption: `rotation_period_msgs` messages by one session, the next by another."""
    room = replace(_ROOM, settings={**SETTINGS, "rotation_period_msgs": 3})
    world = EncryptedWorld()
    assert [1, 1, 1, 2] == _numbered([world.session(room) for _ in range(4)])


def test_rooms_rotate_by_time() -> None:
    """Matrix v1.19 CS §m.room.encryption: after `rotation_period_ms`, a week by default, also across a restart."""
    world = EncryptedWorld()
    first = world.session()
    world.clock.jump(7 * 86_400 - 1)
    world.ann.restart()
    assert first == world.session()
    world.clock.jump(1)
    second = world.session()
    assert first != second
    world.clock.jump(-10)
    assert world.session() not in (first, second)  # a clock that was set back makes nothing younger


def test_rooms_rotate_when_a_member_leaves() -> None:
    """Matrix v1.19 CS §m.megolm.v1.aes-sha2: who left reads nothing more; who joins reads from there on."""
    world = EncryptedWorld()
    wider = room_of(_ANN, _BOB, _CID)
    first, early = world.session(), world.ann.send(_ROOM, "early")
    assert first == world.session(wider)
    late = world.ann.send(wider, "late")
    world.sync()
    assert world.cid.body(wider, late) == "late"
    assert world.cid.body(wider, early) is Obstacle.UNKNOWN_INDEX
    after = world.ann.send(_ROOM, "after")
    world.sync()
    assert world.cid.body(_ROOM, after) is Obstacle.UNKNOWN_SESSION
    assert world.bob.body(_ROOM, after) == "after"


def test_rooms_rotate_when_a_device_leaves() -> None:
    """Matrix v1.19 CS §m.megolm.v1.aes-sha2: a device that may have the key is seen to leave."""
    world = EncryptedWorld()
    first = world.session()
    world.server.remove(world.tab.place)
    world.ann.sync()
    assert first != world.session()


def test_rooms_rotate_when_they_are_told_to() -> None:
    """Who came and went between two syncs may have the key by shared history: the client says so."""
    world = EncryptedWorld()
    first = world.session()
    world.ann.do(world.ann.machine.discard_session(_ROOM.room_id))
    world.ann.restart()
    assert first != world.session()


@given(st.lists(st.sampled_from(["shared", "world_readable", "invited", "joined"]), min_size=1, max_size=5))
@drawn(10)
def test_rooms_rotate_when_history_is_shared_or_no_longer(visibilities: list[str]) -> None:
    """Matrix v1.19 CS §Shareable encryption sessions: another session exactly where the flag changes."""
    world = EncryptedWorld()
    sessions = [world.session(replace(_ROOM, history_visibility=one)) for one in visibilities]
    flags = [one in ("shared", "world_readable") for one in visibilities]
    changes = [before != after for before, after in pairwise(flags)]
    assert changes == [before != after for before, after in pairwise(sessions)]
    world.sync()
    known = {one.session_id: one.has_shared_history for one in world.bob.machine.sessions()}
    assert dict(zip(sessions, flags, strict=True)) == known


def test_rooms_are_not_encrypted_less_than_they_were() -> None:
    """Settings only become stricter, and a room that was encrypted stays so, whatever its state says."""
    world = EncryptedWorld()
    machine = world.ann.machine
    assert not machine.is_encrypted(_ROOM.room_id)
    world.ann.do(machine.note_settings(_ROOM.room_id, {**SETTINGS, "rotation_period_msgs": 2}))
    weak = replace(_ROOM, settings={"algorithm": "none", "rotation_period_msgs": 10_000})
    world.ann.restart()
    assert [1, 1, 2] == _numbered([world.session(weak) for _ in range(3)])
    assert world.ann.machine.is_encrypted(_ROOM.room_id)


def test_rooms_are_not_rotated_later_than_they_were() -> None:
    """A longer period that the room is given later is not followed."""
    world = EncryptedWorld()
    world.ann.do(world.ann.machine.note_settings(_ROOM.room_id, {**SETTINGS, "rotation_period_ms": 3_600_000}))
    first = world.session(replace(_ROOM, settings={**SETTINGS, "rotation_period_ms": 604_800_000}))
    world.clock.jump(3600)
    assert first != world.session()


@pytest.mark.parametrize("period", [0, -1, True, "9", 10**12, None])
def test_rooms_settings_out_of_bounds_are_bounded(period: object) -> None:
    """Whoever sets the state of a room can neither stop rotation nor make each message share keys all the time."""
    world = EncryptedWorld()
    room = replace(_ROOM, settings={**SETTINGS, "rotation_period_ms": period, "rotation_period_msgs": 100})
    first = world.session(room)
    assert first == world.session(room)
    world.clock.jump(7 * 86_400)
    assert first != world.session(room)


# Who gets no key.


def test_rooms_tell_blocked_devices_why() -> None:
    """Matrix v1.19 CS §m.room_key.withheld: a blacklisted device gets no key, and a word why, once."""
    world = EncryptedWorld()
    world.ann.machine.trusting = Newcomer({(_BOB, "TAB"): Trust.BLOCKED})
    event = world.ann.send(_ROOM, "hello")
    world.ann.send(_ROOM, "again")
    world.sync()
    assert world.bob.body(_ROOM, event) == "hello"
    opened = world.tab.read(_ROOM, event)
    assert isinstance(opened, Undecryptable)
    assert opened.obstacle is Obstacle.WITHHELD
    assert opened.withheld == Withheld("m.blacklisted", "The sender has blocked you.")
    assert len(world.sent("m.room_key.withheld")) == 1


def test_rooms_rotate_when_a_device_is_blocked() -> None:
    """A device that had the key has none of the messages after it was blocked."""
    world = EncryptedWorld()
    first = world.session()
    world.ann.machine.trusting = Newcomer({(_BOB, "TAB"): Trust.BLOCKED})
    event = world.ann.send(_ROOM, "hello")
    world.sync()
    assert world.tab.body(_ROOM, event) is Obstacle.WITHHELD
    assert first != world.session()


class _Identities(Newcomer):
    """Knows who has cross-signing keys."""

    def has_identity(self, user_id: str) -> bool:
        """Return whether it is the one user."""
        return user_id == _BOB


@pytest.mark.parametrize(
    ("policy", "readers"),
    [
        (Recipients.ALL, {"BOB", "TAB", "CID"}),
        (Recipients.SIGNED_IF_ABLE, {"BOB", "TAB", "CID"}),
        (Recipients.SIGNED, {"BOB", "TAB"}),
        (Recipients.VERIFIED, {"TAB"}),
    ],
)
def test_rooms_share_keys_as_the_policy_has_it(policy: Recipients, readers: set[str]) -> None:
    """Each policy names whom it gives the key to; the others hear m.unverified."""
    world = EncryptedWorld(Options(recipients=policy))
    world.ann.machine.trusting = _Identities({(_BOB, "BOB"): Trust.SIGNED, (_BOB, "TAB"): Trust.VERIFIED})
    room = room_of(_ANN, _BOB, _CID)
    event = world.ann.send(room, "hello")
    world.sync()
    found = {phone.place[1]: phone.body(room, event) for phone in (world.bob, world.tab, world.cid)}
    assert {name: "hello" if name in readers else Obstacle.WITHHELD for name in found} == found


def test_rooms_keep_keys_from_a_device_its_owner_did_not_sign() -> None:
    """By default a device that a server slips in among those of a user with cross-signing keys gets nothing."""
    world = EncryptedWorld()
    world.ann.machine.trusting = _Identities({(_BOB, "BOB"): Trust.SIGNED})
    event = world.ann.send(_ROOM, "hello")
    world.sync()
    assert world.bob.body(_ROOM, event) == "hello"
    opened = world.tab.read(_ROOM, event)
    assert isinstance(opened, Undecryptable)
    assert (opened.withheld or Withheld("")).code == "m.unverified"


def test_rooms_say_nothing_to_those_without_keys_where_that_is_asked() -> None:
    """Withheld messages can be left out."""
    world = EncryptedWorld(Options(says_withheld=False))
    world.ann.machine.trusting = Newcomer({(_BOB, "TAB"): Trust.BLOCKED})
    world.session()
    assert world.sent("m.room_key.withheld") == []


# What an event is held to.


def test_rooms_refuse_a_message_that_is_replayed() -> None:
    """Matrix v1.19 CS §m.megolm.v1.aes-sha2: an index is for one event, which may come again."""
    world = EncryptedWorld()
    event = world.ann.send(_ROOM, "pay 1")
    world.sync()
    assert world.bob.body(_ROOM, event) == "pay 1"
    world.bob.restart()
    assert world.bob.body(_ROOM, event) == "pay 1"
    assert world.bob.body(_ROOM, {**event, "event_id": "$other"}) is Obstacle.REPLAYED
    assert world.bob.body(_ROOM, {**event, "origin_server_ts": 2}) is Obstacle.REPLAYED


def test_rooms_refuse_a_message_of_another_sender() -> None:
    """Matrix v1.19 CS §m.megolm.v1.aes-sha2: the sender of the event is the one the session came from."""
    world = EncryptedWorld()
    event = world.ann.send(_ROOM, "hello")
    world.sync()
    assert world.bob.body(_ROOM, {**event, "sender": _CID}) is Obstacle.WRONG_SENDER


def test_rooms_refuse_a_message_of_another_room() -> None:
    """Matrix v1.19 CS §m.megolm.v1.aes-sha2: a server cannot move a message into another room."""
    world = EncryptedWorld()
    event = world.ann.send(_ROOM, "hello")
    world.sync()
    elsewhere = replace(_ROOM, room_id="!other:example.org")
    assert world.bob.body(elsewhere, event) is Obstacle.UNKNOWN_SESSION


@pytest.mark.parametrize(
    ("change", "obstacle"),
    [
        ({"algorithm": "m.olm.v1.curve25519-aes-sha2"}, Obstacle.UNKNOWN_ALGORITHM),
        ({"algorithm": None}, Obstacle.UNKNOWN_ALGORITHM),
        ({"ciphertext": "AwgA"}, Obstacle.MALFORMED),
        ({"ciphertext": "é"}, Obstacle.MALFORMED),
        ({"ciphertext": {}}, Obstacle.MALFORMED),
        ({"session_id": 1}, Obstacle.MALFORMED),
    ],
)
def test_rooms_say_what_is_wrong_with_an_event(change: JsonObject, obstacle: Obstacle) -> None:
    """What is not an encrypted event is none, and waits for nothing."""
    world = EncryptedWorld()
    event = world.ann.send(_ROOM, "hello")
    world.sync()
    content = event["content"]
    assert isinstance(content, dict)
    opened = world.bob.read(_ROOM, {**event, "content": {**content, **change}})
    assert isinstance(opened, Undecryptable)
    assert opened.obstacle is obstacle
    assert not opened.is_waiting


def test_rooms_show_who_wrote_as_far_as_it_is_known() -> None:
    """The shield follows the device: unsigned, signed, verified, gone, blocked, of a changed identity."""
    world = EncryptedWorld()
    event = world.ann.send(_ROOM, "hello")
    world.sync()
    opened = world.bob.read(_ROOM, event)
    assert isinstance(opened, Decrypted)
    assert opened.shield is Shield.UNSIGNED_DEVICE
    assert opened.key.source is KeySource.DIRECT
    shields = {
        Trust.SIGNED: Shield.SIGNED,
        Trust.VERIFIED: Shield.VERIFIED,
        Trust.BLOCKED: Shield.BLOCKED_DEVICE,
        Trust.CHANGED: Shield.IDENTITY_CHANGED,
    }
    for trust, shield in shields.items():
        world.bob.machine.trusting = Newcomer({(_ANN, "ANN"): trust})
        assert world.bob.machine.shield(opened) is shield
    world.bob.machine.trusting = Newcomer({(_ANN, "ANN"): Trust.VERIFIED})
    world.server.remove(world.ann.place)
    world.bob.sync()
    assert world.bob.machine.shield(opened) is Shield.UNKNOWN_DEVICE


def _numbered(sessions: list[str]) -> list[int]:
    """Return sessions as numbers, in the order in which they first come."""
    order = list(dict.fromkeys(sessions))
    return [order.index(one) + 1 for one in sessions]
