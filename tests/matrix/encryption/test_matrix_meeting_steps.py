"""Steps of encryption that meet each other, or that an end of the program cuts off."""

from __future__ import annotations

from itertools import count

import pytest

from fakes.matrix_keys import Crash, Phone, room_of
from fakes.three_phones import ANN, BOB, CID, ROOM, World
from scop.matrix.api.client_server.keys import QueryKeys
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.encryption import KeySource, Newcomer, Obstacle, Trust
from scop.matrix.json_values import JsonObject


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
    room = room_of(ANN, BOB, CID)
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
            world.ann.machine.devices.mark_changed([CID])
            world.ann.do(world.ann.machine.devices.query([CID]))
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
    event = world.ann.send(ROOM, "hello")
    old.sync()
    new = Phone.of(world.server, world.clock, BOB, "NEW")
    trusting = Newcomer({(BOB, "NEW"): Trust.VERIFIED, (BOB, "BOB"): Trust.VERIFIED})
    old.machine.trusting = new.machine.trusting = trusting
    new.sync()
    new.read(ROOM, event)
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
    early = world.ann.send(ROOM, "0")
    wider = room_of(ANN, BOB, CID)
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
    world.ann.send(ROOM, "x")
    before = list(world.ann.machine.sessions())
    world.ann.restart()
    assert before == list(world.ann.machine.sessions())
    assert world.ann.machine.export(ROOM.room_id, "other") is None


def test_query_that_a_crash_cut_off_is_asked_again() -> None:
    """That a user is to be asked for is durable before the question leaves."""
    world = World()
    world.ann.crash_after = 2
    with pytest.raises(Crash):
        world.ann.send(ROOM, "x")
    world.ann.restart()
    before = len(world.server.asked)
    world.ann.do(world.ann.machine.upkeep())
    assert [(BOB,)] == [tuple(one.device_keys) for _, one in world.server.asked[before:] if isinstance(one, QueryKeys)]
