"""Key requests: asked of and answered to verified devices of the same user, and nobody else."""

from __future__ import annotations

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.matrix_keys import KeyServer, Phone, room_of
from scop.matrix.api.client_server.sync import ToDeviceEvent
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.encryption import KeySource, Newcomer, Obstacle, Shield, Trust
from scop.matrix.json_values import JsonObject

_ANN, _BOB = "@ann:a.test", "@bob:b.test"
_ROOM = room_of(_ANN, _BOB)
_VERIFIED = Newcomer({(_BOB, name): Trust.VERIFIED for name in ("OLD", "NEW", "TAB")})


class World:
    """A sender, and a user with an old, a new and a third device: the message was sent before the new one came."""

    def __init__(self) -> None:
        self.server, self.clock = KeyServer(), JumpingClock()
        self.ann = Phone.of(self.server, self.clock, _ANN, "ANN")
        self.old = Phone.of(self.server, self.clock, _BOB, "OLD")
        self.event = self.ann.send(_ROOM, "hello")
        self.old.sync()
        self.new = Phone.of(self.server, self.clock, _BOB, "NEW")
        self.tab = Phone.of(self.server, self.clock, _BOB, "TAB")
        for phone in (self.old, self.new, self.tab):
            phone.machine.trusting = _VERIFIED
        self.sync()

    def sync(self) -> None:
        """Let the user's devices sync."""
        for phone in (self.old, self.new, self.tab):
            phone.sync()

    def ask(self) -> None:
        """Let the new device find that it cannot read, and ask."""
        assert self.new.body(_ROOM, self.event) is Obstacle.UNKNOWN_SESSION
        self.new.sync()

    def requests(self, device_id: str) -> list[tuple[object, list[str]]]:
        """Return what a device asked, and of which devices."""
        found: list[tuple[object, list[str]]] = []
        for name, one in self.server.asked:
            if name == device_id and isinstance(one, SendToDevice) and one.event_type == "m.room_key_request":
                contents = one.messages[_BOB]
                found.append((next(iter(contents.values()))["action"], sorted(contents)))
        return found


def test_key_requests_bring_old_keys_to_a_new_device() -> None:
    """Matrix v1.19 CS §Key requests: asked, forwarded, read; the others are told that it is over."""
    world = World()
    world.ask()
    assert [("request", ["OLD", "TAB"])] == world.requests("NEW")
    world.old.sync()
    world.new.sync()
    (opened,) = world.new.machine.came_up()
    assert opened.content["body"] == "hello"
    assert opened.key.source is KeySource.FORWARDED
    assert opened.key.forwarders == (world.old.machine.own_device.curve25519,)
    world.new.do(world.new.machine.track([_ANN]))
    assert world.new.machine.shield(opened) is Shield.UNSAFE_SOURCE
    assert ("request_cancellation", ["OLD", "TAB"]) == world.requests("NEW")[-1]
    world.sync()
    assert [] == [one for one in world.tab.machine.sessions() if one.source is KeySource.FORWARDED]


def test_key_requests_are_made_once() -> None:
    """A key is asked for once, whatever is not read by it, over restarts."""
    world = World()
    for _ in range(3):
        world.ask()
        world.new.restart()
    assert len(world.requests("NEW")) == 1


def test_key_requests_that_nobody_answers_stop_no_others() -> None:
    """Keys that never come neither keep later ones from being asked for, nor pile up."""
    world = World()
    for number in range(230):
        content: JsonObject = {"algorithm": "m.megolm.v1.aes-sha2", "session_id": f"s{number}", "ciphertext": "x"}
        event: JsonObject = {"event_id": f"${number}", "sender": _ANN, "content": content}
        assert world.new.body(_ROOM, event) is Obstacle.UNKNOWN_SESSION
    for _ in range(12):
        world.new.sync()
    assert len(world.requests("NEW")) == 200
    world.ask()
    assert len(world.requests("NEW")) == 201
    for _ in range(10):
        world.old.sync()
    world.new.sync()
    assert ["hello"] == [one.content["body"] for one in world.new.machine.came_up()]


def test_key_requests_go_to_a_device_that_is_verified_later() -> None:
    """What nobody could be asked for yet is asked when somebody can."""
    world = World()
    world.new.machine.trusting = Newcomer()
    world.ask()
    assert [] == world.requests("NEW")
    world.new.machine.trusting = Newcomer({(_BOB, "OLD"): Trust.VERIFIED})
    world.new.sync()
    assert [("request", ["OLD"])] == world.requests("NEW")


@pytest.mark.parametrize("trust", [Trust.UNVERIFIED, Trust.SIGNED, Trust.BLOCKED, Trust.CHANGED])
def test_key_requests_of_unverified_devices_are_refused(trust: Trust) -> None:
    """Matrix v1.19 CS §Key requests: only verified devices of the same user get keys; others hear m.unverified."""
    world = World()
    world.old.machine.trusting = Newcomer({(_BOB, "NEW"): trust})
    world.ask()
    world.old.sync()
    said = [one for one in world.server.of(world.new.place).mailbox if one.type == "m.room_key.withheld"]
    assert ["m.unverified"] == [one.content["code"] for one in said]
    world.new.sync()
    assert () == world.new.machine.came_up()


