"""What a member puts into an encrypted event so that it passes for what no member may do."""

from __future__ import annotations

import pytest

from fakes.encrypted_world import ROOM, EncryptedWorld
from scop.matrix.encryption import Obstacle, Undecryptable


@pytest.mark.parametrize("event_type", ["m.room.redaction", "m.room.encrypted"])
def test_encrypted_event_holds_no_redaction_and_no_encrypted_event(event_type: str) -> None:
    """Who may redact is for servers to say, which cannot see one that is encrypted: so none is."""
    world = EncryptedWorld()
    content = world.ann.do(world.ann.machine.encrypt(ROOM, event_type, {"redacts": "$powers", "algorithm": "none"}))
    world.sync()
    opened = world.bob.read(ROOM, world.ann.event(content))
    assert isinstance(opened, Undecryptable)
    assert opened.obstacle is Obstacle.MALFORMED
    assert not opened.is_waiting
