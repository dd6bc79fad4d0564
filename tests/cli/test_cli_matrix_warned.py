"""What people are warned of beside what they read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from fakes.chat_terminals import two_in_a_room
from fakes.encrypted_world import ANN, ROOM, EncryptedWorld
from scop.cli.matrix.warned import warning_of
from scop.matrix.client.event import Event
from scop.matrix.client.happenings import RoomEvent
from scop.matrix.encryption import Decrypted, KeySource, Newcomer, Trust


class _Client:
    """As much of a client as is asked."""

    def __init__(self, world: EncryptedWorld) -> None:
        self.encryption = world.bob.machine


def _warning(world: EncryptedWorld, opened: object) -> str:
    news = RoomEvent(ROOM.room_id, Event("$a", "m.room.message", ANN, {"body": "hello"}), encryption=opened)
    return warning_of(_Client(world), news)  # type: ignore[arg-type]  # it is asked for no more


@pytest.mark.parametrize(
    ("trust", "words"),
    [
        (Trust.VERIFIED, ""),
        (Trust.SIGNED, ""),
        (Trust.UNVERIFIED, ""),
        (Trust.CHANGED, "by somebody whose keys have changed"),
        (Trust.BLOCKED, "by a device that you blocked"),
    ],
)
def test_reader_is_warned_of_who_may_not_be_who_they_seem(trust: Trust, words: str) -> None:
    """Matrix v1.19 CS §Verification of the sending user for incoming events: "the user should be warned"."""
    world = EncryptedWorld()
    event = world.ann.send(ROOM, "hello")
    world.sync()
    world.bob.machine.trusting = Newcomer({(ANN, "ANN"): trust})
    assert _warning(world, world.bob.read(ROOM, event)) == words
    assert _warning(world, None) == ""


def test_reader_is_told_whose_word_a_key_is() -> None:
    """Matrix v1.19 CS §Receiving a key bundle event: who gave a key of the history "MUST" be shown."""
    world = EncryptedWorld()
    event = world.ann.send(ROOM, "hello")
    world.sync()
    opened = world.bob.read(ROOM, event)
    assert isinstance(opened, Decrypted)
    for given_by, words in ((None, "its key came by others"), (ANN, f"its key came by {ANN}")):
        key = msgspec.structs.replace(opened.key, source=KeySource.BUNDLE, given_by=given_by)
        assert _warning(world, replace(opened, key=key)) == words


def test_matrix_listen_warns_of_a_device_that_is_gone(tmp_path: Path) -> None:
    """A person reads it beside the message."""
    with two_in_a_room(tmp_path) as chat:
        chat.heard("bob")
        chat.send("alice", "Low water at three.")
        assert 0 == chat.scop("alice", "logout").status
        said = chat.scop("bob", "history", chat.room).out
        assert "Low water at three. (by a device that is not known, or is gone)" in said
