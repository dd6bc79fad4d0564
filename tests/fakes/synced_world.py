"""A client that syncs with a homeserver in memory, and somebody who talks there."""

from __future__ import annotations

from fakes.homeserver import Desk, FakeHomeserver
from scop.matrix.client import Client, ClientOptions
from scop.matrix.client.happenings import (
    Happening,
    RoomEvent,
)
from scop.matrix.client.room import Room

__all__ = ["SMALL", "World", "bodies", "state_of"]

SMALL = ClientOptions(encrypts=False, timeline_limit=5, fill_page=4)


class World:
    """Alice's client, and Bob, who talks."""

    def __init__(self) -> None:
        self.server = FakeHomeserver()
        self.alice, self.bob = self.server.register("alice"), self.server.register("bob")
        self.rooms = self.server.rooms
        self.room = self.rooms.make(self.bob)
        self.rooms.set_membership(self.room, self.bob, self.alice, "join")
        self.desk = Desk(self.server)
        self.client = self.desk.client(SMALL)
        self.desk.run(self.client.login_with_password(self.server.url, "alice", "secret"))

    def restart(self, options: ClientOptions = SMALL) -> Client:
        """Begin anew with what was kept."""
        self.client = self.desk.client(options)
        return self.client

    def sync(self) -> tuple[Happening, ...]:
        """Return what is new."""
        return self.desk.run(self.client.sync())

    def say(self, *bodies: str) -> None:
        """Let Bob talk."""
        for body in bodies:
            self.rooms.say(self.room, self.bob, body)

    def heard(self) -> list[str]:
        """Return what a sync says that Bob said."""
        return bodies(self.sync())


def bodies(happenings: tuple[Happening, ...]) -> list[str]:
    """Return the words of messages."""
    events = [one.event for one in happenings if isinstance(one, RoomEvent)]
    return [event.body for event in events if event.type == "m.room.message"]


def state_of(room: Room) -> set[tuple[str, str, str]]:
    """Return which events a room's state is."""
    return {(event.type, event.state_key or "", event.event_id) for event in room.all_state()}
