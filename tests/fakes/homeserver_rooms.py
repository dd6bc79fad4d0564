"""Rooms of the fake homeserver: one order of events for all of them, and what a user sees since a point in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from scop.matrix.json_values import JsonObject

__all__ = ["FakeRoom", "FakeRooms"]


@dataclass
class FakeRoom:
    """One room: its events, each with its place in the order of the server."""

    room_id: str
    version: str = "11"
    events: list[tuple[int, JsonObject]] = field(default_factory=list)

    def state_at(self, position: int) -> dict[tuple[str, str], JsonObject]:
        """Return the state after the events up to a position."""
        state: dict[tuple[str, str], JsonObject] = {}
        for at, event in self.events:
            if at <= position and "state_key" in event:
                state[str(event["type"]), str(event["state_key"])] = event
        return state

    def membership(self, user_id: str, position: int) -> str:
        """Return whether a user is in it."""
        event = self.state_at(position).get(("m.room.member", user_id))
        return str(event["content"]["membership"]) if event is not None else "leave"  # type: ignore[index]

    def between(self, after: int, until: int) -> list[tuple[int, JsonObject]]:
        """Return the events after one position and up to another."""
        return [(at, event) for at, event in self.events if after < at <= until]


class FakeRooms:
    """All rooms; `position` grows with all that happens at the server."""

    def __init__(self, server_name: str) -> None:
        self.server_name = server_name
        self.rooms: dict[str, FakeRoom] = {}
        self.aliases: dict[str, str] = {}
        self.position = 0
        self.transactions: dict[tuple[str, str], str] = {}  # device and transaction id, and the event
        self.now_ms = 1_700_000_000_000

    def step(self) -> int:
        """Take the next place in the order."""
        self.position += 1
        return self.position

    def make(self, creator: str, *, version: str = "11", is_encrypted: bool = False) -> str:
        """Make a room and return its id."""
        room_id = f"!room{len(self.rooms) + 1}:{self.server_name}"
        self.rooms[room_id] = FakeRoom(room_id, version)
        self.put_state(room_id, creator, "m.room.create", {"room_version": version, "creator": creator})
        self.put_state(room_id, creator, "m.room.member", {"membership": "join"}, creator)
        self.put_state(room_id, creator, "m.room.power_levels", {"users": {creator: 100}})
        self.put_state(room_id, creator, "m.room.join_rules", {"join_rule": "invite"})
        if is_encrypted:
            self.put_state(room_id, creator, "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
        return room_id

    def put(self, room_id: str, sender: str, kind: str, content: JsonObject, **more: object) -> str:
        """Add an event and return its id."""
        at = self.step()
        event_id = f"$event{at}"
        event: JsonObject = {
            "event_id": event_id,
            "type": kind,
            "sender": sender,
            "content": content,
            "origin_server_ts": self.now_ms + at,
            **more,
        }
        self.rooms[room_id].events.append((at, event))
        return event_id

    def put_state(self, room_id: str, sender: str, kind: str, content: JsonObject, state_key: str = "") -> str:
        """Change a piece of state and return the id of the event."""
        return self.put(room_id, sender, kind, content, state_key=state_key)

    def set_membership(self, room_id: str, sender: str, user_id: str, membership: str, **more: object) -> str:
        """Let a user be in a room, or not."""
        content: JsonObject = {"membership": membership, **more}
        return self.put_state(room_id, sender, "m.room.member", content, user_id)

    def say(self, room_id: str, sender: str, body: str) -> str:
        """Let someone say something."""
        return self.put(room_id, sender, "m.room.message", {"msgtype": "m.text", "body": body})

    def bodies(self, room_id: str) -> list[str]:
        """Return what was said in a room, in order."""
        said = (event["content"] for _, event in self.rooms[room_id].events if event["type"] == "m.room.message")
        return [str(content["body"]) for content in said if isinstance(content, dict)]

    def of_type(self, room_id: str, kind: str) -> list[JsonObject]:
        """Return the events of one type, in order."""
        return [event for _, event in self.rooms[room_id].events if event["type"] == kind]

    def seen_by(self, room_id: str, event: JsonObject, device: str) -> JsonObject:
        """Return an event as one device sees it: with its transaction id if it sent it."""
        sent = {
            event_id: transaction for (whose, transaction), event_id in self.transactions.items() if whose == device
        }
        transaction = sent.get(str(event["event_id"]))
        return event if transaction is None else {**event, "unsigned": {"transaction_id": transaction, "age": 1}}

    def page(self, room_id: str, user_id: str, start: int, limit: int) -> tuple[list[JsonObject], int | None]:
        """Return events before a position, newest first, and from where older ones come."""
        older = [(at, event) for at, event in reversed(self.rooms[room_id].events) if at <= start]
        page = older[:limit]
        end = page[-1][0] - 1 if page and len(older) > limit else None
        return [event for _, event in page], end

    def with_member(self, user_id: str) -> Iterator[FakeRoom]:
        """Go through the rooms of a user."""
        for room in self.rooms.values():
            if room.membership(user_id, self.position) == "join":
                yield room