def test_key_requests_for_what_is_not_there_are_answered_so() -> None:
    """Matrix v1.19 CS §m.room_key.withheld: m.unavailable."""
    world = World()
    world.ask()
    world.tab.sync()
    said = [one for one in world.server.of(world.new.place).mailbox if one.type == "m.room_key.withheld"]
    assert ["m.unavailable"] == [one.content["code"] for one in said]


def _request(**changes: object) -> JsonObject:
    body = {"algorithm": "m.megolm.v1.aes-sha2", "room_id": _ROOM.room_id, "session_id": "s"}
    return {"action": "request", "request_id": "r", "requesting_device_id": "NEW", "body": body, **changes}


@pytest.mark.parametrize(
    ("sender", "content"),
    [
        (_ANN, _request()),
        (_ANN, _request(requesting_device_id="ANN")),
        (_BOB, _request(requesting_device_id="OLD")),
        (_BOB, _request(requesting_device_id="GONE")),
        (_BOB, _request(action="steal")),
        (_BOB, _request(body={})),
        (_BOB, _request(body="x")),
        (_BOB, _request(request_id=7)),
        (_BOB, {}),
    ],
)
def test_key_requests_of_others_and_of_any_shape_are_silent(sender: str, content: JsonObject) -> None:
    """Other users' devices get no answer, nor do devices that are not there."""
    world = World()
    world.server.of(world.old.place).mailbox = [
        ToDeviceEvent(type="m.room_key_request", sender=sender, content=content)
    ]
    before = len(world.server.asked)
    world.old.sync()
    assert [] == [one for _, one in world.server.asked[before:] if isinstance(one, SendToDevice)]


def test_key_requests_that_were_cancelled_are_not_answered() -> None:
    """Matrix v1.19 CS §Key requests: a cancellation makes the device disregard the request."""
    world = World()
    world.server.of(world.old.place).mailbox = [
        ToDeviceEvent(type="m.room_key_request", sender=_BOB, content=content)
        for content in (_request(), _request(action="request_cancellation"))
    ]
    before = len(world.server.asked)
    world.old.sync()
    assert [] == [one for _, one in world.server.asked[before:] if isinstance(one, SendToDevice)]


def test_key_requests_are_answered_after_a_restart() -> None:
    """A request that was received is kept until it is answered."""
    world = World()
    world.ask()
    world.old.do(world.old.machine.receive(world.server.sync(world.old.place)))
    world.old.restart()
    world.old.do(world.old.machine.upkeep())
    world.new.sync()
    assert ["hello"] == [one.content["body"] for one in world.new.machine.came_up()]


def _forward(world: World, giver: Phone, **changes: object) -> None:
    """Let a device forward the key, asked or not."""
    info = next(iter(world.old.machine.sessions()))
    exported = world.old.machine.export(info.room_id, info.session_id)
    assert exported is not None
    content = {
        "algorithm": exported.algorithm,
        "room_id": exported.room_id,
        "session_id": exported.session_id,
        "session_key": exported.session_key,
        "sender_key": exported.sender_key,
        "sender_claimed_ed25519_key": exported.sender_claimed_keys["ed25519"],
        "forwarding_curve25519_key_chain": [],
        **changes,
    }
    giver.do(giver.machine.track([_BOB]))
    giver.do(giver.machine.send_to_devices(giver.machine.devices.of(_BOB), "m.forwarded_room_key", content))
    world.new.sync()


def test_forwarded_keys_count_where_they_were_asked_for() -> None:
    """A key that nobody asked for is not taken, whoever forwards it."""
    world = World()
    _forward(world, world.old)
    assert [] == list(world.new.machine.sessions())
    world.ask()
    _forward(world, world.old)
    assert [KeySource.FORWARDED] == [one.source for one in world.new.machine.sessions()]


def test_forwarded_keys_count_from_verified_devices_of_ours_only() -> None:
    """Matrix v1.19 CS §Key requests: neither another user's verified device nor our own unverified one will do."""
    world = World()
    world.ask()
    world.new.machine.trusting = Newcomer({(_ANN, "ANN"): Trust.VERIFIED, (_BOB, "OLD"): Trust.SIGNED})
    _forward(world, world.ann)
    _forward(world, world.old)
    assert [] == list(world.new.machine.sessions())


@pytest.mark.parametrize("change", [{"session_key": "x"}, {"session_key": 7}, {"algorithm": "m.megolm.v2"}])
def test_forwarded_keys_that_are_none_are_dropped(change: JsonObject) -> None:
    """What is no key is not taken."""
    world = World()
    world.ask()
    _forward(world, world.old, **change)
    assert [] == list(world.new.machine.sessions())
