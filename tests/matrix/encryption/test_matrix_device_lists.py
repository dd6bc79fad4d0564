"""Device lists: what is tracked, what is believed, what is asked again."""

from __future__ import annotations

import msgspec
import pytest

from fakes.jumping_clock import JumpingClock
from fakes.matrix_keys import KeyServer, Phone, room_of
from scop.matrix.api.client_server.keys import ClaimKeys, QueryKeys, QueryKeysResponse
from scop.matrix.api.client_server.sync import DeviceLists
from scop.matrix.api.request import Request, Response
from scop.matrix.json_values import JsonObject

_ANN, _BOB = "@ann:a.test", "@bob:b.test"


def _two() -> tuple[Phone, Phone]:
    server, clock = KeyServer(), JumpingClock()
    return Phone.of(server, clock, _ANN, "ANN"), Phone.of(server, clock, _BOB, "BOB")


def _queries(phone: Phone) -> list[QueryKeys]:
    return [one for name, one in phone.server.asked if name == phone.place[1] and isinstance(one, QueryKeys)]


def test_device_lists_are_asked_for_once() -> None:
    """Matrix v1.19 CS §Tracking the device list: one query when a user is first tracked, one after each change."""
    ann, bob = _two()
    ann.do(ann.machine.track([_BOB]))
    ann.do(ann.machine.track([_BOB]))
    assert [tuple(one.device_keys) for one in _queries(ann)] == [(_ANN,), (_BOB,)]
    assert [one.device_id for one in ann.machine.devices.of(_BOB)] == ["BOB"]
    assert ann.machine.devices.changes() == {_ANN, _BOB}
    ann.sync()
    before = len(_queries(ann))
    Phone.of(bob.server, JumpingClock(), _BOB, "BOB2")
    ann.sync()
    assert len(_queries(ann)) == before + 1
    assert ann.machine.devices.changes() == {_BOB}
    assert [one.device_id for one in ann.machine.devices.of(_BOB)] == ["BOB", "BOB2"]


def test_device_lists_do_not_track_strangers() -> None:
    """A change of a user that is not tracked is of no interest."""
    ann, _ = _two()
    ann.sync()
    assert {_ANN} == ann.machine.devices.tracked()


def test_device_lists_remember_across_restarts_that_they_are_outdated() -> None:
    """Matrix v1.19 CS §Tracking the device list: "Both flags should be in storage which persists"."""
    ann, bob = _two()
    ann.do(ann.machine.track([_BOB]))
    bob.server.unreachable.add("b.test")
    Phone.of(bob.server, JumpingClock(), _BOB, "BOB2")
    ann.sync()
    ann.restart()
    assert ann.machine.devices.is_outdated(_BOB)
    bob.server.unreachable.clear()
    ann.sync()
    assert not ann.machine.devices.is_outdated(_BOB)
    assert [one.device_id for one in ann.machine.devices.of(_BOB)] == ["BOB", "BOB2"]


def test_device_lists_ask_a_silent_server_again_later() -> None:
    """A server that could not be reached is not asked at once, and not forgotten."""
    server, clock = KeyServer(), JumpingClock()
    ann = Phone.of(server, clock, _ANN, "ANN")
    Phone.of(server, clock, _BOB, "BOB")
    server.unreachable.add("b.test")
    ann.do(ann.machine.track([_BOB]))
    before = len(_queries(ann))
    ann.do(ann.machine.track([_BOB]))
    assert len(_queries(ann)) == before
    server.unreachable.clear()
    clock.jump(61)
    ann.do(ann.machine.track([_BOB]))
    assert [one.device_id for one in ann.machine.devices.of(_BOB)] == ["BOB"]


def test_device_lists_hear_a_change_during_the_query() -> None:
    """Matrix v1.19 CS §Tracking the device list, warning: an answer asked for before a change does not clear it."""
    ann, _ = _two()
    steps = ann.machine.devices.query([_BOB])
    ann.machine.devices.track([_BOB])
    request = next(steps)
    assert isinstance(request, QueryKeys)
    ann.machine.devices.mark_changed([_BOB])
    steps.send(ann.server.answer(ann.place, request))
    assert ann.machine.devices.is_outdated(_BOB)


def test_device_lists_keep_what_was_deleted_for_what_it_sent() -> None:
    """A device that is gone gets nothing more, and still explains old messages."""
    ann, bob = _two()
    ann.do(ann.machine.track([_BOB]))
    bob.server.remove(bob.place)
    ann.sync()
    assert ann.machine.devices.of(_BOB) == ()
    gone = ann.machine.devices.get(_BOB, "BOB")
    assert gone is not None
    assert gone.is_deleted
    assert ann.machine.devices.by_curve25519(_BOB, gone.curve25519) == gone


