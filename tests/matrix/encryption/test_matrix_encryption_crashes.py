"""The power goes at any step: what is on the disk goes on, and nothing is used twice or lost for good."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from fakes.jumping_clock import JumpingClock
from fakes.matrix_keys import Crash, KeyServer, Phone, room_of
from scop.matrix.encryption import Decrypted, KeySource, Newcomer, Obstacle, Trust
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Change, Keep, Steps

_ANN, _BOB = "@ann:a.test", "@bob:b.test"
_ROOM = room_of(_ANN, _BOB)
_MANY = 30  # more steps than any of these has


def _world() -> tuple[Phone, Phone]:
    server, clock = KeyServer(), JumpingClock()
    return Phone.of(server, clock, _ANN, "ANN"), Phone.of(server, clock, _BOB, "BOB")


@pytest.mark.parametrize("after", range(_MANY))
def test_crash_while_encrypting_costs_at_most_an_index(after: int) -> None:
    """Whatever step it falls on: the next message is read, and no index of a session is used twice."""
    ann, bob = _world()
    events = [ann.send(_ROOM, "0")]
    ann.do(ann.machine.discard_session(_ROOM.room_id))
    ann.crash_after = after
    with contextlib.suppress(Crash):
        events.append(ann.send(_ROOM, "1"))
    ann.restart()
    events.append(ann.send(_ROOM, "2"))
    bob.sync()
    bodies = [bob.read(_ROOM, event) for event in events]
    opened = [one for one in bodies if isinstance(one, Decrypted)]
    assert len(opened) == len(events)
    assert len({(one.key.session_id, one.message_index) for one in opened}) == len(events)


@pytest.mark.parametrize("after", range(_MANY))
def test_crash_while_sharing_forgets_nobody_who_may_have_the_key(after: int) -> None:
    """A device that left after a crash reads nothing more, whether or not it was known that it got the key."""
    ann, bob = _world()
    tab = Phone.of(ann.server, JumpingClock(), _BOB, "TAB")
    ann.crash_after = after
    with contextlib.suppress(Crash):
        ann.send(_ROOM, "1")
    ann.restart()
    tab.sync()
    ann.server.remove(tab.place)
    ann.sync()
    event = ann.send(_ROOM, "2")
    bob.sync()
    assert bob.body(_ROOM, event) == "2"
    assert tab.body(_ROOM, event) is Obstacle.UNKNOWN_SESSION


@pytest.mark.parametrize("after", range(_MANY))
def test_crash_while_receiving_loses_nothing(after: int) -> None:
    """A sync is taken in as a whole or not at all; received again it gives all it had."""
    ann, bob = _world()
    event = ann.send(_ROOM, "hello")
    ann.do(ann.machine.send_to_devices(ann.machine.devices.of(_BOB), "test.word", {"word": "hi"}))
    bob.crash_after = after
    with contextlib.suppress(Crash):
        bob.sync(is_read=False)
    bob.restart()
    assert ["hi"] == [one.content["word"] for one in bob.sync()]
    bob.restart()
    assert bob.body(_ROOM, event) == "hello"
    assert bob.send(_ROOM, "well")
    ann.sync()


@pytest.mark.parametrize("after", range(_MANY))
def test_crash_while_mending_still_mends(after: int) -> None:
    """A broken session is replaced, or what was begun is told of, in spite of a crash between."""
    ann, bob = _world()
    for phone in (ann, bob):
        phone.do(phone.machine.track([_ANN, _BOB]))
    _word(ann, bob)
    bob.sync()
    _word(bob, ann)
    ann.sync()
    bob.disk["olm-session"] = {}  # type: ignore[index]  # a StrEnum
    bob.restart()
    _word(ann, bob)
    bob.crash_after = after
    with contextlib.suppress(Crash):
        bob.sync(is_read=False)
    bob.restart()
    bob.sync()
    ann.sync()
    _word(ann, bob)
    assert len(bob.sync()) == 1


def _word(phone: Phone, other: Phone) -> None:
    devices = phone.machine.devices.of(other.place[0])
    phone.do(phone.machine.send_to_devices(devices, "test.word", {}))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 8)), max_size=12))
@drawn(15)
def test_crashes_at_random_leave_a_conversation(turns: list[tuple[str, int]]) -> None:
    """Two devices that crash in turn, after any number of steps, read each other in the end."""
    ann, bob = _world()
    phones = {"a": ann, "b": bob}
    for name, after in turns:
        phone = phones[name]
        phone.crash_after = after
        try:
            phone.sync(is_read=False)
            phone.send(_ROOM, "x")
        except Crash:
            pass
        phone.restart()
        phone.sync()
    for sender, reader in ((ann, bob), (bob, ann)):
        event = sender.send(_ROOM, "hello")
        reader.sync()
        assert reader.body(_ROOM, event) == "hello"


@pytest.mark.parametrize("after", range(12))
def test_crash_while_keys_are_asked_and_given_is_made_good(after: int) -> None:
    """A request and its answer are sent again where a crash cut them off."""
    server, clock = KeyServer(), JumpingClock()
    ann, old = Phone.of(server, clock, _ANN, "ANN"), Phone.of(server, clock, _BOB, "OLD")
    event = ann.send(_ROOM, "hello")
    old.sync()
    new = Phone.of(server, clock, _BOB, "NEW")
    for phone in (old, new):
        phone.machine.trusting = Newcomer({(_BOB, name): Trust.VERIFIED for name in ("OLD", "NEW")})
    old.sync()
    new.read(_ROOM, event)
    for phone in (new, old, new):
        phone.crash_after = after
        with contextlib.suppress(Crash):
            phone.sync(is_read=False)
        phone.restart()
        phone.sync()
    assert ["hello"] == [one.content["body"] for one in new.machine.came_up()] or new.body(_ROOM, event) == "hello"


def test_nothing_leaves_that_is_not_durable() -> None:
    """Between the last change and each question to the server all changes were kept."""
    ann, _ = _world()

    def watched(steps: Steps[JsonObject]) -> list[str]:
        seen = []
        try:
            needed = next(steps)
            while True:
                seen.append(type(needed).__name__)
                assert isinstance(needed, Keep) or ann.machine._ledger.drain() == ()
                needed = steps.send(ann._answer(needed))
        except StopIteration:
            return seen

    seen = watched(ann.machine.encrypt(_ROOM, "m.room.message", {"body": "x"}))
    assert {"Keep", "QueryKeys", "ClaimKeys", "SendToDevice"} == set(seen)
    assert seen[-1] == "Keep"
    assert ann.machine._ledger.drain() == ()


def test_disk_that_is_full_for_a_while_costs_nothing_that_was_learnt() -> None:
    """What could not be written is written with what comes next: nobody gives it a second time."""
    ann, bob = _world()
    event = ann.send(_ROOM, "hello")
    bob.sync()
    exported = [bob.machine.export(info.room_id, info.session_id) for info in bob.machine.sessions()]
    late = Phone.of(ann.server, JumpingClock(), "@cid:c.test", "CID")
    keep = late._keep

    def full(_changes: tuple[Change, ...]) -> None:
        late._keep = keep  # type: ignore[method-assign]
        raise OSError(28, "no space left")

    late._keep = full  # type: ignore[assignment]
    taken = [one for one in exported if one is not None]
    with pytest.raises(OSError, match="no space"):
        late.do(late.machine.import_sessions(taken, KeySource.IMPORTED))
    late.do(late.machine.import_sessions(taken, KeySource.IMPORTED))
    late.restart()
    assert late.body(_ROOM, event) == "hello"
