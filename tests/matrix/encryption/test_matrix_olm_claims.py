"""Sessions are begun by keys that are claimed and signed, or are not begun, which is told."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from fakes.jumping_clock import JumpingClock
from fakes.matrix_keys import KeyServer, Phone
from fakes.talking_phones import ANN, BOB, ROOM, claims_of, tell, two_phones
from scop.matrix.api.client_server.keys import ClaimKeysResponse
from scop.matrix.api.client_server.sync import SyncResponse, ToDevice
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.api.request import Request, Response
from scop.matrix.encryption import Obstacle
from scop.matrix.encryption.channel import Channel
from scop.matrix.json_values import JsonObject


def _spoil_claims(change: Callable[[JsonObject], JsonObject]) -> Callable[[Request[Response], Response], Response]:
    def spoil(_request: Request[Response], answer: Response) -> Response:
        if not isinstance(answer, ClaimKeysResponse):
            return answer
        json = msgspec.to_builtins(answer.one_time_keys)
        return msgspec.convert({"one_time_keys": change(json)}, ClaimKeysResponse)

    return spoil


@pytest.mark.parametrize(
    "change",
    [
        lambda _: {},
        lambda _: {BOB: {"BOB": {}}},
        lambda keys: {BOB: {"OTHER": keys[BOB]["BOB"]}},
        lambda keys: {BOB: {"BOB": {key_id: {**key, "key": "AAAA"} for key_id, key in keys[BOB]["BOB"].items()}}},
        lambda keys: {BOB: {"BOB": {key_id: {**key, "signatures": {}} for key_id, key in keys[BOB]["BOB"].items()}}},
        lambda keys: {BOB: {"BOB": {f"curve{key_id}": key for key_id, key in keys[BOB]["BOB"].items()}}},
    ],
)
def test_olm_sessions_begin_by_signed_keys_only(change: Callable[[JsonObject], JsonObject]) -> None:
    """Matrix v1.19 CS /keys/claim: a key without the device's signature begins no session."""
    ann, bob = two_phones()
    ann.server.spoil = _spoil_claims(change)
    unreached = tell(ann, bob, "x")
    assert ["BOB"] == [one.device_id for one in unreached]
    assert bob.sync() == ()


def test_olm_sessions_are_asked_for_again_later_and_later() -> None:
    """A device without keys is not claimed for at each message."""
    server, clock = KeyServer(), JumpingClock()
    ann = Phone.of(server, clock, ANN, "ANN")
    Phone.of(server, clock, BOB, "BOB")
    server.spoil = _spoil_claims(lambda _: {})
    claims = []
    for jump in (0, 59, 1, 60, 60):
        clock.jump(jump)
        ann.send(ROOM, "x")
        claims.append(claims_of(ann))
    assert [1, 1, 2, 2, 3] == claims


def test_olm_sessions_that_cannot_be_are_told_once() -> None:
    """Matrix v1.19 CS §m.room_key.withheld: m.no_olm once, without a session, until there was one; then the key."""
    ann, bob = two_phones()
    server = ann.server
    server.spoil = _spoil_claims(lambda _: {})
    event = ann.send(ROOM, "hello")
    ann.restart()
    ann.do(ann.machine.discard_session(ROOM.room_id))
    ann.send(ROOM, "again")
    withheld = [one for one in server.of(bob.place).mailbox if one.type == "m.room_key.withheld"]
    assert [("m.no_olm", False)] == [(one.content["code"], "session_id" in one.content) for one in withheld]
    server.spoil = lambda _request, answer: answer
    bob.sync()
    assert bob.body(ROOM, event) is Obstacle.WITHHELD
    # The receiver began a session and told of it: the next message comes with its key.
    ann.sync()
    event = ann.send(ROOM, "at last")
    bob.sync()
    assert bob.body(ROOM, event) == "at last"


def test_olm_messages_go_out_in_batches() -> None:
    """Keys for many devices go in requests of a hundred."""
    server, clock = KeyServer(), JumpingClock()
    ann = Phone.of(server, clock, ANN, "ANN")
    for number in range(101):
        Phone.of(server, clock, BOB, f"B{number}")
    ann.send(ROOM, "x")
    sizes = [len(one.messages[BOB]) for _, one in server.asked if isinstance(one, SendToDevice)]
    assert [100, 1] == sizes


def test_olm_messages_are_told_apart_by_transaction_id() -> None:
    """Matrix v1.19 CS §Send-to-Device messaging: another id for each request."""
    ann, bob = two_phones()
    tell(ann, bob, "one")
    tell(ann, bob, "one")
    ids = [one.txn_id for _, one in ann.server.asked if isinstance(one, SendToDevice)]
    assert len(ids) == len(set(ids)) == 2


def test_olm_messages_are_taken_from_an_empty_sync() -> None:
    """A sync without any of the keys of encryption is one with nothing new."""
    ann, _ = two_phones()
    assert ann.do(ann.machine.receive(SyncResponse(next_batch="s"))) == ()
    assert ann.do(ann.machine.receive(SyncResponse(next_batch="s", to_device=ToDevice()))) == ()


def test_olm_sealing_needs_a_session() -> None:
    """Without one there is nothing to seal by."""
    ann, bob = two_phones()
    channel = ann.machine._channel
    assert isinstance(channel, Channel)
    assert channel.seal(bob.machine.own_device, "test.word", {}) is None
