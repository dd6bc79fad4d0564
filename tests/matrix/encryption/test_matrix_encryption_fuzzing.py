"""Anybody may send anything: nothing escapes but what the faces name, and the rest of a sync is taken in."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from fakes.jumping_clock import JumpingClock
from fakes.matrix_keys import KeyServer, Phone, room_of
from scop.base import RemoteProtocolError
from scop.matrix.api.client_server.sync import ToDeviceEvent
from scop.matrix.encryption import Decrypted, EncryptedFile, ExportedSession, KeySource, Newcomer, Trust, Undecryptable
from scop.matrix.encryption.devices import read_device
from scop.matrix.json_values import JsonObject

_ANN, _BOB = "@ann:a.test", "@bob:b.test"
_ROOM = room_of(_ANN, _BOB)
_WORDS = st.sampled_from(
    [
        "m.megolm.v1.aes-sha2",
        "m.olm.v1.curve25519-aes-sha2",
        _ROOM.room_id,
        _ANN,
        _BOB,
        "ANN",
        "BOB",
        "m.no_olm",
        "AwoA",
    ]
) | st.text(max_size=8)
_LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _WORDS
_NAMES = """
algorithm room_id session_id session_key sender_key ciphertext type body action request_id requesting_device_id
code reason content keys ed25519 file key iv hashes sha256 v url k kty alg ext key_ops user_id device_id signatures
sender_claimed_ed25519_key forwarding_curve25519_key_chain m.relates_to shared_history
"""
_KEYS = st.sampled_from(_NAMES.split())
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=6), max_leaves=12
)
_OBJECTS = st.dictionaries(_KEYS, _JSON, max_size=8)
_KINDS = """
m.room.encrypted m.room_key m.forwarded_room_key m.room_key_request m.room_key.withheld m.room_key_bundle m.dummy
test.word
"""
_TYPES = st.sampled_from(_KINDS.split())


def _two() -> tuple[Phone, Phone]:
    server, clock = KeyServer(), JumpingClock()
    return Phone.of(server, clock, _ANN, "ANN"), Phone.of(server, clock, _BOB, "BOB")


@given(st.lists(st.tuples(st.sampled_from([_ANN, _BOB, ""]), _TYPES, _OBJECTS), max_size=6))
@drawn(25)
def test_encryption_takes_any_message_in_the_clear(messages: list[tuple[str, str, JsonObject]]) -> None:
    """A sync with any messages is received, and what is behind them too; its machine starts again."""
    ann, bob = _two()
    event = ann.send(_ROOM, "hello")
    mailbox = bob.server.of(bob.place).mailbox
    mailbox[:0] = [ToDeviceEvent(type=kind, sender=sender, content=content) for sender, kind, content in messages]
    bob.sync()
    bob.restart()
    assert bob.body(_ROOM, event) == "hello"


@given(st.lists(st.tuples(_TYPES, _OBJECTS), max_size=6))
@drawn(25)
def test_encryption_takes_any_message_by_olm(messages: list[tuple[str, JsonObject]]) -> None:
    """Also of a device that is verified."""
    ann, bob = _two()
    bob.machine.trusting = Newcomer({(_ANN, "ANN"): Trust.VERIFIED})
    ann.do(ann.machine.track([_BOB]))
    devices = ann.machine.devices.of(_BOB)
    for kind, content in messages:
        ann.do(ann.machine.send_to_devices(devices, kind, content))
    bob.sync()
    event = ann.send(_ROOM, "hello")
    bob.sync()
    assert bob.body(_ROOM, event) == "hello"


@given(_OBJECTS, _OBJECTS)
@drawn(25)
def test_encryption_opens_any_event_or_says_why_not(event: JsonObject, content: JsonObject) -> None:
    """Whatever stands where an encrypted event should."""
    ann, bob = _two()
    true = ann.send(_ROOM, "hello")
    bob.sync()
    inner = true["content"]
    assert isinstance(inner, dict)
    for one in (event, {**true, "content": content}, {**true, "content": {**inner, **content}}, {**true, **event}):
        assert isinstance(bob.read(_ROOM, one), Decrypted | Undecryptable)


@given(_OBJECTS)
def test_encryption_reads_files_and_devices_of_any_shape(json: JsonObject) -> None:
    """A file is one or raises `RemoteProtocolError`; a device is one or none."""
    with contextlib.suppress(RemoteProtocolError):
        EncryptedFile.parse(json)
    assert read_device(_ANN, "ANN", {"user_id": _ANN, "device_id": "ANN", **json}) is None


@given(
    st.builds(
        ExportedSession,
        algorithm=_WORDS,
        room_id=_WORDS,
        session_id=_WORDS,
        sender_key=_WORDS,
        sender_claimed_keys=st.dictionaries(_WORDS, _WORDS, max_size=2),
        session_key=_WORDS | st.binary(max_size=200).map(bytes.hex),
        forwarding_curve25519_key_chain=st.tuples(_WORDS),
    )
)
def test_encryption_imports_no_key_that_is_none(session: ExportedSession) -> None:
    """Words are no keys."""
    _, bob = _two()
    assert bob.do(bob.machine.import_sessions([session], KeySource.IMPORTED)) == 0


@given(_OBJECTS)
@drawn(15)
def test_encryption_takes_any_settings_of_a_room(settings: JsonObject) -> None:
    """Whatever m.room.encryption says, the room is encrypted, within bounds."""
    ann, bob = _two()
    room = room_of(_ANN, _BOB, settings=settings)
    event = ann.send(room, "hello")
    bob.sync()
    assert bob.body(room, event) == "hello"
