"""Devices of two members of an encrypted room, and of one who is none."""

from __future__ import annotations

from fakes.jumping_clock import JumpingClock
from fakes.matrix_keys import KeyServer, Phone, room_of
from scop.matrix.encryption import ExportedSession

__all__ = ["ANN", "BOB", "CID", "ROOM", "World"]

ANN, BOB, CID = "@ann:a.test", "@bob:b.test", "@cid:c.test"
ROOM = room_of(ANN, BOB)


class World:
    """Two members of a room and one who is none."""

    def __init__(self) -> None:
        self.server, self.clock = KeyServer(), JumpingClock()
        self.ann = Phone.of(self.server, self.clock, ANN, "ANN")
        self.bob = Phone.of(self.server, self.clock, BOB, "BOB")
        self.cid = Phone.of(self.server, self.clock, CID, "CID")
        for phone in (self.ann, self.bob, self.cid):
            phone.sync()

    def exported(self, phone: Phone) -> ExportedSession:
        """Return the one session that a device has."""
        (info,) = phone.machine.sessions()
        exported = phone.machine.export(info.room_id, info.session_id)
        assert exported is not None
        return exported
