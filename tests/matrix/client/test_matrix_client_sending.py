"""What is sent is there once, whatever breaks."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from fakes.homeserver import Broken, Desk, FakeHomeserver, refusal
from scop.base import LocalProtocolError
from scop.matrix.api.client_server.room_send import SendMessage
from scop.matrix.api.errors import MatrixError
from scop.matrix.client import Client, ClientOptions
from scop.matrix.client.happenings import NotSent
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Keep, Needed, Shelf

_PLAIN = ClientOptions(encrypts=False)


class World:
    """Alice, who sends into a room of hers."""

    def __init__(self) -> None:
        self.server = FakeHomeserver()
        self.alice = self.server.register("alice")
        self.rooms = self.server.rooms
        self.room = self.rooms.make(self.alice)
        self.desk = Desk(self.server)
        self.client = self.desk.client(_PLAIN)
        self.desk.run(self.client.login_with_password(self.server.url, "alice", "secret"))
        self.desk.run(self.client.sync())

    def restart(self) -> Client:
        """Begin anew with what was kept."""
        self.client = self.desk.client(_PLAIN)
        return self.client

    def send(self, body: str) -> str:
        """Say something."""
        return self.desk.run(self.client.send_text(self.room, body))

    def said(self) -> list[str]:
        """Return what the server has."""
        return self.rooms.bodies(self.room)

    def end_at(self, number: int, *, is_done: bool) -> None:
        """Let the process end at the step of that number from now, before or after it is done."""
        steps = 0

        def end(needed: Needed) -> None:
            nonlocal steps
            steps += 1
            if steps == number:
                raise Broken

        (self.desk.after if is_done else self.desk.before).append(end)


def test_sending_returns_the_id_of_the_event() -> None:
    """The outcome of sending is the id that the server gave."""
    world = World()
    event_id = world.send("hello")
    assert event_id == world.rooms.of_type(world.room, "m.room.message")[0]["event_id"]
    assert world.client.outbox.waiting == ()
    assert world.desk.kept[Shelf.OUTBOX] == {}


def test_sending_keeps_the_message_before_it_goes_out() -> None:
    """What goes out is durable with its transaction id before."""
    world = World()
    seen: list[Needed] = []
    world.desk.before.append(seen.append)
    world.send("hello")
    assert [Keep, SendMessage, Keep] == [type(needed) for needed in seen]


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_sending_survives_an_end_at_any_step(number: int, is_done: bool) -> None:
    """Wherever the process ends, what was kept is there once after a restart, what was not is not there."""
    world = World()
    world.end_at(number, is_done=is_done)
    with pytest.raises(Broken):
        world.send("hello")
    world.restart()
    world.desk.run(world.client.resume())
    assert world.said() == ([] if (number, is_done) == (1, False) else ["hello"])
    assert world.client.outbox.waiting == ()
    assert world.desk.run(world.client.resume()) == ()


def test_sending_again_after_a_restart_goes_out_by_the_same_transaction() -> None:
    """The server sees one transaction, however often it is asked."""
    world = World()
    world.end_at(2, is_done=True)
    with pytest.raises(Broken):
        world.send("hello")
    world.restart()
    sent = world.desk.run(world.client.resume())
    assert len({one.txn_id for one in world.server.asked if isinstance(one, SendMessage)}) == 1
    assert sent == (world.rooms.of_type(world.room, "m.room.message")[0]["event_id"],)


def test_a_message_that_came_back_is_not_sent_again() -> None:
    """What a sync shows with its transaction id needs no asking, even of a server that forgot the transaction."""
    world = World()
    world.end_at(2, is_done=True)
    with pytest.raises(Broken):
        world.send("hello")
    world.restart()
    world.desk.run(world.client.sync())
    world.rooms.transactions.clear()
    assert world.desk.run(world.client.resume()) == ()
    assert world.said() == ["hello"]
    assert world.desk.kept[Shelf.OUTBOX] == {}


def test_sending_keeps_the_order_of_a_room() -> None:
    """What waits in a room goes out before what comes later."""
    world = World()
    world.end_at(2, is_done=False)
    with pytest.raises(Broken):
        world.send("one")
    world.restart()
    world.send("two")
    assert world.said() == ["one", "two"]


def test_sending_that_is_refused_for_good_is_given_up() -> None:
    """What the server will never take is not kept, and whoever asked is told."""
    world = World()
    world.rooms.set_membership(world.room, world.alice, world.alice, "leave")
    with pytest.raises(MatrixError, match="M_FORBIDDEN"):
        world.send("hello")
    assert world.client.outbox.waiting == ()


@pytest.mark.parametrize("status", [401, 429, 500, 502])
def test_sending_that_is_refused_for_now_waits(status: int) -> None:
    """A refusal that says nothing of the message leaves it where it is."""
    world = World()
    answer = world.server.answers[SendMessage]

    def refuse(_device: object, _request: object) -> dict[str, object]:
        raise refusal(status, "M_UNKNOWN")

    world.server.answers[SendMessage] = refuse
    with pytest.raises(MatrixError):
        world.send("hello")
    world.server.answers[SendMessage] = answer
    world.restart()
    world.desk.run(world.client.resume())
    assert world.said() == ["hello"]


def test_resuming_passes_over_what_is_refused_for_good() -> None:
    """One message that the server never takes does not hold up the others; it is in `refused`."""
    world = World()
    other = world.rooms.make(world.alice)
    queued = [world.desk.run(world.client.queue(room, "m.room.message", {"body": "x"})) for room in (other, world.room)]
    world.rooms.set_membership(other, world.alice, world.alice, "leave")
    assert len(world.desk.run(world.client.resume())) == 1
    assert [queued[0]] == [entry.transaction_id for entry, _ in world.client.outbox.refused]
    assert world.client.outbox.waiting == ()


def test_a_transaction_id_that_is_said_is_sent_once() -> None:
    """Whoever says the transaction id may ask as often as they like, also after a restart."""
    world = World()
    first = world.desk.run(world.client.sending.event(world.room, "m.room.message", {"body": "x"}, "mine"))
    again = world.desk.run(world.client.sending.event(world.room, "m.room.message", {"body": "x"}, "mine"))
    world.restart()
    once_more = world.desk.run(world.client.sending.event(world.room, "m.room.message", {"body": "x"}, "mine"))
    assert first == again == once_more
    assert world.said() == ["x"]


def test_cancelling_takes_a_message_back() -> None:
    """What was queued and cancelled does not go out."""
    world = World()
    queued = world.desk.run(world.client.queue(world.room, "m.room.message", {"body": "x"}))
    world.desk.run(world.client.outbox.cancel(queued))
    world.restart()
    assert world.desk.run(world.client.resume()) == ()
    with pytest.raises(LocalProtocolError):
        world.desk.run(world.client.deliver(queued))


def test_delivering_twice_gives_the_same_event() -> None:
    """Asking again for what was delivered is answered from memory."""
    world = World()
    queued = world.desk.run(world.client.queue(world.room, "m.room.message", {"body": "x"}))
    assert world.desk.run(world.client.deliver(queued)) == world.desk.run(world.client.deliver(queued))
    assert world.said() == ["x"]


def test_redacting_goes_through_the_outbox() -> None:
    """A redaction survives an end of the process as a message does."""
    world = World()
    event_id = world.send("hello")
    world.end_at(2, is_done=True)
    with pytest.raises(Broken):
        world.desk.run(world.client.redact(world.room, event_id, "storm"))
    world.restart()
    world.desk.run(world.client.resume())
    redactions = world.rooms.of_type(world.room, "m.room.redaction")
    assert [{"redacts": event_id, "reason": "storm"}] == [event["content"] for event in redactions]


def test_an_encrypted_room_gets_nothing_in_the_clear() -> None:
    """A client without encryption sends nothing into a room that is encrypted."""
    world = World()
    room = world.rooms.make(world.alice, is_encrypted=True)
    world.desk.run(world.client.sync())
    with pytest.raises(LocalProtocolError):
        world.desk.run(world.client.send_text(room, "hello"))
    assert world.rooms.bodies(room) == []
    world.desk.run(world.client.react(room, "$event1", "⚓"))
    assert len(world.rooms.of_type(room, "m.reaction")) == 1


def test_threads_point_to_what_was_said_last() -> None:
    """For those who do not know threads, each message answers the one before it, whoever sent that."""
    world = World()
    root = world.send("root")
    first = world.desk.run(world.client.sending.in_thread(world.room, root, "one"))
    related = world.rooms.of_type(world.room, "m.room.message")[-1]["content"]["m.relates_to"]  # type: ignore[index]
    assert {"event_id": root} == related["m.in_reply_to"]
    theirs = world.rooms.put(
        world.room,
        "@bob:example.org",
        "m.room.message",
        {"body": "b", "m.relates_to": {"rel_type": "m.thread", "event_id": root}},
    )
    world.desk.run(world.client.sync())
    world.desk.run(world.client.sending.in_thread(world.room, root, "two"))
    related = world.rooms.of_type(world.room, "m.room.message")[-1]["content"]["m.relates_to"]  # type: ignore[index]
    assert first != theirs
    assert {"event_id": theirs} == related["m.in_reply_to"]


@drawn(30)
@given(
    ends=st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=4),
    syncs=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_sending_many_with_many_ends(ends: list[tuple[int, bool]], syncs: list[bool]) -> None:
    """However often the process ends, every message that was queued is there once, in order."""
    world = World()
    queued: list[str] = []
    for number, has_sync in enumerate(syncs):
        if number < len(ends):
            world.end_at(ends[number][0], is_done=ends[number][1])
        try:
            if has_sync:
                world.desk.run(world.client.sync())
            world.send(f"{number}")
        except Broken:
            world.desk.before.clear()
            world.desk.after.clear()
            world.restart()
            world.desk.run(world.client.resume())
        queued.append(f"{number}")
    world.desk.before.clear()
    world.desk.after.clear()
    world.restart()
    world.desk.run(world.client.sync())
    world.desk.run(world.client.resume())
    changes = [change for kept in world.desk.keeps for change in kept if change.shelf is Shelf.OUTBOX]
    kept = {msgspec.json.decode(change.octets)["content"]["body"] for change in changes if change.octets is not None}
    assert world.said() == sorted(kept, key=queued.index)


def test_resuming_passes_over_what_cannot_be_encrypted_here() -> None:
    """What waits for a room that is encrypted by now, and cannot be, stays; what is behind it in other rooms goes."""
    world = World()
    other = world.rooms.make(world.alice)
    world.desk.run(world.client.sync())
    for room in (world.room, other):
        world.desk.run(world.client.queue(room, "m.room.message", {"msgtype": "m.text", "body": "kept"}))
    world.rooms.put_state(world.room, world.alice, "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
    world.desk.run(world.client.sync())
    world.desk.run(world.client.resume())
    assert ([], ["kept"]) == (world.said(), world.rooms.bodies(other))
    assert [world.room] == [entry.room_id for entry in world.client.outbox.waiting]


def test_sync_tells_what_is_never_sent() -> None:
    """A message that waited and was refused for good does not vanish: the next sync says so, once."""
    world = World()
    transaction_id = world.desk.run(world.client.queue(world.room, "m.room.message", {"body": "kept"}))
    world.restart()
    world.server.answers[SendMessage] = _forbids
    world.desk.run(world.client.resume())
    told = [[one for one in world.desk.run(world.client.sync()) if isinstance(one, NotSent)] for _ in range(2)]
    assert [[NotSent(world.room, transaction_id, "m.room.message", "M_FORBIDDEN", "no")], []] == told


def _forbids(_device: object, _request: object) -> JsonObject:
    raise refusal(403, "M_FORBIDDEN")
