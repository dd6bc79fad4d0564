"""A disk that is full for a while, as whoever reads and writes at the same time meets it."""

from __future__ import annotations

import pytest

from fakes.homeserver import Counting, Desk, FakeHomeserver
from scop.matrix import unpadded_base64
from scop.matrix.client import Client
from scop.matrix.client.happenings import Happening, RoomEvent, ToDeviceReceived
from scop.matrix.encryption import Machine
from scop.matrix.steps import Keep, Needed, Shelf, Steps


class _World:
    """Alice and Bob in an encrypted room, who have each other's keys."""

    def __init__(self) -> None:
        self.server = FakeHomeserver()
        names = [self.server.register(name) for name in ("alice", "bob")]
        self.room = self.server.rooms.make(names[1], is_encrypted=True)
        self.server.rooms.set_membership(self.room, names[1], names[0], "join")
        self.desks = [Desk(self.server, Counting(number << 60), encrypts=True) for number in range(2)]
        self.clients = [desk.client() for desk in self.desks]
        for desk, client, name in zip(self.desks, self.clients, ("alice", "bob"), strict=True):
            desk.run(client.login_with_password(self.server.url, name, "secret"))
        for _ in range(2):
            self.sync(0)
            self.sync(1)

    def sync(self, number: int) -> tuple[Happening, ...]:
        """Return what is new for one of them."""
        return self.desks[number].run(self.clients[number].sync())

    def say(self, body: str) -> None:
        """Let Alice say something."""
        self.desks[0].run(self.clients[0].send_text(self.room, body))

    def tell(self, body: str) -> None:
        """Let Alice tell Bob's device something."""
        self.desks[0].run(self.telling(body))

    def telling(self, body: str) -> Steps[object]:
        """Tell Bob's device something."""
        alice, bob = (_machine(client) for client in self.clients)
        return alice.send_to_devices([bob.own_device], "x.told", {"body": body})

    def restart(self) -> None:
        """Let Alice begin anew with what was kept."""
        self.clients[0] = self.desks[0].client()

    def fill_disk(self) -> None:
        """Let Alice's disk take nothing, once."""
        self.desks[0].before.append(self._full)

    def _full(self, needed: Needed) -> None:
        if isinstance(needed, Keep):
            self.desks[0].before.clear()
            raise OSError(28, "no space left")


class _Answering:
    """Says something of its own in a sync, as verification does; once."""

    def __init__(self, steps: Steps[object]) -> None:
        self._steps = [steps]

    def follow(self, _happening: Happening) -> Steps[tuple[Happening, ...]]:
        """Make nothing of it."""
        yield from ()
        return ()

    def upkeep(self) -> Steps[tuple[Happening, ...]]:
        """Say it."""
        if self._steps:
            yield from self._steps.pop()
        return ()


def _machine(client: Client) -> Machine:
    assert client.encryption is not None
    return client.encryption


def _sync_on_a_full_disk(world: _World, steps: Steps[object]) -> _Answering:
    """Let what a sync says meet a disk that is full, before it goes out."""
    answering = _Answering(steps)
    world.fill_disk()
    with pytest.raises(OSError, match="no space"):
        world.desks[0].run(world.clients[0].sync_with(answering))
    return answering


def test_no_index_is_used_twice_after_a_sync_that_could_not_be_written() -> None:
    """Matrix v1.19 CS §m.megolm.v1.aes-sha2: what is written again is no older than what a send kept meanwhile."""
    world = _World()
    world.say("zero")
    world.sync(1)
    answering = _sync_on_a_full_disk(world, world.clients[0].send_text(world.room, "one"))
    world.say("two")
    world.desks[0].run(world.clients[0].sync_with(answering))
    world.restart()
    world.say("three")
    heard = [one.event.body for one in world.sync(1) if isinstance(one, RoomEvent)]
    assert ["one", "two", "three"] == heard
    (used,) = {session for session, _ in _indices(world)}
    assert [(used, index) for index in range(4)] == _indices(world)
    assert {} == world.desks[0].kept[Shelf.OUTBOX]


def _indices(world: _World) -> list[tuple[str, int]]:
    """Return session and message index of all that is in the room."""
    contents = [event["content"] for event in world.server.rooms.of_type(world.room, "m.room.encrypted")]
    found = []
    for content in contents:
        assert isinstance(content, dict)
        # Matrix v1.19 olm-megolm/megolm §Message format: the version, the tag of the index, the index.
        version, tag, index = unpadded_base64.decode(content["ciphertext"])[:3]
        assert (3, 8) == (version, tag)
        found.append((content["session_id"], index))
    return found


def test_no_olm_message_key_is_used_twice_after_a_sync_that_could_not_be_written() -> None:
    """What one device tells another is read, whatever was written again in between."""
    world = _World()
    world.say("zero")
    world.sync(1)
    answering = _sync_on_a_full_disk(world, world.telling("one"))
    world.tell("two")
    world.desks[0].run(world.clients[0].sync_with(answering))
    world.restart()
    world.tell("three")
    told = [one.content["body"] for one in world.sync(1) if isinstance(one, ToDeviceReceived)]
    assert ["two", "three"] == told
