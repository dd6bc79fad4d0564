"""Encrypted rooms through the whole client: what is sent, read, waited for and begun again."""

from __future__ import annotations

from contextlib import suppress

import pytest

from fakes.homeserver import Broken, Counting, Desk, FakeHomeserver
from scop.matrix.api.client_server.rooms import GetRoomState
from scop.matrix.api.client_server.sync import Sync
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.client import Client
from scop.matrix.client.happenings import Happening, RoomEvent, ToDeviceReceived, Undecryptable
from scop.matrix.client.joining import NewRoom
from scop.matrix.client.loading import MAX_UNSYNCED_SECONDS
from scop.matrix.encryption import KeySource, ToDevice
from scop.matrix.steps import Keep, Needed, Shelf, Steps


class World:
    """Alice and Bob in an encrypted room."""

    def __init__(self) -> None:
        self.server = FakeHomeserver()
        self.rooms = self.server.rooms
        self.names = {name: self.server.register(name) for name in ("alice", "bob")}
        self.room = self.rooms.make(self.names["bob"], is_encrypted=True)
        self.rooms.set_membership(self.room, self.names["bob"], self.names["alice"], "join")
        self.desks: dict[str, Desk] = {}
        self.clients: dict[str, Client] = {}
        for number, name in enumerate(self.names):
            self.desks[name] = Desk(self.server, Counting(number << 60), encrypts=True)
            client = self.restart(name)
            self.desks[name].run(client.login_with_password(self.server.url, name, "secret"))
        for _ in range(2):
            self.sync("alice")
            self.sync("bob")

    def restart(self, name: str) -> Client:
        """Begin anew with what was kept."""
        self.clients[name] = self.desks[name].client()
        return self.clients[name]

    def sync(self, name: str) -> tuple[Happening, ...]:
        """Return what is new for someone."""
        return self.desks[name].run(self.clients[name].sync())

    def heard(self, name: str) -> list[tuple[str, bool]]:
        """Return the messages that are new for someone, and whether they were encrypted."""
        events = [one for one in self.sync(name) if isinstance(one, RoomEvent)]
        return [(one.event.body, one.was_encrypted) for one in events if one.event.type == "m.room.message"]

    def say(self, name: str, body: str) -> str:
        """Let someone say something."""
        return self.desks[name].run(self.clients[name].send_text(self.room, body))


def test_what_is_said_in_an_encrypted_room_is_read_by_its_members_alone() -> None:
    """The server has m.room.encrypted, the members have the words."""
    world = World()
    world.say("alice", "under the sea")
    assert [("under the sea", True)] == world.heard("bob")
    assert [("under the sea", True)] == world.heard("alice")
    assert [] == world.rooms.bodies(world.room)
    assert "under the sea" not in str(world.rooms.of_type(world.room, "m.room.encrypted"))


def test_encryption_goes_on_after_restarts() -> None:
    """Both may begin anew between any two messages."""
    world = World()
    for number in range(4):
        for name, other in (("alice", "bob"), ("bob", "alice")):
            world.restart(name)
            world.say(name, f"{number} of {name}")
            world.restart(other)
            assert (f"{number} of {name}", True) in world.heard(other)


def test_relations_stay_in_the_clear_and_come_back() -> None:
    """How events relate is not encrypted, and is in the content that is read (§Editing encrypted events)."""
    world = World()
    event_id = world.say("alice", "old")
    world.desks["alice"].run(world.clients["alice"].edit(world.room, event_id, "new"))
    sealed = world.rooms.of_type(world.room, "m.room.encrypted")[-1]["content"]
    assert {"rel_type": "m.replace", "event_id": event_id} == sealed["m.relates_to"]  # type: ignore[index]
    edit = [one.event for one in world.sync("bob") if isinstance(one, RoomEvent)][-1]
    assert event_id == edit.replaces
    assert {"body": "new", "msgtype": "m.text", "m.mentions": {}} == edit.content["m.new_content"]


