"""The terminals of people who chat: `scop matrix` against a homeserver in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fakes.command_line import Said, scop
from fakes.homeserver import FakeHomeserver
from fakes.served_homeserver import served_homeserver

__all__ = ["ALICE", "BOB", "Chat", "two_in_a_room"]

ALICE, BOB = "@alice:example.org", "@bob:example.org"


@dataclass(frozen=True, slots=True)
class Chat:
    """A homeserver, and the terminals of its users, who are in one encrypted room."""

    server: FakeHomeserver
    url: str
    folder: Path
    room: str

    def scop(self, who: str, *words: str, stdin: str = "") -> Said:
        """Run `scop matrix` as a user."""
        return scop("matrix", *words, "--store", str(self.folder / who), stdin=stdin)

    def send(self, who: str, *words: str) -> str:
        """Send into the room; return the id of the event."""
        said = self.scop(who, "send", self.room, *words)
        assert 0 == said.status, said.err
        return said.out.strip()

    def heard(self, who: str, *words: str) -> list[str]:
        """Return what a user reads of what is new, without its time."""
        said = self.scop(who, "listen", "--once", *words)
        assert (0, "") == (said.status, said.err)
        return [line[line.find("The sea") :] for line in said.out.splitlines()]


@contextmanager
def two_in_a_room(folder: Path) -> Iterator[Chat]:
    """Serve alice and bob, logged in, in a room called The sea that both know of."""
    server = FakeHomeserver()
    server.register("alice")
    server.register("bob")
    room = server.rooms.make(ALICE, is_encrypted=True)
    server.rooms.put_state(room, ALICE, "m.room.name", {"name": "The sea"})
    server.rooms.set_membership(room, BOB, BOB, "join")
    with served_homeserver(server) as url:
        chat = Chat(server, url, folder, room)
        for who in ("alice", "bob"):
            said = chat.scop(who, "login", f"@{who}:example.org", "--homeserver", url, stdin="secret\n")
            assert 0 == said.status, said.err
        yield chat