def test_device_lists_take_no_other_keys_for_a_known_device() -> None:
    """A device id keeps its keys for ever, also after it was deleted: another is a server's lie."""
    ann, bob = _two()
    ann.do(ann.machine.track([_BOB]))
    known = ann.machine.devices.get(_BOB, "BOB")
    bob.server.remove(bob.place)
    ann.sync()
    Phone.of(bob.server, JumpingClock(), _BOB, "BOB")
    ann.sync()
    found = ann.machine.devices.get(_BOB, "BOB")
    assert known is not None
    assert found == msgspec.structs.replace(known, is_deleted=True)


def test_device_lists_do_not_let_the_server_replace_this_device() -> None:
    """What a server says of our own device cannot change what it is."""
    ann, _ = _two()
    Phone.of(ann.server, JumpingClock(), _ANN, "ANN")
    ann.sync()
    assert ann.machine.devices.of(_ANN)[0].ed25519 == ann.machine.own_device.ed25519


def _keys_of(phone: Phone) -> JsonObject:
    keys = phone.server.of(phone.place).keys
    assert keys is not None
    return keys


@pytest.mark.parametrize(
    "change",
    [
        {"user_id": _ANN},
        {"device_id": "OTHER"},
        {"algorithms": ["m.olm.v1.curve25519-aes-sha2"]},
        {"signatures": {}},
        {"keys": {}},
    ],
)
def test_device_lists_believe_only_what_a_device_signed(change: JsonObject) -> None:
    """Matrix v1.19 CS /keys/query: user, device and keys are those that are signed, by the key that is there."""
    ann, bob = _two()
    bob.server.of(bob.place).keys = {**_keys_of(bob), **change}
    ann.do(ann.machine.track([_BOB]))
    assert ann.machine.devices.of(_BOB) == ()
    assert not ann.machine.devices.is_outdated(_BOB)


def test_device_lists_have_cross_signing_keys_as_they_came() -> None:
    """The keys of a user come with the devices, unverified, and a change of them is told."""
    ann, bob = _two()
    key: JsonObject = {"user_id": _BOB, "usage": ["master"], "keys": {"ed25519:k": "k"}}
    bob.server.cross_signing = {"master_keys": {_BOB: key}}
    ann.do(ann.machine.track([_BOB]))
    assert ann.machine.devices.cross_signing_keys(_BOB).master == key
    assert _BOB in ann.machine.devices.changes()
    ann.restart()
    assert ann.machine.devices.cross_signing_keys(_BOB).master == key
    ann.machine.devices.mark_changed([_BOB])
    ann.do(ann.machine.upkeep())
    assert ann.machine.devices.changes() == frozenset()  # what is the same is no change


def test_device_lists_of_users_that_left_are_asked_for_when_they_are_back() -> None:
    """Matrix v1.19 CS §Extensions to /sync: nobody tells of the changes of those in `left`."""
    ann, bob = _two()
    room = room_of(_ANN, _BOB)
    ann.send(room, "hello")
    sync = msgspec.structs.replace(ann.server.sync(ann.place), device_lists=DeviceLists(left=(_BOB,)))
    ann.do(ann.machine.receive(sync))
    before = len(_queries(ann))
    ann.do(ann.machine.upkeep())
    ann.restart()
    assert {_ANN} == ann.machine.devices.tracked()
    assert before == len(_queries(ann))
    Phone.of(bob.server, JumpingClock(), _BOB, "BOB2")
    ann.send(room, "hello again")
    assert [one.device_id for one in ann.machine.devices.of(_BOB)] == ["BOB", "BOB2"]
    assert {_ANN, _BOB} == ann.machine.devices.tracked()


def test_device_lists_answers_of_any_shape_break_nothing() -> None:
    """An answer about users that were not asked for is not taken in."""
    ann, bob = _two()

    def spoil(request: Request[Response], answer: Response) -> Response:
        if isinstance(answer, QueryKeysResponse) and isinstance(request, QueryKeys):
            return msgspec.convert({"device_keys": {_BOB: {"BOB": _keys_of(bob)}}}, QueryKeysResponse)
        return answer

    ann.server.spoil = spoil
    ann.do(ann.machine.track(["@cid:c.test"]))
    assert ann.machine.devices.of(_BOB) == ()
    assert not any(isinstance(one, ClaimKeys) for _, one in ann.server.asked)