def test_push_rules_judge_what_was_within() -> None:
    """Mentions within encrypted messages are seen by us, who can read them."""
    world = World()
    content = {"body": "x", "msgtype": "m.text", "m.mentions": {"user_ids": [world.names["bob"]]}}
    world.desks["alice"].run(world.clients["alice"].send(world.room, "m.room.message", dict(content)))
    assert [True] == [one.is_highlight for one in world.sync("bob") if isinstance(one, RoomEvent)]


def _hold_keys(world: World) -> list[Needed]:
    """Let the messages that carry keys to Bob get lost; return what was lost."""
    lost: list[Needed] = []

    def lose(needed: Needed) -> None:
        if isinstance(needed, SendToDevice) and not lost:
            lost.append(needed)
            bob = world.server.keys.of(world.names["bob"])[0]
            bob.inbox.clear()

    world.desks["alice"].after.append(lose)
    return lost


def test_an_event_without_its_key_waits_and_comes_again() -> None:
    """What cannot be read is told as such, and as a late event once its key is there, after a restart too."""
    world = World()
    lost = _hold_keys(world)
    event_id = world.say("alice", "late")
    told = [one for one in world.sync("bob") if isinstance(one, Undecryptable)]
    assert [event_id] == [one.event.event_id for one in told]
    assert "unknown-session" == told[0].reason
    world.restart("bob")
    (carried,) = lost
    assert isinstance(carried, SendToDevice)
    sender = world.names["alice"]
    world.server.keys.send(sender, carried.event_type, carried.messages, world.rooms.step())
    late = [one for one in world.sync("bob") if isinstance(one, RoomEvent)]
    assert [(event_id, "late", True)] == [(one.event.event_id, one.event.body, one.is_late) for one in late]
    world.restart("bob")
    assert [] == world.heard("bob")


def test_what_is_sent_first_after_a_login_is_signed_by_a_device_that_others_find() -> None:
    """Who logs in and writes before any sync has published its keys by then."""
    world = World()
    desk = Desk(world.server, Counting(7 << 60), encrypts=True)
    client = desk.client()
    session = desk.run(client.login_with_password(world.server.url, "alice", "secret"))
    desk.run(client.send_text(world.room, "early"))
    world.sync("bob")
    machine = world.clients["bob"].encryption
    assert machine is not None
    assert session.device_id in {device.device_id for device in machine.devices.of(session.user_id)}


def test_an_event_that_was_taken_away_does_not_come_again() -> None:
    """Matrix v1.19 CS §Redactions: who takes back what they said means it, also where its key comes only after that."""
    world = World()
    (lost, event_id) = (_hold_keys(world), world.say("alice", "a slip of the pen"))
    world.sync("bob")
    world.desks["alice"].run(world.clients["alice"].redact(world.room, event_id))
    world.sync("bob")
    world.restart("bob")
    (carried,) = lost
    assert isinstance(carried, SendToDevice)
    world.server.keys.send(world.names["alice"], carried.event_type, carried.messages, world.rooms.step())
    assert [] == world.heard("bob")


class _Finder:
    """Finds the keys of events that cannot be read, as a key backup has them: at once, or after all else."""

    def __init__(self, world: World, *, at_once: bool) -> None:
        self._world = world
        self._at_once = at_once
        self._sought: list[tuple[str, str]] = []

    def follow(self, happening: Happening) -> Steps[tuple[str, ...]]:
        """Note what is sought."""
        if isinstance(happening, Undecryptable):
            self._sought.append((happening.room_id, str(happening.event.content["session_id"])))
            if self._at_once:
                return (yield from self.upkeep())
        return ()

    def upkeep(self) -> Steps[tuple[str, ...]]:
        """Find it."""
        theirs, ours = (self._world.clients[name].encryption for name in ("alice", "bob"))
        assert theirs is not None
        assert ours is not None
        found = [session for where in self._sought if (session := theirs.export(*where)) is not None]
        self._sought.clear()
        yield from ours.import_sessions(found, KeySource.BACKUP)
        return ()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_key_that_is_found_while_a_sync_is_followed_opens_its_events_at_once(at_once: bool) -> None:
    """Nobody waits for the next long poll to read what the key backup had the key of."""
    world = World()
    _hold_keys(world)
    world.say("alice", "late")
    told = world.desks["bob"].run(world.clients["bob"].sync_with(_Finder(world, at_once=at_once)))
    kinds = [type(one) for one in told if isinstance(one, Undecryptable | RoomEvent)]
    assert [Undecryptable, RoomEvent] == kinds
    assert ("late", True) == next((one.event.body, one.is_late) for one in told if isinstance(one, RoomEvent))
    assert [] == world.heard("bob")


