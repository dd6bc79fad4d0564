"""Three users over one server: two of them in an encrypted room, one a stranger."""

from __future__ import annotations

from fakes.jumping_clock import JumpingClock
from fakes.matrix_keys import KeyServer, Phone, room_of
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.encryption import EncryptedRoom, Options

__all__ = ["ANN", "BOB", "CID", "ROOM", "EncryptedWorld"]

ANN, BOB, CID = "@ann:a.test", "@bob:b.test", "@cid:c.test"
ROOM = room_of(ANN, BOB)


class EncryptedWorld:
    """Two users, one of them with two devices, one stranger."""

    def __init__(self, options: Options | None = None) -> None:
        self.server, self.clock = KeyServer(), JumpingClock()
        self.ann = Phone.of(self.server, self.clock, ANN, "ANN", options)
        self.bob = Phone.of(self.server, self.clock, BOB, "BOB")
        self.tab = Phone.of(self.server, self.clock, BOB, "TAB")
        self.cid = Phone.of(self.server, self.clock, CID, "CID")
        self.sync()

    def sync(self) -> None:
        """Let every device sync."""
        for phone in (self.ann, self.bob, self.tab, self.cid):
            phone.sync()

    def session(self, room: EncryptedRoom = ROOM) -> str:
        """Let the first user send, and return by which session."""
        content = self.ann.send(room, "x")["content"]
        assert isinstance(content, dict)
        return str(content["session_id"])

    def sent(self, event_type: str) -> list[SendToDevice]:
        """Return what the first user sent to devices."""
        return [
            one
            for name, one in self.server.asked
            if name == "ANN" and isinstance(one, SendToDevice) and one.event_type == event_type
        ]