def test_a_key_that_is_found_between_syncs_is_not_kept_waiting() -> None:
    """The sync after it asks the server to answer at once."""
    world = World()
    _hold_keys(world)
    world.say("alice", "late")
    (closed,) = [one for one in world.sync("bob") if isinstance(one, Undecryptable)]
    finder = _Finder(world, at_once=True)
    world.desks["bob"].run(finder.follow(closed))
    told = world.desks["bob"].run(world.clients["bob"].sync(30))
    assert ["late"] == [one.event.body for one in told if isinstance(one, RoomEvent)]
    world.desks["bob"].run(world.clients["bob"].sync(30))
    assert [0, 30_000] == [one.timeout for one in world.server.asked if isinstance(one, Sync)][-2:]


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("number", range(1, 10))
def test_an_encrypted_message_is_there_once_wherever_its_sender_ends(number: int, is_done: bool) -> None:
    """An end at any step of sending: after a restart the message is there once, or, unkept, not at all."""
    world = World()
    steps = 0

    def end(needed: Needed) -> None:
        nonlocal steps
        steps += 1
        if steps == number:
            raise Broken

    desk = world.desks["alice"]
    (desk.after if is_done else desk.before).append(end)
    with suppress(Broken):
        world.say("alice", "once")
    was_kept = any(change.shelf is Shelf.OUTBOX for kept in desk.keeps for change in kept)
    world.restart("alice")
    world.sync("alice")
    desk.run(world.clients["alice"].resume())
    world.say("alice", "after")
    words = [body for body, _ in world.heard("bob")]
    assert (["once", "after"] if was_kept else ["after"]) == words


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("number", range(1, 6))
def test_reading_goes_on_wherever_the_reader_ends(number: int, is_done: bool) -> None:
    """An end at any step of a sync but the last: the next client reads all of it, keys and all, once."""
    world = World()
    world.say("alice", "one")
    steps, was_kept = 0, False

    def end(needed: Needed) -> None:
        nonlocal steps, was_kept
        steps += 1
        if steps == number:
            is_progress = isinstance(needed, Keep) and any(change.shelf is Shelf.SYNC for change in needed.changes)
            was_kept = is_done and is_progress
            raise Broken

    desk = world.desks["bob"]
    (desk.after if is_done else desk.before).append(end)
    words: list[tuple[str, bool]] = []
    for _ in range(2):
        try:
            words += world.heard("bob")
        except Broken:
            world.restart("bob")
    desk.after.clear()
    desk.before.clear()
    world.say("alice", "two")
    words += world.heard("bob")
    assert ([] if was_kept else [("one", True)]) + [("two", True)] == words


def test_how_far_was_read_is_durable_last() -> None:
    """Keys that came are durable before anything is asked for, and how far was read with the rooms, after all."""
    world = World()
    world.say("alice", "one")
    desk = world.desks["bob"]
    seen: list[Needed] = []
    desk.before.append(seen.append)
    world.sync("bob")
    kept = [{change.shelf for change in needed.changes} for needed in seen if isinstance(needed, Keep)]
    assert isinstance(seen[0], Sync)
    assert isinstance(seen[1], Keep)
    assert seen[-1] is [needed for needed in seen if isinstance(needed, Keep)][-1]
    assert {Shelf.SYNC, Shelf.ROOM} <= kept[-1]
    assert Shelf.INBOUND in kept[0]
    assert not any(Shelf.SYNC in shelves for shelves in kept[:-1])


def test_history_is_read_as_syncs_are() -> None:
    """Pages of history are decrypted where their keys are there."""
    world = World()
    world.say("alice", "one")
    world.sync("bob")
    page = world.desks["bob"].run(world.clients["bob"].history.page(world.room))
    assert ("one", True) == (page.events[0].event.body, isinstance(page.events[0], RoomEvent))


def test_those_who_left_read_no_more() -> None:
    """After someone left, what is said has another key."""
    world = World()
    world.say("alice", "one")
    world.sync("bob")
    world.rooms.set_membership(world.room, world.names["bob"], world.names["bob"], "leave")
    world.sync("alice")
    world.say("alice", "two")
    sessions = {event["content"]["session_id"] for event in world.rooms.of_type(world.room, "m.room.encrypted")}  # type: ignore[index]
    assert 2 == len(sessions)
    assert 1 == len(world.server.keys.of(world.names["bob"])[0].inbox)  # the key of the first, and no other


def test_a_room_that_no_sync_brought_is_encrypted_all_the_same() -> None:
    """Right after it was made, a room is what the server has: nothing goes into it in the clear."""
    world = World()
    desk, client = world.desks["bob"], world.clients["bob"]
    room = desk.run(client.joining.create(NewRoom(invited=(world.names["alice"],))))
    assert room not in client.rooms
    for body in ("one", "two"):
        desk.run(client.send_text(room, body))
    assert [] == world.rooms.bodies(room)
    assert 1 == sum(isinstance(one, GetRoomState) for one in world.server.asked)
    world.desks["alice"].run(world.clients["alice"].joining.join(room))
    assert [("one", True), ("two", True)] == world.heard("alice")
    assert [("one", True), ("two", True)] == world.heard("bob")
    assert client.rooms[room].membership == "join"


def test_a_room_that_no_sync_brings_is_looked_at_again() -> None:
    """Who sends without syncing does not give keys for ever to those who were in the room at first."""
    world = World()
    desk, client = world.desks["bob"], world.clients["bob"]
    room = world.rooms.make(world.names["bob"], is_encrypted=True)
    world.rooms.set_membership(room, world.names["bob"], world.names["alice"], "join")
    desk.run(client.send_text(room, "one"))
    world.rooms.set_membership(room, world.names["bob"], world.names["alice"], "leave")
    world.server.keys.of(world.names["alice"])[0].inbox.clear()
    desk.clock.jump(MAX_UNSYNCED_SECONDS)
    desk.run(client.send_text(room, "two"))
    sessions = {event["content"]["session_id"] for event in world.rooms.of_type(room, "m.room.encrypted")}  # type: ignore[index]
    assert (2, []) == (len(sessions), world.server.keys.of(world.names["alice"])[0].inbox)


def test_a_secret_is_told_to_nobody_but_who_keeps_it() -> None:
    """What is new is shown, written down and passed on by programs: a private key is not in it."""
    world = World()
    alice, bob = (world.clients[name].encryption for name in ("alice", "bob"))
    assert alice is not None
    assert bob is not None
    content: dict[str, object] = {"request_id": "r", "secret": "the private half"}
    world.desks["alice"].run(alice.send_to_devices([bob.own_device], "m.secret.send", content))
    (told,) = [one for one in world.sync("bob") if isinstance(one, ToDeviceReceived)]
    assert told.content == {"request_id": "r"}
    assert "private half" not in repr(told)
    assert isinstance(told.message, ToDevice)
    assert told.message.content == content


def test_what_waits_goes_into_a_room_as_the_room_is_then() -> None:
    """A room that was encrypted while a message waited gets nothing of it in the clear, after a restart either."""
    world = World()
    desk, rooms = world.desks["bob"], world.rooms
    room = rooms.make(world.names["bob"])
    rooms.set_membership(room, world.names["bob"], world.names["alice"], "join")
    world.sync("bob")
    client = world.clients["bob"]
    desk.run(client.queue(room, "m.room.message", {"msgtype": "m.text", "body": "kept"}))
    desk.run(client.queue(room, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation"}}))
    rooms.put_state(room, world.names["bob"], "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
    world.sync("bob")
    client = world.restart("bob")
    desk.run(client.resume())
    assert ([], 1) == (rooms.bodies(room), len(rooms.of_type(room, "m.reaction")))
    assert ("kept", True) in world.heard("alice")
